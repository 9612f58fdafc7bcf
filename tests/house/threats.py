#!/usr/bin/env python3
"""docs/THREATS.md, tests/mutants and the code they speak of agree."""
import os
import re
import subprocess
import sys

root = os.environ.get("TROTH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
build = os.environ.get("TROTH_BUILD")
wrong = []


def text(path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def check_table(named):
    tests = None
    if build:
        out = subprocess.run(["ctest", "--test-dir", build, "-N"], capture_output=True, text=True)
        tests = set(re.findall(r"Test\s+#\d+: (\S+)", out.stdout))
    for line in text("docs/THREATS.md").splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 5 or cells[0] in ("attack", "---"):
            continue
        for place in filter(None, cells[2].split(", ")):
            file, *functions = place.split()
            if not os.path.isfile(os.path.join(root, file)):
                wrong.append(f"{file} of THREATS.md does not exist")
                continue
            for f in functions:
                if not re.search(rf"\b{f}\(", text(file)):
                    wrong.append(f"{file} has no function {f}")
        for test in cells[3].split():
            if tests is not None and test not in tests:
                wrong.append(f"there is no test {test}")
        named.update(cells[4].split())


def check_mutants(named):
    folder = os.path.join(root, "tests/mutants")
    there = {f[:-6] for f in os.listdir(folder) if f.endswith(".patch")}
    for m in sorted(there - named):
        wrong.append(f"mutant {m} is in no row of THREATS.md")
    for m in sorted(named - there):
        wrong.append(f"THREATS.md names a mutant {m} that is not there")
    for m in sorted(there):
        with open(os.path.join(folder, m + ".patch"), "rb") as f:
            p = subprocess.run(["patch", "--dry-run", "-s", "-f", "-p1", "-F0", "-d", root],
                               stdin=f, capture_output=True, text=True)
        if p.returncode:
            wrong.append(f"mutant {m} no longer applies: {p.stdout.strip()}")


named = set()
check_table(named)
check_mutants(named)
for w in wrong:
    print(w)
sys.exit(bool(wrong))
