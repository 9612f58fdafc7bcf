"""What a terminal shows as a picture, and the QR codes in a picture as an independent reader reads
them.

A cell is WIDE x HIGH pixels; of the characters only blocks are drawn, all others are left blank.
"""
import re, struct, subprocess, zlib

WIDE, HIGH = 4, 8
# The parts of a cell, upper and lower, that a character covers.
BLOCKS = {"\u2580": (1, 0), "\u2584": (0, 1), "\u2588": (1, 1)}
# (ink, paper) of a terminal that nobody has told any colour.
DARK, LIGHT = (200, 20), (40, 250)
TOKEN = re.compile(r"\x1b\[([0-9;]*)m|\x1b\[[0-9;?]*[A-Za-z]|\r?\n|.", re.S)


def grey(number, palette):
    """The sixteen first are the palette's own: all the same here, so that nothing may rest on them."""
    if number < 16:
        return sum(palette) // 2
    if number >= 232:
        return 8 + 10 * (number - 232)
    levels = [0, 95, 135, 175, 215, 255]
    number -= 16
    return sum(levels[number // 6 ** i % 6] for i in range(3)) // 3


def colours(parameters, now, palette):
    ink, paper = now
    codes = [int(p or 0) for p in parameters.split(";")]
    while codes:
        code = codes.pop(0)
        if code == 0:
            ink, paper = palette
        elif code in (38, 48) and codes[:1] == [5]:
            shade = grey(codes[1], palette)
            ink, paper = (shade, paper) if code == 38 else (ink, shade)
            del codes[:2]
        elif 30 <= code <= 37 or 90 <= code <= 97:
            ink = grey(0, palette)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            paper = grey(0, palette)
        elif code == 7:
            ink, paper = paper, ink
    return ink, paper


def rasterise(text, palette, columns=140):
    """Rows of pixels, 0 to 255."""
    lines, now = [[]], palette
    for token in TOKEN.finditer(text):
        token, parameters = token.group(0), token.group(1)
        if parameters is not None:
            now = colours(parameters, now, palette)
        elif token.endswith("\n"):
            lines.append([])
        elif len(token) == 1 and token >= " ":
            if len(lines[-1]) == columns:
                lines.append([])
            lines[-1].append([now[0] if half else now[1] for half in BLOCKS.get(token, (0, 0))])
    rows = []
    for line in lines:
        line += [[palette[1]] * 2] * (columns - len(line))
        for half in range(2):
            row = [cell[half] for cell in line for _ in range(WIDE)]
            rows += [row] * (HIGH // 2)
    return rows


def beside(*pictures):
    high = max(map(len, pictures))
    return [sum((p[y] if y < len(p) else [255] * len(p[0]) for p in pictures), [])
            for y in range(high)]


def pgm(rows):
    return b"P5 %d %d 255\n" % (len(rows[0]), len(rows)) + b"".join(map(bytes, rows))


def png(rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
            chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(r) for r in rows))) +
            chunk(b"IEND", b""))


def codes(rows):
    """The texts of all QR codes, one behind the other."""
    p = subprocess.run(["zbarimg", "--nodbus", "-q", "--raw", "-Sdisable", "-Sqrcode.enable",
                        "-Sbinary", "pgm:-"], input=pgm(rows), capture_output=True, timeout=60)
    return p.stdout.decode()
