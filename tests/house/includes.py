"""The house's directions: a layer includes only what lies below it, and the core does no I/O."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ.get("TROTH_SOURCE", pathlib.Path(__file__).parents[2]))

# Layer: the layers it may include besides itself and <troth/...>.
BELOW = {
    "base": "",
    "crypto": "base",
    "hci": "base",
    "l2cap": "base hci",
    "bonds": "base crypto",
    "smp": "base crypto bonds",
    "att": "base crypto",
    "gatt": "base crypto att bonds",
    "gap": "base crypto hci bonds",
    "host": "base crypto hci l2cap bonds smp att gatt gap",
    "net": "base",
    "prov": "base crypto net",
}
# What C itself gives the core, and the public headers.
CORE_C = {"limits.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}
# nanopb, for the messages of protocomm.
PB = {"pb.h", "pb_decode.h", "pb_encode.h"}
PUBLIC_C = {"stdbool.h", "stddef.h", "stdint.h"}
# The one file of the core that belongs to an operating system.
BACKENDS = {"src/crypto/openssl.c"}

# Heap, text and clocks: a port's business.
FORBIDDEN = re.compile(
    r"\b((?:m|c|re)alloc|aligned_alloc|free|strdup|alloca"
    r"|v?(?:f|s|sn|d)?printf|puts|putchar|perror|fopen|abort|exit|assert"
    r"|time|clock|gettimeofday|clock_gettime|s?rand|random|getrandom)\s*\(")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]*)"|<([^>]*)>)')

complaints = []


def complain(path, number, text):
    complaints.append(f"{path.relative_to(ROOT)}:{number}: {text}")


def code_lines(text):
    """The lines without comments and without what string and character literals say."""
    def blank(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token[0] * 2
        return " " + "\n" * token.count("\n")
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    lines = []
    kept = text.splitlines()
    for number, line in enumerate(re.sub(pattern, blank, text, flags=re.S).splitlines()):
        lines.append(kept[number] if INCLUDE.match(line) else line)
    return lines


def check_core(path):
    layer = path.relative_to(ROOT / "src").parts[0]
    allowed = {layer, *BELOW[layer].split()}
    for number, line in enumerate(code_lines(path.read_text()), 1):
        match = INCLUDE.match(line)
        if match and match.group(1) is not None:
            name = match.group(1)
            if "/" not in name:
                complain(path, number, f'write "{layer}/{name}": a quoted include names its layer')
            elif name.split("/")[0] not in allowed or ".." in name:
                complain(path, number, f'{layer} may not include "{name}"')
        elif match:
            name = match.group(2)
            libraries = CORE_C | PB if layer == "prov" else CORE_C
            if not name.startswith("troth/") and name not in libraries:
                complain(path, number, f"the core may not include <{name}>")
        else:
            # A member may well be called time(), and a port's own may be declared: only calls of
            # the C library's name count.
            for call in FORBIDDEN.finditer(line):
                before = line[:call.start()].rstrip()
                if not before.endswith((".", "->")):
                    complain(path, number, f"the core may not call {call.group(1)}()")


def check_public(path):
    lines = code_lines(path.read_text())
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        name = match.group(1) or match.group(2)
        if match.group(1) is not None:
            complain(path, number, f'a public header includes <troth/...>, not "{name}"')
        elif not name.startswith("troth/") and name not in PUBLIC_C:
            complain(path, number, f"a public header may not include <{name}>")
    # A header of numbers and plain structs has no linkage to guard.
    if any(re.search(r"\btroth_\w+\s*\(", line) for line in lines) and 'extern "C"' not in path.read_text():
        complain(path, 1, 'functions without an extern "C" guard')


for path in sorted(ROOT.glob("src/**/*.[ch]")):
    relative = path.relative_to(ROOT)
    if str(relative) in BACKENDS:
        continue
    if len(relative.parts) < 3 or relative.parts[1] not in BELOW:
        complain(path, 1, "this folder is no layer of the house")
        continue
    check_core(path)
for path in sorted(ROOT.glob("include/troth/**/*.h")):
    check_public(path)

# With tools/ on the include path a header of the same name would hide the public one.
for path in sorted(ROOT.glob("tools/troth/*.h")):
    if (ROOT / "include/troth" / path.name).exists():
        complain(path, 1, f"hides <troth/{path.name}>: give it another name")

print("\n".join(complaints))
sys.exit(1 if complaints else 0)
