"""bluetoothctl of the guest, as a person uses it."""
from guest import check


class Bluetoothctl:
    def __init__(self, guest, io="NoInputNoOutput"):
        self.p = guest.start(f"exec bluetoothctl --agent={io}", terminal=True)
        self.p.line("Agent registered")

    def do(self, command, *answers):
        """Types a command; the match of the first answer to come, one of several patterns."""
        self.p.type(command)
        return self.p.match("|".join(f"(?:{a})" for a in answers))

    def find(self, name):
        """The address of a device that advertises this name; scanning goes on."""
        return self.do("scan le", rf"(?<!DEL\] )Device (\S+) {name}\b").group(1)

    def quiet(self):
        self.do("scan off", "Discovery stopped", "No discovery started")

    def connect(self, address):
        self.do(f"connect {address}", "Connection successful")

    def disconnect(self, address):
        self.do(f"disconnect {address}", "Successful disconnected")

    def forget(self, address):
        self.do(f"remove {address}", "Device has been removed")

    def advertise(self, name):
        """As a peripheral, until this bluetoothctl ends."""
        self.do(f"system-alias {name}", f"Changing {name} succeeded")
        self.do("discoverable on", "Changing discoverable on succeeded")
        self.p.type("menu advertise")
        self.p.type("name on")
        self.p.type("back")
        self.do("advertise on", "Advertising object registered")

    def paired(self):
        got = self.p.match("Pairing successful|Failed to pair: .*").group(0)
        check(got == "Pairing successful", "BlueZ pairs", got + "\n" + self.p.text())

    def info(self, address):
        """What it says of a device: {"Paired": "yes", ...}."""
        mark = len(self.p.said)
        self.do(f"info {address}", "LegacyPairing: .*")
        pairs = [line.strip().split(": ", 1) for line in self.p.said[mark:] if ": " in line]
        return {p[0]: p[1] for p in pairs if len(p) == 2}

    def read(self, uuid):
        """The octets of a characteristic of the connected device, or the error's name."""
        self.p.type("menu gatt")
        self.do(f"select-attribute {uuid}", r"\[.*:/service\w+/char\w+")
        self.p.type("read")
        got = self.p.match(r"^  ((?:[0-9a-f]{2} )+)|Failed to read: (\S+)")
        self.p.type("back")
        return got.group(2) or bytes.fromhex(got.group(1))

    def end(self):
        self.p.type("quit")
        self.p.end()
