# troth dataset: what it makes is a whole dataset, by another reader's account too; what it shows keeps
# keys to itself; what is no dataset is refused in one sentence.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with_protocomm
$python - <<'PY'
from programs import *
import stat
import wire

KEY = "00112233445566778899aabbccddeeff"
NAMED = {"--name": "OpenThread", "--channel": "15", "--pan-id": "4321",
         "--ext-pan-id": "1122334455667788", "--mesh-local-prefix": "fdad70bfe5aa15dd",
         "--network-key-file": "key", "--passphrase-file": "passphrase"}


def make(status=0, input=None, **changes):
    options = {**NAMED, **{"--" + k.replace("_", "-"): v for k, v in changes.items()}}
    return tool(status, "dataset", "make",
                *(x for k, v in options.items() if v is not None for x in (k, v)), input=input)


def main():
    for name, text in (("key", KEY + "\n"), ("passphrase", "12SECRETPASSWORD34\n")):
        with open(name, "w") as f:
            f.write(text)
    made = make().strip()
    told = wire.parse_dataset(bytes.fromhex(made))
    check(told[3] == b"OpenThread" and told[0] == bytes.fromhex("00000f"), "name, channel", told)
    check(told[1] == bytes.fromhex("4321") and told[5] == bytes.fromhex(KEY), "PAN ID, key", told)
    check(told[2] == bytes.fromhex("1122334455667788"), "extended PAN ID", told)
    check(told[7] == bytes.fromhex("fdad70bfe5aa15dd"), "prefix", told)
    check(len(told[4]) == 16 and len(told[14]) == 8 and len(told[53]) == 6, "what else", told)
    check(make(input=KEY + "\n", network_key_file="-").strip() == made, "the key from stdin")
    with open("made", "w") as f:
        f.write(made)
    shown = tool(0, "dataset", "show", "made")
    check("fdad:70bf:e5aa:15dd::/64" in shown and "0x4321" in shown, "shown", shown)
    check(KEY not in shown and told[4].hex() not in shown and shown.count("(hidden)") == 2,
          "keys are hidden", shown)
    check(KEY in tool(0, "dataset", "show", "made", "--secrets"), "keys when asked for")
    told = json.loads(tool(0, "dataset", "show", "-", "--json", input=made))
    check(told["Network Name"] == "OpenThread" and told["Network Key"] == "(hidden)", "JSON", told)

    # What is not said is random, and never what a reader stumbles over.
    several = [wire.parse_dataset(bytes.fromhex(
        tool(0, "dataset", "make", "--name", "Heath").strip())) for _ in range(8)]
    for type in (1, 2, 5, 7):
        check(len({d[type] for d in several}) > 4, f"random {type}", several)
    check(all(d[1][0] >= 0x10 and d[7][0] == 0xfd and 4 not in d for d in several), "ranges", several)
    check(tool(0, "dataset", "make", "--name", "Heath", "--out", "kept") == "", "silent")
    check(stat.S_IMODE(os.stat("kept").st_mode) == 0o600, "for the owner alone")
    tool(0, "dataset", "show", "kept")

    for changes, words in (({"name": None}, "1 to 16 octets"), ({"name": "x" * 17}, "1 to 16"),
                           ({"pan_id": "123"}, "4 hexadecimal"), ({"pan_id": "ffff"}, "no network"),
                           ({"ext_pan_id": "11:22"}, "16 hexadecimal"), ({"channel": "27"}, "11 to 26"),
                           ({"mesh_local_prefix": "2001000000000000"}, "begins with fd"),
                           ({"network_key_file": "passphrase"}, "32 hexadecimal"),
                           ({"passphrase_file": "short"}, "6 to 255")):
        with open("short", "w") as f:
            f.write("12345\n")
        said = make(status=2, **changes)
        check(words in said and said.count("\n") == 1 and KEY not in said, words, said)
    for text, words in (("0003", "middle of a TLV"), ("00030000", "middle of a TLV"), ("xx", "hex"),
                        ("000300000f01021234", "no network key"), ("", "")):
        said = tool(1, "dataset", "show", "-", input=text + "\n")
        check(words in said and "troth dataset show:" in said, words, said)
    check("cannot" in tool(1, "dataset", "make", "--name", "x", "--out", "/nonexistent/x"), "no file")


play(main)
PY
