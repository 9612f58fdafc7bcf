"""Captures made by hand, of things that happen between phones and devices, and what troth explain
must say of each. explain_captures.py DIRECTORY writes them, in all three datalinks."""
import struct
import sys

EPOCH = 0x00DCDDB30F2F8000
START = 1_700_000_000_000_000
DO, DYN, KO, NIO, KD = range(5)
BOND, MITM, SC, KEYPRESS, CT2 = 1, 4, 8, 16, 32
ENC, ID, SIGN = 1, 2, 4
PHONE, DEVICE = "4A:DF:DE:64:84:71", "C0:FF:EE:00:00:01"
SECRET = bytes.fromhex("5ec2e75ec2e75ec2e75ec2e75ec2e75e")  # every key; must never be shown


def addr(text):
    return bytes.fromhex(text.replace(":", ""))[::-1]


class Cap:
    """One adapter's HCI. host: which side was captured, "i" or "r"."""

    def __init__(self, host="r", handle=0x40, index=0):
        self.host, self.handle, self.index = host, handle, index
        self.us, self.records = START, []

    def wait(self, seconds):
        self.us += int(seconds * 1e6)
        return self

    def add(self, kind, to_host, data):
        self.us += 7500
        self.records.append((self.us, kind, to_host, data, self.index))
        return self

    def command(self, opcode, params=b""):
        return self.add("cmd", False, struct.pack("<HB", opcode, len(params)) + params)

    def event(self, code, params):
        return self.add("evt", True, struct.pack("<BB", code, len(params)) + params)

    def own(self, text=DEVICE):
        return self.event(0x0E, struct.pack("<BHB", 1, 0x1009, 0) + addr(text))

    def connect(self, sub=1, peer=PHONE, status=0):
        role = 0 if self.host == "i" else 1
        p = struct.pack("<BBHBB", sub, status, self.handle, role, 1) + addr(peer)
        if sub != 1:
            p += bytes(12)
        p += struct.pack("<HHHB", 24, 0, 72, 0)
        if sub == 0x29:
            p += struct.pack("<BH", 0xFF, 0xFFFF)
        return self.event(0x3E, p)

    def acl(self, side, data, boundary=None):
        by_host = side == self.host
        if boundary is None:
            boundary = 0 if by_host else 2
        return self.add("acl", not by_host,
                        struct.pack("<HH", self.handle | boundary << 12, len(data)) + data)

    def smp(self, side, pdu, pieces=None):
        frame = struct.pack("<HH", len(pdu), 6) + pdu
        first = True
        while frame:
            n = pieces or len(frame)
            self.acl(side, frame[:n], None if first else 1)
            frame, first = frame[n:], False
        return self

    def att(self, side, pdu):
        return self.acl(side, struct.pack("<HH", len(pdu), 4) + pdu)

    # ---- security manager ----

    def request(self, io, auth, oob=0, size=16, i=ENC | ID, r=ENC | ID):
        return self.smp("i", bytes([1, io, oob, auth, size, i, r]))

    def response(self, io, auth, oob=0, size=16, i=ID, r=ID):
        return self.smp("r", bytes([2, io, oob, auth, size, i, r]))

    def failed(self, side, reason):
        return self.smp(side, bytes([5, reason]))

    def keys_cross(self, pieces=None):
        self.smp("i", b"\x0c" + bytes(range(64)), pieces)
        return self.smp("r", b"\x0c" + bytes(range(64, 128)), pieces)

    def pair_of(self, opcode, first="i"):
        self.smp(first, bytes([opcode]) + SECRET)
        return self.smp("r" if first == "i" else "i", bytes([opcode]) + SECRET)

    def rounds(self, n=20):
        for _ in range(n):
            self.pair_of(3).pair_of(4)
        return self

    def compare(self):
        return self.smp("r", b"\x03" + SECRET).pair_of(4)

    def checks(self):
        return self.pair_of(0x0D)

    def encrypt(self, status=0, legacy=False, refresh=False, answer=True, change=0x08):
        name = struct.pack("<QH", 0x1122334455667788, 0x99AA) if legacy else bytes(10)
        h = struct.pack("<H", self.handle)
        if self.host == "i":
            self.command(0x2019, h + name + SECRET)
            self.event(0x0F, struct.pack("<BBH", 0, 1, 0x2019))
        else:
            self.event(0x3E, b"\x05" + h + name)
            if answer:
                self.command(0x201A, h + SECRET)
            else:
                return self.command(0x201B, h)
        if refresh:
            return self.event(0x30, struct.pack("<B", status) + h)
        if status is None:
            return self
        tail = b"\x10" if change == 0x59 else b""
        return self.event(change, struct.pack("<B", status) + h + (b"\0" if status else b"\1") + tail)

    def identity(self, side, who):
        self.smp(side, b"\x08" + SECRET)
        return self.smp(side, b"\x09\x00" + addr(who))

    def long_term(self, side):
        self.smp(side, b"\x06" + SECRET)
        return self.smp(side, b"\x07" + SECRET[:10])

    def disconnected(self, reason):
        return self.event(0x05, struct.pack("<BHB", 0, self.handle, reason))

    def disconnect(self, reason=0x13):
        self.command(0x0406, struct.pack("<HB", self.handle, reason))
        self.event(0x0F, struct.pack("<BBH", 0, 1, 0x0406))
        return self.disconnected(0x16)


def write(path, caps, datalink):
    """caps: one for H4 and HCI; several, merged by time, for the monitor."""
    records = sorted((r for c in caps for r in c.records), key=lambda r: r[0])
    with open(path, "wb") as f:
        f.write(b"btsnoop\0" + struct.pack(">II", 1, datalink))
        for us, kind, to_host, data, index in records:
            if datalink == 2001:
                opcode = {"cmd": 2, "evt": 3, "new": 0}.get(kind, 5 if to_host else 4)
                flags = index << 16 | opcode
            elif kind == "new":
                continue
            else:
                flags = int(to_host) | (2 if kind != "acl" else 0)
                if datalink == 1002:
                    data = bytes([{"cmd": 1, "acl": 2, "evt": 4}[kind]]) + data
            f.write(struct.pack(">IIIIQ", len(data), len(data), flags, 0, us + EPOCH) + data)


def began(host="r", **k):
    return Cap(host).own().connect(**k)


def iphone(io, auth=BOND | MITM | SC, oob=0, host="r", phone_auth=BOND | MITM | SC | CT2):
    """An iPhone is KeyboardDisplay with OOB flag 0; the device is what the test makes it."""
    return began(host).request(KD, phone_auth).response(io, auth, oob)


def finish_sc(c):
    return c.checks().encrypt().identity("r", DEVICE).identity("i", "DC:A6:32:01:02:03")


SCENES = {}


def scene(name, cap, status, *facts):
    """facts: (path, value); a value that is a compiled pattern's text starts with ~."""
    SCENES[name] = (cap, status, facts)


C = "links.0.chapters.0."
L = "links.0.chapters.-1."

# ---- what works ----
scene("just_works", finish_sc(iphone(NIO).keys_cross().compare()), 0,
      (C + "outcome", "succeeded"), (C + "model", "JUST_WORKS"), (C + "rule", "IO_CAPABILITIES"),
      (C + "sc", True), (C + "authenticated", False), (C + "bonding", True),
      (C + "why", "~Both asked for protection these capabilities cannot give"),
      (C + "initiator.io_capability", "KeyboardDisplay"), (C + "initiator.oob", False),
      (C + "initiator.ct2", True), (C + "responder.io_capability", "NoInputNoOutput"),
      ("links.0.this_host", "responder"), ("links.0.host.address", DEVICE),
      ("links.0.peer.address", PHONE), ("links.0.peer.type", "random"), ("failed", False),
      (C + "story", "~the identity of the initiator is DC:A6:32:01:02:03"))
scene("passkey", finish_sc(iphone(DO).keys_cross().rounds()), 0,
      (C + "outcome", "succeeded"), (C + "model", "PASSKEY_ENTRY_INIT_INPUTS"), (C + "rounds", 20),
      (C + "steps.4.from", "both"), (C + "steps.4.detail", "~^20 rounds"))
scene("numeric", finish_sc(iphone(DYN, host="i").keys_cross(pieces=27).compare()), 0,
      (C + "outcome", "succeeded"), (C + "model", "NUMERIC_COMPARISON"),
      ("links.0.this_host", "initiator"))
scene("legacy_just_works",
      began().request(KD, BOND).response(NIO, BOND | SC, i=ENC | ID, r=ENC | ID).pair_of(3).pair_of(4)
      .encrypt().long_term("r").identity("r", DEVICE).long_term("i").identity("i", PHONE), 0,
      (C + "outcome", "succeeded"), (C + "sc", False), (C + "rule", "NO_MITM"),
      (C + "story", "~the initiator gave Enc\\+Id, the responder gave Enc\\+Id"))
scene("bond", began(sub=0x29).encrypt(change=0x59), 0,
      (C + "kind", "encryption"), (C + "outcome", "succeeded"), ("links.0.peer.address", PHONE),
      ("links.0.beginning_captured", True),
      (C + "story", "~Secure Connections bond.*no pairing was needed"))
scene("legacy_bond_central", began("i", sub=0x0A).encrypt(legacy=True), 0,
      (C + "kind", "encryption"), (C + "story", "~a legacy bond"),
      ("links.0.peer.address", PHONE), ("links.0.beginning_captured", True))
scene("late_request", began().encrypt().smp("r", bytes([0x0B, BOND | SC])).disconnected(0x13), 0,
      ("links.0.chapters.#", 1), (C + "outcome", "succeeded"))
scene("wants_more", finish_sc(iphone(NIO).keys_cross().compare())
      .smp("r", bytes([0x0B, BOND | MITM | SC])).disconnected(0x13), 1,
      (L + "kind", "demand"), (L + "outcome", "unanswered"))
scene("refresh", finish_sc(iphone(NIO).keys_cross().compare()).encrypt(refresh=True), 0,
      (L + "kind", "encryption"), (L + "outcome", "succeeded"))
scene("asked", finish_sc(began().smp("r", bytes([0x0B, BOND | MITM | SC])).wait(3)
                         .request(KD, BOND | MITM | SC).response(NIO, BOND | MITM | SC)
                         .keys_cross().compare()), 0,
      (C + "outcome", "succeeded"), (C + "steps.0.what", "Security Request"),
      (C + "story", "~asked for security with a Security Request"))
scene("early_keys", iphone(NIO).keys_cross().compare().checks().encrypt(status=None)
      .identity("r", DEVICE).identity("i", PHONE).event(0x08, b"\0\x40\0\1"), 0,
      (C + "outcome", "succeeded"), ("links.0.chapters.#", 1))
scene("nothing", began().att("i", b"\x0a\x03\0").disconnected(0x13), 0,
      ("links.#", 0), ("connections", 1))
scene("classic", Cap().event(0x03, b"\0\x40\0" + addr(PHONE) + b"\1\0")
      .acl("i", struct.pack("<HH", 1, 5) + b"\0").event(0x08, b"\0\x40\0\1"), 0,
      ("links.#", 0), ("connections", 0))

# ---- the device's OOB setting and a phone that has none of it ----
scene("iphone_oob_legacy_refused",
      iphone(NIO, oob=1, phone_auth=BOND | MITM).failed("r", 3).disconnect(0x13), 1,
      (C + "outcome", "refused"), (C + "by", "responder"), (C + "reason", 3),
      (C + "model", "JUST_WORKS"), (C + "sc", False),
      (C + "why", "~Only the responder holds out-of-band data; legacy pairing uses them when both"),
      (C + "cause", "~asks for Secure Connections, and the initiator does not offer them"),
      (C + "cause", "~initiator KeyboardDisplay with responder NoInputNoOutput gives Just Works"),
      (C + "cause", "~OOB flag of the responder changes nothing.*the initiator sent OOB flag 0"),
      (C + "cause", "~accepts only the authentication it specifies"),
      (C + "cure", "~responder another IO capability: DisplayOnly makes it Passkey Entry \\(initiator"),
      ("links.0.disconnected_by_host", True))
scene("iphone_oob_refused_early",
      began().request(KD, BOND | MITM).failed("r", 3).disconnect(0x13), 1,
      (C + "step", "Pairing Request"), (C + "by", "responder"),
      (C + "cause", "~KeyboardDisplay, OOB flag 0, bonding, MITM protection asked, no Secure Conn"),
      (C + "cure", "~wants out-of-band data"))
scene("early_just_works",
      began("i").request(NIO, BOND | SC).smp("r", bytes([0x0B, BOND | MITM | SC])).failed("r", 3), 1,
      (C + "step", "Pairing Request"), (C + "by", "responder"),
      (C + "cause", "~NoInputNoOutput, OOB flag 0.*makes it Just Works"),
      (C + "cure", "~see and type at the initiator"))
scene("iphone_oob_sc",
      iphone(NIO, oob=1).keys_cross().failed("r", 2), 1,
      (C + "model", "OOB"), (C + "sc", True), (C + "reason", 2), (C + "step", "passkey or OOB data"),
      (C + "cause", "~The responder set its OOB flag, and in Secure Connections one flag is enough"),
      (C + "cure", "~switch OOB off, then it would be Just Works"))

# ---- every reason, from either side ----
scene("r01_i", iphone(DO).keys_cross().failed("i", 1), 1, (C + "by", "initiator"),
      (C + "reason_name", "PASSKEY_ENTRY_FAILED"), (C + "title", "~passkey was not entered"), (C + "step", "passkey or OOB data"),
      (C + "cause", "~not typed at the initiator"), (C + "cure", "~six digits that the responder displays"))
scene("r01_r", began().request(DO, MITM | SC).response(KD, MITM | SC).keys_cross().failed("r", 1), 1,
      (C + "cause", "~not typed at the responder"), (C + "cure", "~that the initiator displays"))
scene("r03_mitm", iphone(NIO).failed("i", 3), 1, (C + "by", "initiator"),
      (C + "step", "Pairing Response"), (C + "model", "JUST_WORKS"),
      (C + "cause", "~The initiator gets less than it asked for: it asks for MITM protection"),
      (C + "cure", "~Give the responder another IO cap.*DisplayYesNo makes it Numeric"))
scene("r03_unsaid", began().request(KD, BOND | SC).response(KD, BOND | SC).failed("r", 3), 1,
      (C + "cause", "~a rule that is not on the air.*no Just Works"),
      (C + "cure", "~Ask for MITM protection on one side: then it would be Numeric Comparison"))
scene("r03_legacy", began().request(KD, MITM).response(DO, MITM).failed("r", 3), 1,
      (C + "cause", "~takes Secure Connections only"))
scene("r03_bond", began().request(KD, SC).response(KD, BOND | SC).failed("r", 3), 1,
      (C + "cause", "~asks for bonding, and the initiator does not bond"))
scene("r03_strong", iphone(DYN).failed("r", 3), 1,
      (C + "cause", "~does not allow Numeric Comparison.*older, stronger bond"))
scene("r04_passkey", iphone(DO).keys_cross().rounds(6).pair_of(3).smp("i", b"\x04" + SECRET)
      .failed("r", 4), 1, (C + "by", "responder"), (C + "rounds", 6),
      (C + "cause", "~did not have the same passkey: round 7 of 20"),
      (C + "cure", "~Type what the responder displays at the initiator"))
scene("crossed", iphone(NIO).keys_cross().failed("i", 11).smp("r", b"\x03" + SECRET)
      .disconnected(0x13), 1, ("links.0.chapters.#", 1), (C + "outcome", "refused"),
      (C + "steps.-2.detail", "~^crossed the Pairing Failed"))
scene("r04_just_works", iphone(NIO).keys_cross().compare().failed("i", 4), 1,
      (C + "cause", "~Nobody typed anything"), (C + "step", "Pairing Random"))
scene("r04_legacy", began().request(KD, MITM).response(DO, MITM).pair_of(3).pair_of(4)
      .failed("i", 4), 1, (C + "cause", "~did not have the same passkey\\. "))
scene("r05", began().request(KD, BOND | SC).failed("r", 5), 1, (C + "step", "Pairing Request"),
      (C + "cause", "~takes no pairing now"), (C + "cure", "~Open the pairing window of the responder"))
scene("r06", began().request(KD, SC, size=7).response(NIO, SC).failed("r", 6), 1,
      (C + "key_size", 7),
      (C + "cause", "~The key would have 7 octets: the initiator allows at most 7, the responder 16"),
      (C + "cure", "~Raise the maximum key size of the initiator to 16"))
scene("r07", iphone(NIO).smp("i", b"\x0e\x00").failed("r", 7), 1,
      (C + "cause", "~does not know.*the message that the initiator sent"))
scene("r08", iphone(NIO).keys_cross().failed("r", 8), 1, (C + "cause", "~gave no reason"),
      (C + "cause", "~declined the pairing"))
scene("r09", began().request(KD, SC).failed("r", 9), 1, (C + "cause", "~too many pairings failed"))
scene("r0a_features", began().request(9, SC).failed("r", 10), 1,
      (C + "cause", "~The initiator sent IO capability 0x09, which is reserved"))
scene("r0a_keys", began().request(KD, SC, i=ID, r=ID).response(NIO, SC, i=ID | SIGN, r=ID)
      .failed("i", 10), 1, (C + "cause", "~keys that the Pairing Request did not offer"))
scene("r0a_length", iphone(NIO).smp("i", b"\x0c" + bytes(20)).failed("r", 10), 1,
      (C + "cause", "~found a message of the initiator malformed"),
      (C + "steps.2.detail", "malformed: 21 octets, and 65 are due"))
scene("r0b_key", iphone(NIO).keys_cross().failed("i", 11), 1, (C + "step", "Pairing Public Key"),
      (C + "cause", "~did not take the public key of the responder"))
scene("r0b_check", iphone(DO).keys_cross().rounds().smp("i", b"\x0d" + SECRET).failed("r", 11), 1,
      (C + "cause", "~computed different keys or had different passkeys"))
scene("r0c", iphone(DYN).keys_cross().compare().failed("i", 12), 1,
      (C + "step", "comparing the numbers"), (C + "by", "initiator"),
      (C + "cause", "~person at the initiator said that the numbers differ"))
scene("r0d", began().request(KD, SC).failed("r", 13), 1, (C + "cause", "~classic Bluetooth"))
scene("r0e", iphone(NIO).failed("i", 14), 1, (C + "cause", "~will not derive keys"))
scene("r0f", finish_sc(iphone(NIO).keys_cross().compare()).failed("i", 15), 1,
      (C + "outcome", "refused"), (C + "title", "~keys were rejected afterwards"),
      (C + "cause", "~rejected a key of the responder"))
scene("r10", began().request(KD, SC).failed("r", 16), 1, (C + "cause", "~is busy"))
scene("r77", began().request(KD, SC).failed("r", 0x77), 1, (C + "cause", "~reason 0x77"))

# ---- silence, lost links, keys that do not fit ----
scene("timeout_response", began().request(KD, SC).wait(30).disconnected(0x16), 1,
      (C + "outcome", "timed_out"), (C + "by", "responder"), (C + "step", "Pairing Response"),
      (C + "cause", "~The responder fell silent"))
scene("timeout_passkey", iphone(DO).keys_cross().wait(31).smp("i", b"\x03" + SECRET).wait(1), 1,
      (C + "outcome", "timed_out"), (C + "by", "initiator"), (C + "step", "passkey or OOB data"),
      (C + "cause", "~its passkey was not typed"), (C + "steps.-1.detail", "~too late"))
scene("timeout_compare", iphone(DYN).keys_cross().compare().wait(40).event(0x13, b"\0"), 1,
      (C + "outcome", "timed_out"), (C + "by", "initiator"), (C + "step", "comparing the numbers"),
      (C + "cause", "~nobody confirmed the numbers"),
      (C + "steps.-1.what", "nothing for 30 seconds"))
scene("link_loss", iphone(DO).keys_cross().rounds(3).disconnected(0x08), 1,
      (C + "outcome", "link_lost"), (C + "hci_name", "CONNECTION_TIMEOUT"),
      (C + "cause", "~connection was lost while"))
scene("peer_left", iphone(DYN).keys_cross().compare().disconnected(0x13), 1,
      (C + "outcome", "link_lost"), (C + "by", "initiator"), (C + "step", "comparing the numbers"),
      (C + "cause", "~The initiator disconnected in the middle"))
scene("host_left", iphone(DYN).keys_cross().disconnect(0x13), 1,
      (C + "outcome", "link_lost"), (C + "by", "responder"))
scene("peer_lost_bond", began("i").encrypt(status=6).disconnect(0x13), 1,
      (C + "kind", "encryption"), (C + "outcome", "not_encrypted"), (C + "hci_status", 6),
      (C + "cause", "~The initiator has a bond, and the responder has none"),
      (C + "cure", "~Remove the bond at the initiator"))
scene("host_lost_bond", began("r").encrypt(answer=False).disconnected(0x06), 1,
      (C + "outcome", "not_encrypted"), (C + "cause", "~this host has none with it any longer"),
      (C + "cure", "~Remove the bond at the peer"))
scene("key_mismatch", began("i").encrypt(status=None).disconnected(0x3D), 1,
      (C + "outcome", "not_encrypted"), (C + "hci_name", "MIC_FAILURE"),
      (C + "cause", "~the keys differ"))
scene("enable_refused", began("i").command(0x2019, b"\x40\0" + bytes(10) + SECRET)
      .event(0x0F, struct.pack("<BBH", 0x0C, 1, 0x2019)), 1,
      (C + "outcome", "not_encrypted"), (C + "hci_name", "COMMAND_DISALLOWED"))
scene("new_key_fails", iphone(NIO, host="i").keys_cross().compare().checks().encrypt(status=0x3D), 1,
      (C + "kind", "pairing"), (C + "outcome", "not_encrypted"), (C + "step", "encrypting the link"))
scene("unanswered", began().smp("r", bytes([0x0B, BOND | SC])).wait(31).disconnected(0x13), 1,
      (C + "kind", "demand"), (C + "outcome", "unanswered"),
      (C + "cause", "~free to ignore a Security Request"))
scene("late_answer", finish_sc(began().smp("r", bytes([0x0B, BOND | SC])).wait(45)
                               .request(KD, BOND | SC).response(NIO, BOND | SC).keys_cross().compare()),
      0, ("links.0.chapters.#", 2), (C + "outcome", "unanswered"), (L + "outcome", "succeeded"))
scene("request_refused", began("i").smp("r", bytes([0x0B, BOND | SC])).failed("i", 5), 1,
      (C + "outcome", "refused"), (C + "by", "initiator"), (C + "step", "Security Request"))
scene("att_refused", began().att("i", b"\x0a\x03\0").att("r", b"\x01\x0a\x03\0\x05").disconnected(0x13),
      1, (C + "kind", "demand"), (C + "title", "~Security demanded"),
      (C + "steps.0.what", "ATT: Insufficient Authentication"))
scene("att_then_pairs", finish_sc(began().att("r", b"\x01\x0a\x03\0\x0f").request(KD, SC)
                                  .response(NIO, SC).keys_cross().compare()), 0,
      (C + "steps.0.what", "ATT: Insufficient Encryption"), (C + "story", "~because ATT refused"))
scene("repeated", began().request(KD, SC).failed("r", 8).request(KD, SC).failed("r", 8)
      .request(KD, SC).failed("r", 9), 1, ("links.0.chapters.#", 3), (L + "reason", 9))
scene("restarted", iphone(NIO).request(KD, SC).failed("r", 8), 1,
      (C + "outcome", "restarted"), (L + "outcome", "refused"), (L + "cause", "~came out of turn"))
scene("out_of_turn", iphone(NIO).smp("i", b"\x0d" + SECRET).failed("r", 8), 1,
      (C + "steps.2.detail", "out of turn: Pairing Public Key was due"),
      (C + "cause", "~out of turn"))
scene("reserved", iphone(NIO).smp("i", b"\x7f" + SECRET).keys_cross().failed("i", 8), 1,
      (C + "steps.2.detail", "~opcode 0x7f is reserved"))
scene("long", iphone(NIO).smp("i", b"\x04" * 300, pieces=27).failed("r", 10), 1,
      (C + "steps.2.detail", "~300 octets"))
scene("reset", iphone(NIO).event(0x0E, struct.pack("<BHB", 1, 0x0C03, 0)), 1,
      (C + "outcome", "link_lost"), (C + "steps.-1.what", "the controller was reset"))
scene("no_end", iphone(NIO).keys_cross(), 1, (C + "outcome", "no_outcome"),
      (C + "title", "~without an outcome"))

# ---- captures that begin in the middle ----
middle = Cap().compare().checks()
scene("middle", middle.encrypt().identity("r", DEVICE), 0,
      (C + "beginning_captured", False), ("links.0.beginning_captured", False),
      (C + "outcome", "succeeded"), (C + "story", "~older than the capture"))
scene("middle_failed", Cap().smp("i", b"\x04" + SECRET).failed("r", 4), 1,
      (C + "outcome", "refused"), (C + "by", None), (C + "steps.0.from", "peer"))
scene("middle_request", Cap("i").request(KD, SC).failed("r", 5), 1,
      ("links.0.this_host", "initiator"), (C + "by", "responder"))


def monitor():
    """Two adapters, one connection each, and what a monitor says of itself."""
    a, b = Cap("i", 0x0001, 0), Cap("r", 0x0001, 1)
    for c, own in ((a, "00:11:22:33:44:55"), (b, "66:77:88:99:AA:BB")):
        c.records.append((c.us, "new", False, b"\0\1" + addr(own) + b"hci\0\0\0\0\0", c.index))
        c.wait(0.001 * c.index).connect(peer="66:77:88:99:AA:BB" if c is a else "00:11:22:33:44:55")
        finish_sc(c.request(KD, SC | BOND).response(NIO, SC | BOND).keys_cross().compare())
    return [a, b]


def main():
    directory = sys.argv[1]
    for name, (cap, _, _) in SCENES.items():
        for datalink in (1001, 1002, 2001):
            write(f"{directory}/{name}.{datalink}", [cap], datalink)
    write(f"{directory}/monitor", monitor(), 2001)


if __name__ == "__main__":
    main()
