"""explain_check.py TROTH DIRECTORY: every capture of explain_captures.py, in each datalink, against
what it must say; then every cut of some of them."""
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import explain_captures as made

troth, directory = sys.argv[1:3]
faults = 0
KEY = re.compile("5e ?c2 ?e7", re.I)


def fault(text):
    global faults
    faults += 1
    print("FAILED:", text)


def explain(path, *options, data=None):
    run = subprocess.run([troth, "explain", path, *options], capture_output=True, timeout=60,
                         input=data)
    if run.returncode not in (0, 1) or b"Sanitizer" in run.stderr:
        fault(f"{path}: status {run.returncode}: {run.stderr.decode()[:2000]}")
    out = run.stdout.decode()
    if KEY.search(out):
        fault(f"{path} {options}: a key is shown")
    return run.returncode, out, run.stderr.decode()


def look(value, path):
    for word in path.split("."):
        if value is None:
            return None
        if word == "#":
            return len(value)
        if isinstance(value, list):
            value = value[int(word)] if -len(value) <= int(word) < len(value) else None
        else:
            value = value.get(word)
    return value


def check(name, datalink):
    _, status, facts = made.SCENES[name]
    path = f"{directory}/{name}.{datalink}"
    got, out, err = explain(path, "--json")
    said = json.loads(out)
    if got != status or err:
        fault(f"{name}.{datalink}: status {got}, not {status}; {err}")
    for where, want in facts:
        value = look(said, where)
        good = (re.search(want[1:], value or "", re.I) if isinstance(want, str) and want[:1] == "~"
                else value == want)
        if not good:
            fault(f"{name}.{datalink}: {where} is {value!r}, not {want!r}")
    if said["failed"] != bool(status):
        fault(f"{name}: failed is {said['failed']}")
    said["file"] = said["datalink"] = None
    return said


def failures_are_explained(name, said):
    for link in said["links"]:
        for c in link["chapters"]:
            if c["outcome"] in ("succeeded", "restarted", "no_outcome"):
                continue
            for field in ("title", "story", "cause", "cure"):
                text = c.get(field, "")
                if not text or (field != "title" and text[-1] != "."):
                    fault(f"{name}: {field} is no whole sentence: {text!r}")
            if "  " in c["cause"] + c["cure"] + c["story"]:
                fault(f"{name}: two spaces: {c}")


def rest_of(name, said):
    """The text and the page of a capture say the same title, and neither shows a key."""
    path = f"{directory}/{name}.1002"
    _, text, _ = explain(path)
    _, page, _ = explain(path, "--html", "-")
    for link in said["links"]:
        for c in link["chapters"]:
            if c["title"] not in text:
                fault(f"{name}: the text has not {c['title']!r}")
            if c["title"] not in page:
                fault(f"{name}: the page has not {c['title']!r}")
    widest = max(map(len, text.splitlines()[1:]))  # the first has the file's name
    if widest > 100:
        fault(f"{name}: a line of {widest} columns")


def cuts(path, every):
    """No cut crashes, hangs or says that the file is whole."""
    data = open(path, "rb").read()
    ends, at = {16}, 16
    while at < len(data):
        at += 24 + int.from_bytes(data[at + 4:at + 8], "big")
        ends.add(at)
    for n in range(0, len(data), every):
        status, out, err = explain("-", "--json", data=data[:n])
        if n < 16:
            if status != 1 or out or not err:
                fault(f"{path}: {n} octets: status {status}, {out}{err}")
        elif json.loads(out)["complete"] != (n in ends):
            fault(f"{path}: {n} octets: complete is wrong")


def noise(path, every):
    """Nor does any octet changed."""
    data = bytearray(open(path, "rb").read())
    for n in range(16, len(data), every):
        for value in (0x00, 0xFF) if data[n] else (0xFF, 0x01):
            harmed = data[:]
            harmed[n] = value
            status, out, err = explain("-", "--json", data=bytes(harmed))
            json.loads(out)


def refuse(name, data, pattern):
    path = f"{directory}/{name}"
    open(path, "wb").write(data)
    status, out, err = explain(path)
    if status != 1 or out or not re.search(pattern, err) or err.count("\n") != 1:
        fault(f"{name}: {status}, {out}, {err}")


def snapped(name, octets):
    """The same capture by a tool that keeps only the first octets of each packet."""
    data = open(f"{directory}/{name}.1001", "rb").read()
    out, at = data[:16], 16
    while at < len(data):
        included = int.from_bytes(data[at + 4:at + 8], "big")
        acl = not data[at + 11] & 2
        keep = min(included, octets) if acl else included
        out += data[at:at + 4] + keep.to_bytes(4, "big") + data[at + 8:at + 24 + keep]
        at += 24 + included
    open(f"{directory}/snapped", "wb").write(out)
    status, out, _ = explain(f"{directory}/snapped", "--json")
    said = json.loads(out)
    chapter = said["links"][0]["chapters"][0]
    if status or chapter["outcome"] != "succeeded" or not said["octets_missing"]:
        fault(f"{name} snapped to {octets}: {out}")
    short = [s["what"] for s in chapter["steps"] if s.get("detail") == "cut short by the capture"]
    if "Pairing Public Key" not in short or any("malformed" in s.get("detail", "") for s in
                                                chapter["steps"]):
        fault(f"{name} snapped to {octets}: {out}")
    return chapter


def big(path):
    """A long capture is read packet by packet: more of it takes no more memory."""
    cap = made.began()
    for _ in range(200):
        cap.att("i", b"\x1b\x03\0" + bytes(200))
    made.write(path, [cap], 1002)
    data = open(path, "rb").read()
    pairing = made.SCENES["just_works"][0]
    made.write(path, [pairing], 1002)
    said, peaks = [], []
    for times in (1, 1000):
        with open(path + ".big", "wb") as f:
            f.write(data)
            for _ in range(times):
                f.write(data[16:])
            f.write(open(path, "rb").read()[16:])
        code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], timeout=60);"
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        run = subprocess.run([sys.executable, "-c", code, troth, "explain", path + ".big", "--json"],
                             capture_output=True, timeout=90)
        lines = run.stdout.decode().splitlines()
        said.append(json.loads(lines[0])["links"][-1]["chapters"][-1]["outcome"])
        peaks.append(int(lines[1]))
    os.unlink(path + ".big")
    if said != ["succeeded"] * 2 or peaks[1] > peaks[0] + 8192:
        fault(f"a long capture: {said}, {peaks} KiB")


def main():
    for name in made.SCENES:
        said = [check(name, datalink) for datalink in (1001, 1002, 2001)]
        if not said[0] == said[1] == said[2]:
            fault(f"{name}: the datalinks differ")
        failures_are_explained(name, said[1])
        rest_of(name, said[1])

    status, out, _ = explain(f"{directory}/monitor", "--json")
    said = json.loads(out)
    if status or [(k["adapter"], k["this_host"], k["host"]["address"]) for k in said["links"]] != [
            (0, "initiator", "00:11:22:33:44:55"), (1, "responder", "66:77:88:99:AA:BB")]:
        fault(f"monitor: {out}")
    _, out, _ = explain(f"{directory}/monitor", "--json", "--link", "2")
    if [k["link"] for k in json.loads(out)["links"]] != [2]:
        fault(f"--link 2: {out}")

    header = b"btsnoop\0\0\0\0\1"
    refuse("pcapng", b"\x0a\x0d\x0d\x0a" + bytes(40), "pcapng.*tshark -F btsnoop")
    refuse("pcap", b"\xd4\xc3\xb2\xa1" + bytes(40), "pcap .*tshark -F btsnoop")
    refuse("gzip", b"\x1f\x8b" + bytes(40), "gunzip")
    refuse("zip", b"PK\x03\x04" + bytes(40), "zip.*btsnoop_hci.log")
    refuse("text", b"hello\n", "no btsnoop file")
    refuse("empty", b"", "it is empty")
    refuse("version", b"btsnoop\0\0\0\0\2\0\0\x03\xea", "version 2")
    refuse("h5", header + b"\0\0\x03\xec", "1004.*H5.*Wireshark")
    status, _, err = explain(f"{directory}/none")
    if status != 1 or "No such file" not in err:
        fault(f"no file: {err}")
    status, _, err = explain(directory)
    if status != 1 or "directory" not in err:
        fault(f"a directory: {err}")

    damaged = open(f"{directory}/just_works.1002", "rb").read() + b"\xff" * 30
    open(f"{directory}/damaged", "wb").write(damaged)
    status, out, _ = explain(f"{directory}/damaged", "--json")
    said = json.loads(out)
    if status != 1 or said["complete"] or "damaged" not in said["notice"]:
        fault(f"damaged: {status} {out}")

    cuts(f"{directory}/bond.2001", 1)
    cuts(f"{directory}/r04_just_works.1002", 19)
    cuts(f"{directory}/passkey.1001", 211)
    if snapped("numeric", 20).get("model") != "NUMERIC_COMPARISON":
        fault("a snapped capture loses its features")
    if "model" in snapped("passkey", 12):
        fault("features that were not captured give a model")
    big(f"{directory}/big")
    noise(f"{directory}/bond.1002", 7)
    noise(f"{directory}/r0a_length.1001", 23)


main()
sys.exit(1 if faults else 0)
