"""A client without protection: a bare controller that connects, and as much of ATT as it needs.

    from bare import Stranger
"""
import socket

from programs import LIMIT, check

# 8b84xxxx-f6fa-4e33-9a0c-e14d9f35f201 on the air, before and after xxxx
UUID = bytes.fromhex("01f2359f4de10c9a334efaf6"), bytes.fromhex("848b")


class Stranger:
    def __init__(self, d):
        at = d.told("controller")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect("air")
        self.stream = self.socket.makefile("rb")
        self.acl = None
        address = bytes.fromhex(at["address"].replace(":", ""))[::-1]
        self.socket.sendall(bytes.fromhex("01030c00" "01010c08" "ffffffffffffff3f") +
                            bytes.fromhex("010d2019" "60003000" "00") +
                            bytes([at["address_type"] != "public"]) + address +
                            bytes.fromhex("00" "1800" "2800" "0000" "c800" "0000" "0000"))
        self.link = d.event("connected")["link"]

    def packet(self):
        """The next; what begins a link is noted."""
        kind = self.stream.read(1)
        head = self.stream.read(4 if kind == b"\x02" else 2)
        size = int.from_bytes(head[2:4], "little") if kind == b"\x02" else head[1]
        body = self.stream.read(size)
        if kind == b"\x04" and head[0] == 0x3e and body[0] in (0x01, 0x0a) and body[1] == 0:
            self.acl = body[2:4]
        return kind, head, body

    def request(self, pdu):
        """Its response; None: the link is gone."""
        while self.acl is None:
            self.packet()
        l2cap = len(pdu).to_bytes(2, "little") + b"\x04\x00" + pdu
        self.socket.sendall(b"\x02" + self.acl + len(l2cap).to_bytes(2, "little") + l2cap)
        while True:
            kind, head, body = self.packet()
            if kind == b"\x04" and head[0] == 0x05:
                return None
            if kind == b"\x02" and body[2:4] == b"\x04\x00" and body[4] in (pdu[0] + 1, 0x01):
                return body[4:]

    def find(self, number):
        """The value's handle of that characteristic of the 8b84xxxx service."""
        uuid = UUID[0] + number.to_bytes(2, "little") + UUID[1]
        at = 1
        while True:
            got = self.request(b"\x08" + at.to_bytes(2, "little") + b"\xff\xff\x03\x28")
            check(got and got[0] == 0x09, f"characteristic {number} is there", got)
            for i in range(2, len(got), got[1]):
                at = int.from_bytes(got[i:i + 2], "little") + 1
                if got[i + 5:i + got[1]] == uuid:
                    return got[i + 3:i + 5]

    def write(self, handle, octets):
        """0, or the error; None: the link is gone."""
        got = self.request(b"\x12" + handle + octets)
        return got if got is None else 0 if got[0] == 0x13 else got[4]

    def read(self, handle):
        got = self.request(b"\x0a" + handle)
        check(got and got[0] == 0x0b, "a read", got)
        return got[1:]
