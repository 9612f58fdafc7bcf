"""The kernel's Bluetooth management interface, without bluetoothd: guest_mgmt. The numbers are those
of BlueZ's doc/mgmt-api.txt."""
from guest import check

SET_POWERED, SET_CONNECTABLE, SET_BONDABLE, SET_LE = 0x05, 0x07, 0x09, 0x0d
SET_IO_CAPABILITY, PAIR_DEVICE, USER_CONFIRM_REPLY = 0x18, 0x19, 0x1c
ADD_REMOTE_OOB_DATA, REMOVE_REMOTE_OOB_DATA = 0x21, 0x22
SET_ADVERTISING, SET_SECURE_CONN = 0x29, 0x2d
UNPAIR_DEVICE, READ_LOCAL_OOB_EXT_DATA = 0x1b, 0x3b
NEW_LTK, USER_CONFIRM_REQUEST, AUTH_FAILED = 0x0a, 0x0f, 0x11
LE_PUBLIC = 1
EVERYBODY = bytes(7)  # of LE alone the interface forgets nobody's out-of-band data
NO_INPUT_NO_OUTPUT = 3


def address(text):
    """As the interface has it: least significant octet first, then its type."""
    return bytes.fromhex(text.replace(":", ""))[::-1] + bytes([LE_PUBLIC])


class Management:
    def __init__(self, guest, index=0):
        self.p = guest.start("exec guest_mgmt")
        self.p.line("ready")
        self.index = index

    def begin(self, opcode, parameters=b""):
        self.p.type(f"{opcode:x} {self.index:x} {parameters.hex()}")

    def result(self, opcode, seconds=60):
        """Its status and what it returned."""
        code = opcode.to_bytes(2, "little").hex()
        m = self.p.match(rf"^000([12]) {self.index:04x} {code}(..)(\w*)$", seconds)
        return int(m.group(2), 16), bytes.fromhex(m.group(3))

    def do(self, opcode, parameters=b""):
        self.begin(opcode, parameters)
        status, returned = self.result(opcode)
        check(status == 0, f"management command 0x{opcode:02x}: status 0x{status:02x}", self.p.text())
        return returned

    def event(self, code):
        return bytes.fromhex(self.p.match(rf"^{code:04x} {self.index:04x} (\w*)$").group(1))

    def ready_to_pair(self):
        """Powered, LE alone, bonding, Secure Connections, nothing to show or type on."""
        for opcode in (SET_LE, SET_SECURE_CONN, SET_BONDABLE, SET_POWERED):
            self.do(opcode, b"\1")
        self.do(SET_IO_CAPABILITY, bytes([NO_INPUT_NO_OUTPUT]))

    def end(self):
        self.p.end_of_input()
        self.p.end()
