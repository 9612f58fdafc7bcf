# troth bonds export and import: what goes out comes back and serves; what is damaged in any octet,
# weaker, of another identity or in the way changes nothing.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
import copy, stat, zlib
from programs import *


def bonds(status, *arguments, store="client.db", **more):
    return tool(status, "bonds", *arguments, "--store", store, **more)


def records(store):
    """All that the store holds, as it exports it."""
    if not os.path.exists(store):
        return None
    j = json.loads(bonds(0, "export", "-", store=store))
    return {key: j[key] for key in ("local", "bonds") if key in j}


def write(path, what):
    with open(path, "w") as f:
        f.write(what if isinstance(what, str) else json.dumps(what))
    os.chmod(path, 0o600)


def sealed(hexed, change):
    """A record after change, its CRC made right."""
    body = bytearray.fromhex(hexed)[:-4]
    change(body)
    return (bytes(body) + zlib.crc32(body).to_bytes(4, "little")).hex()


def refused(words, what, *options, store="client.db"):
    before = open(store, "rb").read()
    write("bad.json", what)
    said = bonds(1, "import", "bad.json", *options, store=store)
    check(words in said, f"not said: {words}", said)
    check(open(store, "rb").read() == before, f"{words}: the store changed")


def round_trip():
    check("there is no store" in bonds(1, "export", "bonds.json"), "nothing to export")
    the_air = air()
    d = device("--agent", "none")
    client("pair", "Lamp").ends(0, "a bond")
    bonds(0, "export", "bonds.json")
    check(stat.S_IMODE(os.stat("bonds.json").st_mode) == 0o600, "for its owner alone")
    check("--force" in bonds(1, "export", "bonds.json"), "not over a file")
    bonds(0, "export", "bonds.json", "--force")
    os.symlink("nowhere", "link")
    check("--force" in bonds(1, "export", "link"), "not through a link")
    check(not [f for f in os.listdir() if f.startswith("bonds.json.")], "nothing left behind")
    exported = json.load(open("bonds.json"))
    check(exported["troth_bonds"] == 1 and len(exported["bonds"]) == 1 and
          exported["bonds"][0]["name"] == "Lamp", "it describes itself", exported)

    # Into a store that is not there; the device takes the bond for its own.
    said = bonds(0, "import", "bonds.json", store="new.db")
    check("1 bond added" in said, said)
    check(records("new.db") == records("client.db"), "what went out came back")
    check("Lamp" in bonds(0, "list", store="new.db"), "its name as well")
    client("status", "Lamp", store="new.db").ends(0, "the imported bond serves")
    check([e for e in [d.event("encrypted", ok=True, bonded=True)]], "encrypted from the bond")
    # Again: it is there; its state, which has gone on, stays.
    before = records("new.db")
    check("1 there already" in bonds(0, "import", "-", store="new.db",
                                     input=open("bonds.json").read()), "from stdin")
    check(records("new.db") == before, "nothing was rolled back")
    # A device that runs keeps its store to itself.
    check("stop trothd first" in bonds(1, "import", "bonds.json", store="device.db"), "in use")
    check(bonds(0, "export", "-", store="device.db"), "an export needs no lock")
    d.end(15)
    the_air.end(15)
    return exported


def damage(good):
    text = json.dumps(good)
    for cut in (0, 1, len(text) // 3, len(text) - 1):
        refused("is no file of troth bonds export", text[:cut])
    refused("is no file of troth bonds export", text + "x")
    refused("a NUL character", text + "\0x")
    refused("too long", text + " " * 1024 * 1024)
    refused("is no file of troth bonds export", text + text)
    refused("is no file of troth bonds export", "[]")
    for what, words in (({"troth_bonds": 2}, "newer troth"), ({"troth_bonds": "1"}, "is no file"),
                        ({"bonds": {}}, "is no file"), ({"local": "00"}, "our identity"),
                        ({"bonds": [3]}, "bond 1 has no address"),
                        ({"bonds": good["bonds"] * 2}, "bond 2 is there twice"),
                        ({"local": 3}, "our identity")):
        refused(words, {**good, **what})

    def bond(words, **fields):
        one = {**good["bonds"][0], **fields}
        refused(words, {**good, "bonds": [{k: v for k, v in one.items() if v is not None}]})
    keys = good["bonds"][0]["keys"]
    # Every octet of a record is under its check sum.
    for at in range(0, len(keys), 2):
        bond("bond 1", keys=keys[:at] + f"{int(keys[at:at + 2], 16) ^ 0x40:02x}" + keys[at + 2:])
    bond("bond 1", keys=keys[:-2])
    bond("bond 1", keys=keys[:-1])
    bond("bond 1", keys=keys + "00")
    bond("bond 1", keys=keys.upper())
    bond("bond 1", keys=None)
    bond("bond 1", keys="")
    bond("bond 1", keys="00" * 500)
    bond("bond 1", keys=3)
    bond("bond 1", state="00")
    bond("bond 1", state=keys)
    bond("another address", address="C0:FF:EE:00:00:01")
    bond("address", address="nobody")
    bond("no address type", type="strange")
    bond("newer troth", keys=sealed(keys, lambda b: b.__setitem__(2, 9)))
    bond("is damaged", keys=sealed(keys, lambda b: b.__setitem__(7 + 8, 6)))  # key size
    check("cannot read" in bonds(1, "import", "nowhere.json"), "no file")
    check("cannot read" in bonds(1, "import", "."), "a folder")
    # The last of many is damaged: the first are not taken either.
    many = copy.deepcopy(good["bonds"])
    one = many[0]
    for n in range(1, 15):
        other = dict(one, address=f"02:00:00:00:00:{n:02X}", type="public")

        def address(body, n=n):
            body[7] = 0
            body[8:14] = bytes.fromhex(f"0200000000{n:02x}")[::-1]
        other["keys"] = sealed(one["keys"], address)
        many.append(other)
    bad = copy.deepcopy(many)
    bad[-1]["keys"] = bad[-1]["keys"][:-2] + "00"
    refused("bond 15", {**good, "bonds": bad})
    write("many.json", {**good, "bonds": many})
    check("14 bonds added, 0 replaced, 1 there already" in bonds(0, "import", "many.json"), "many")

    def more(body):
        body[7] = 0
        body[8:14] = bytes.fromhex("0300000000aa")[::-1]
    surplus = [dict(one, address=f"03:00:00:00:00:{x:02X}", type="public",
                    keys=sealed(one["keys"], lambda b, x=x: (b.__setitem__(7, 0), b.__setitem__(
                        slice(8, 14), bytes.fromhex(f"0300000000{x:02x}")[::-1])))) for x in (1, 2)]
    refused("a store serves 16", {**good, "bonds": surplus})
    os.chmod("many.json", 0o644)
    check("Others can read" in bonds(0, "import", "many.json"), "told that others can read it")


def strength(good):
    forget("client.db")
    one = good["bonds"][0]
    strong = dict(one, keys=sealed(one["keys"], lambda b: b.__setitem__(14, b[14] | 2)))
    write("strong.json", {**good, "bonds": [strong]})
    bonds(0, "import", "bonds.json")
    check("1 replaced" in bonds(0, "import", "strong.json"), "a stronger one replaces")
    refused("is stronger", good)
    check("1 replaced" in bonds(0, "import", "bonds.json", "--force"), "unless it is forced")
    check(records("client.db")["bonds"][0]["keys"] == one["keys"], "replaced")
    # Another identity of ours: the bonds that are here would serve nobody any more.
    local = sealed(good["local"], lambda b: b.__setitem__(7, b[7] ^ 1))
    refused("an identity of its own", {**good, "local": local})
    write("other.json", {**good, "local": local, "bonds": []})
    bonds(0, "import", "other.json", "--force")
    check(records("client.db") == {"local": local, "bonds": []}, "given up", records("client.db"))
    # A store without bonds takes any.
    check("1 bond added" in bonds(0, "import", "bonds.json"), "an identity nobody knows goes")
    check(records("client.db")["local"] == good["local"], "the file's identity")


def main():
    good = round_trip()
    damage(good)
    strength(good)


play(main)
PY
