# Out-of-band data between trothd and troth, by files: either side's, both, legacy; wrong, spent,
# expired, of another device; and what troth oob says of a block.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
import shutil, sqlite3, stat, time, zlib
from programs import *


def old(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def block(path):
    return open(path).read().strip()


def changed(text, kind):
    """One bit of the value of that AD type, the check sum made right."""
    data = bytearray.fromhex(text[8:].split(".")[0])
    at = 0
    while data[at + 1] != kind:
        at += 1 + data[at]
    data[at + 9] ^= 1
    return f"BLE-OOB:{data.hex().upper()}.{zlib.crc32(data):08X}"


def write(path, text):
    with open(path, "w") as f:
        f.write(text + "\n")


def private(path):
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, f"{path} is its owner's alone")


def ends(store, seconds):
    """The block that was made lives so long from now."""
    db = sqlite3.connect(store)
    made = db.execute("select bytes from blob where name = 'oob made'").fetchone()[0]
    end = (int(time.time()) + seconds).to_bytes(8, "little")
    db.execute("update blob set bytes = ? where name = 'oob made'", (made[:1] + end + made[9:],))
    db.commit()
    db.close()


def device_side():
    """The device's block, held by the client."""
    d = device("--security", "authenticate", "--agent", "none", "--oob-file", "lamp.oob",
               "--insecure-unlimited-attempts")
    d.told("oob")
    private("lamp.oob")
    first = block("lamp.oob")
    said = tool(0, "oob", "show", "lamp.oob")
    check("peripheral" in said and "Lamp" in said and "LE Secure Connections" in said, said)
    check(first[60:90] not in said and not [x for x in d.said if first[40:70] in x], "no secret")

    c = client("pair", "--oob", "lamp.oob")
    check("Out of Band" in c.ends(0, "the device's block"), "the model")
    e = d.event("paired", model="OOB", mitm=True, sc=True, bonded=True)
    d.event("oob")
    fresh = block("lamp.oob")
    check(fresh != first, "a fresh block after one pairing")
    forget("client.db")

    # Spent: the block that has served.
    write("spent.oob", first)
    c = client("pair", "--oob", "spent.oob")
    check("Take the fresh one" in c.ends(1, "a spent block"), "the hint", c.text())
    d.event("pairing_failed", reason_name="CONFIRM_VALUE_FAILED")
    # Wrong: another random, another confirmation.
    for kind in (0x22, 0x23):
        forget("client.db")
        write("wrong.oob", changed(block("lamp.oob"), kind))
        c = client("pair", "--oob", "-", stdin=open("wrong.oob"))
        c.ends(1, f"a wrong block, type {kind:#x}")
        d.event("pairing_failed", reason_name="CONFIRM_VALUE_FAILED")
    # Who only says it holds the block does not make the one on paper stale.
    check(block("lamp.oob") == fresh, "the block still serves")
    forget("client.db")
    client("pair", "--oob", "lamp.oob").ends(0, "after all those")
    d.event("oob")
    forget("client.db")
    # Expired, as its file tells; of another device; a central's; nothing in it; no file; no block.
    shutil.copy("lamp.oob", "old.oob")
    old("old.oob", 601)
    check("expired" in tool(0, "oob", "show", "old.oob"), "show tells that it expired")
    for path, words in (("old.oob", "lives for 10"), ("none.oob", "cannot read"),
                        ("networks.conf", "does not begin with BLE-OOB:")):
        check(words in client("pair", "--oob", path).ends(2, path), f"{path}: {words}")
    write("other.oob", "BLE-OOB:" + (x := "081B010000EEFFC001021C00" "1122" + "11" * 16 + "1123" +
                                     "22" * 16) + f".{zlib.crc32(bytes.fromhex(x)):08X}")
    check("is of C0:FF:EE:00:00:01" in client("pair", "Lamp", "--oob", "other.oob").ends(
        1, "another device's"), "names both")
    write("bare.oob", "BLE-OOB:081B010000EEFFC001021C00.%08X" %
          zlib.crc32(bytes.fromhex("081B010000EEFFC001021C00")))
    check("only names" in client("pair", "--oob", "bare.oob").ends(2, "nothing in it"), "")
    write("tk.oob", "BLE-OOB:" + (x := "081B010000EEFFC001021C00" "1110" + "33" * 16) +
          f".{zlib.crc32(bytes.fromhex(x)):08X}")
    check("--allow-legacy" in client("pair", "--oob", "tk.oob").ends(2, "only a TK"), "")
    check("DEVICE is missing" in client("pair").ends(2, "nobody named"), "")
    check("check sum" in tool(1, "oob", "show", "-", input=block("lamp.oob")[:-1] + "\n"), "cut")
    # Without the block nothing else will do: nobody is there to show a passkey.
    forget("client.db")
    client("pair", "Lamp").ends(1, "no block")
    d.event("nobody")
    check(d.end(15) == 0, "a clean stop", d.text())
    check(not os.path.exists("lamp.oob"), "the block goes with the window")


def client_side():
    """The client's block, held by the device."""
    forget()
    d = device("--security", "authenticate", "--agent", "none", "--peer-oob", "phone.oob",
               "--insecure-unlimited-attempts")
    c = client("pair", "Lamp", "--oob-out", "phone.oob")
    c.ends(0, "made and used by one process")
    private("phone.oob")
    d.event("paired", model="OOB", mitm=True, sc=True)
    # Spent on the device's side: told, not used.
    forget("client.db")
    shutil.copy("phone.oob", "spent.oob")
    client("pair", "Lamp").ends(1, "the device's copy is spent")
    check("served its one pairing" in d.event("peer_oob")["text"], "told")
    d.event("nobody")

    # Made by one process, used by the next; then no more.
    os.remove("phone.oob")
    forget("client.db")
    check("troth oob make" in client("pair", "Lamp", "--oob-made").ends(1, "none made"), "told")
    client("oob", "make", "--out", "phone.oob").ends(0, "oob make")
    private("phone.oob")
    check("central" in tool(0, "oob", "show", "phone.oob"), "a central's block")
    check("central" in client("pair", "--oob", "phone.oob").ends(2, "our own block"), "")
    client("pair", "Nobody", "--oob-made", "--timeout", "1").ends(1, "no such device")
    client("pair", "Lamp", "--oob-made").ends(0, "used by a later process")
    d.event("paired", model="OOB", mitm=True)
    c = client("bonds", "remove", "Lamp")
    c.end()
    tool(0, "bonds", "remove", "Lamp", "--store", "client.db")
    check("troth oob make" in client("pair", "Lamp", "--oob-made").ends(1, "twice"), "spent")

    # The device holds a block of a process that is no more: refused by us, with a hint.
    client("oob", "make", "--out", "phone.oob").ends(0, "oob make")
    said = client("pair", "Lamp").ends(1, "--oob-made forgotten")
    check("--oob-made" in said, "the hint", said)
    d.event("pairing_failed", reason_name="OOB_NOT_AVAILABLE")
    # Expired in our store, or from a time that has not come.
    for life in (0, 601 + 3600):
        client("oob", "make", "--out", "phone.oob").ends(0, "oob make")
        ends("client.db", life)
        check("has expired" in client("pair", "Lamp", "--oob-made").ends(1, f"life {life}"), "told")
        check("there is no block" in client("pair", "Lamp", "--oob-made").ends(1, "gone"), "told")
    # Expired, as the file tells the device.
    client("oob", "make", "--out", "phone.oob").ends(0, "oob make")
    old("phone.oob", 601)
    client("pair", "Lamp", "--oob-made").ends(1, "an expired block")
    check("lives for 10" in d.event("peer_oob")["text"], "told")
    # Somebody else's block, and no block at all.
    write("phone.oob", "BLE-OOB:081B010000EEFFC001021C01.%08X" %
          zlib.crc32(bytes.fromhex("081B010000EEFFC001021C01")))
    client("pair", "Lamp").ends(1, "another phone's block")
    check("another device" in d.event("peer_oob")["text"], "told")
    write("phone.oob", block("phone.oob").replace("021C01", "021C00").split(".")[0] + ".%08X" %
          zlib.crc32(bytes.fromhex("081B010000EEFFC001021C00")))
    client("pair", "Lamp").ends(1, "a peripheral's block")
    d.event("peer_oob")
    write("phone.oob", "hello")
    client("pair", "Lamp").ends(1, "no block")
    check("does not begin" in d.event("peer_oob")["text"], "told")
    check(d.end(15) == 0, "a clean stop", d.text())


def window():
    """The window shuts when the network is joined, and the block goes."""
    forget()
    d = device("--agent", "none", "--oob-file", "lamp.oob", "--keep-ble", "no")
    d.told("oob")
    client("provision", "wifi", "--oob", "lamp.oob", "--ssid", "Meadow", "--security",
           "open").ends(0, "paired and provisioned by the block")
    d.event("paired", model="OOB")
    d.event("oob_gone", file="lamp.oob")
    check(not os.path.exists("lamp.oob"), "no window, no block")
    check(d.end(15) == 0, "a clean stop", d.text())


def both_sides():
    forget()
    d = device("--security", "authenticate", "--agent", "none", "--oob-file", "lamp.oob",
               "--peer-oob", "phone.oob",
               "--insecure-unlimited-attempts")
    d.told("oob")
    shutil.copy("lamp.oob", "sc.oob")
    client("pair", "--oob", "lamp.oob", "--oob-out", "phone.oob").ends(0, "both blocks")
    pairing = d.event("pairing", model="OOB")
    check("Both sides hold" in pairing["text"], pairing["text"])
    d.event("paired", model="OOB", mitm=True)
    check(d.end(15) == 0, "a clean stop", d.text())


def legacy():
    forget()
    os.remove("phone.oob")
    d = device("--security", "encrypt-any", "--agent", "none", "--oob-file", "lamp.oob",
               "--peer-oob", "phone.oob", "--require-mitm", "--insecure-legacy-only",
               "--insecure-unlimited-attempts")
    check([x for x in d.said if '"insecure"' in x and "legacy" in x], "told", d.text())
    d.told("oob")
    check("legacy" in tool(0, "oob", "show", "lamp.oob"), "a TK is in it")
    client("pair", "--oob", "lamp.oob", "--allow-legacy").ends(0, "the device's TK")
    d.event("paired", model="OOB", mitm=True, sc=False)
    d.event("oob")
    forget("client.db")
    write("wrong.oob", changed(block("lamp.oob"), 0x10))
    client("pair", "--oob", "wrong.oob", "--allow-legacy").ends(1, "a wrong TK")
    d.event("pairing_failed", reason_name="CONFIRM_VALUE_FAILED")
    d.event("oob")
    # Ours: the initiator's TK counts where both made one.
    forget("client.db")
    client("pair", "Lamp", "--oob-out", "phone.oob", "--allow-legacy",
           "--insecure-legacy-only").ends(0, "our TK")
    d.event("paired", model="OOB", mitm=True, sc=False)
    check(d.end(15) == 0, "a clean stop", d.text())
    # A block of nothing but a TK, of a device that could do better.
    forget()
    d = device("--security", "encrypt-any", "--agent", "none", "--oob-file", "lamp.oob")
    d.told("oob")
    data = bytes.fromhex(block("lamp.oob")[8:].split(".")[0])
    tk = b""
    while data:
        one, data = data[:1 + data[0]], data[1 + data[0]:]
        tk += one if one[1] in (0x10, 0x1b, 0x1c) else b""
    write("tk.oob", f"BLE-OOB:{tk.hex().upper()}.{zlib.crc32(tk):08X}")
    client("pair", "--oob", "tk.oob", "--allow-legacy").ends(0, "only a TK")
    d.event("paired", model="OOB", mitm=True, sc=False)
    check(d.end(15) == 0, "a clean stop", d.text())
    # Behind a private address the block's own address is not on the air: the name finds it.
    forget()
    d = device("--security", "authenticate", "--agent", "none", "--oob-file", "lamp.oob",
               "--privacy")
    d.told("oob")
    said = client("pair", "--oob", "lamp.oob", "--timeout", "1").ends(1, "not under its identity")
    check("troth pair NAME --oob lamp.oob" in said, "the hint", said)
    client("pair", "Lamp", "--oob", "lamp.oob").ends(0, "found by its name")
    d.event("paired", model="OOB", mitm=True, sc=True)
    check(d.end(15) == 0, "a clean stop", d.text())
    # A device that can do less is not paired with by less, when out of band was asked for.
    forget()
    d = device("--security", "encrypt-any", "--agent", "none", "--insecure-legacy-only")
    client("pair", "--oob", "sc.oob", "--allow-legacy").ends(1, "Just Works is no out of band")
    d.event("pairing_failed", reason_name="AUTHENTICATION_REQUIREMENTS", by="peer")
    check(d.end(15) == 0, "a clean stop", d.text())


def main():
    the_air = air()
    device_side()
    client_side()
    window()
    both_sides()
    legacy()
    check(the_air.end(15) == 0, "the air")


play(main)
PY
