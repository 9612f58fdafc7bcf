"""LE Secure Connections with out-of-band data, the kernel as the other end and its management
interface where the data cross: it has our block, we have its, both have the other's, in both roles;
and a block that is another pairing's is refused."""
import zlib

from guest import *
from management import *

ADDRESS, CONFIRM, RANDOM = 0x1b, 0x22, 0x23


def structures(block):
    """The advertising data structures of a block: {type: value}."""
    data = bytes.fromhex(block.strip().split(":")[1].split(".")[0])
    found = {}
    while data:
        found[data[1]] = data[2:1 + data[0]]
        data = data[1 + data[0]:]
    return found


def take(m, block):
    """The kernel is given a block of ours. Its peer's address, as the interface has it."""
    has = structures(block)
    peer = has[ADDRESS][:6] + bytes([LE_PUBLIC])
    m.do(ADD_REMOTE_OOB_DATA, peer + bytes(32) + has[CONFIRM] + has[RANDOM])
    return peer


def local(m, name):
    """The kernel's own block, in a file for us."""
    data = m.do(READ_LOCAL_OOB_EXT_DATA, b"\x06")[3:]
    with open(path(name), "w") as f:
        f.write(f"BLE-OOB:{data.hex().upper()}.{zlib.crc32(data):08X}\n")
    os.chmod(path(name), 0o600)


def text(name):
    with open(path(name)) as f:
        return f.read()


def by_oob(said, about):
    check(said["model"] == "OOB" and said["mitm"] and said["sc"] and said["bonded"], about, said)


def forget(m, peer):
    m.do(UNPAIR_DEVICE, peer + b"\1")


def lamp(store, *arguments):
    d = program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf", "--store",
                store, "--name", "Lamp", "--json", "--security", "authenticate", "--agent", "none",
                "--insecure-unlimited-attempts", *arguments)
    at = d.event("controller")["address"]
    d.event("advertising", on=True)
    return d, address(at)


def as_central(m, ours, theirs):
    """ours: the kernel has the device's block; theirs: the device has the kernel's."""
    if theirs:
        local(m, "kernel.oob")
    d, peer = lamp(f"{ours}{theirs}.db", *(("--oob-file", "lamp.oob") if ours else ()),
                   *(("--peer-oob", "kernel.oob") if theirs else ()))
    if ours:
        d.told("oob")
        check(take(m, text("lamp.oob")) == peer, "the block names the device")
    m.begin(PAIR_DEVICE, peer + bytes([NO_INPUT_NO_OUTPUT]))
    status, _ = m.result(PAIR_DEVICE)
    check(status == 0, f"the kernel pairs: 0x{status:02x}", m.p.text() + d.text())
    by_oob(d.event("paired"), f"central, ours {ours}, theirs {theirs}")
    forget(m, peer)
    m.do(REMOVE_REMOTE_OOB_DATA, EVERYBODY)
    check(d.end(15) == 0, "it ends", d.text())


def spent(m):
    """A block serves one pairing: what the kernel kept of it is worth nothing afterwards."""
    d, peer = lamp("spent.db", "--oob-file", "lamp.oob")
    d.told("oob")
    take(m, text("lamp.oob"))
    before = text("lamp.oob")
    for good in (True, False):
        m.begin(PAIR_DEVICE, peer + bytes([NO_INPUT_NO_OUTPUT]))
        status, _ = m.result(PAIR_DEVICE)
        check((status == 0) == good, f"0x{status:02x}", m.p.text() + d.text())
        if good:
            by_oob(d.event("paired"), "the first time")
            forget(m, peer)
            wait(lambda: os.path.exists(path("lamp.oob")) and text("lamp.oob") != before, "another block")
            d.end(15)
            d, peer = lamp("spent2.db", "--oob-file", "lamp.oob")
            d.told("oob")
    failed = d.event("pairing_failed")
    check(failed["by"] == "peer", "the kernel saw that the commitment does not open", failed)
    check(d.end(15) == 0, "it ends", d.text())
    m.do(REMOVE_REMOTE_OOB_DATA, EVERYBODY)


def troth(*arguments):
    t = program("troth", *arguments, "--transport", "unix:air", "--store", "troth.db", "--json")
    return t.ends(0, " ".join(arguments)), t


def as_peripheral(m, at, ours, theirs):
    """ours: the kernel has the client's block; theirs: the client has the kernel's."""
    if theirs:
        local(m, "kernel.oob")
    peer = None
    if ours:
        troth("oob", "make", "--out", "phone.oob")
        peer = take(m, text("phone.oob"))
    _, t = troth("pair", *(("--oob", "kernel.oob") if theirs else (at,)),
                 *(("--oob-made",) if ours else ()), "--io-cap", "none")
    said = json.loads([line for line in t.said if t.fits(line, "result", {})][0])
    by_oob(said, f"peripheral, ours {ours}, theirs {theirs}")
    key = m.event(NEW_LTK)
    forget(m, key[1:8])
    if peer:
        m.do(REMOVE_REMOTE_OOB_DATA, EVERYBODY)
    program("troth", "bonds", "remove", at, "--store", "troth.db").ends(0, "removed")


def main():
    with open(path("networks.conf"), "w") as f:
        f.write("[network]\nssid = Meadow\nsecurity = open\n")
    air = Air()
    g = Guest(air, adapters=1)
    g.adapter(claim="ssp")
    m = Management(g)
    m.ready_to_pair()
    cases = ((True, False), (False, True), (True, True))
    for ours, theirs in cases:
        as_central(m, ours, theirs)
    spent(m)
    m.do(SET_CONNECTABLE, b"\1")
    m.do(SET_ADVERTISING, b"\1")
    at = re.search(r"addr (\S+)", g.run("btmgmt --index 0 info")).group(1)
    for ours, theirs in cases:
        as_peripheral(m, at, ours, theirs)


play(main)
