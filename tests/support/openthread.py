"""Doubles of OpenThread, which Debian does not have: otbr-agent on the bus and the CLI's socket of
ot-daemon. Written from what OpenThread publishes of them (ot-br-posix: introspect.xml and what its
methods answer; openthread: the README of the CLI, the daemon's socket) by somebody who had not
seen Troth's backends. They are no proof that the real ones work; they have their manners, the bad
ones too.

    python3 openthread.py agent IFACE [OPTION...]        on the bus of DBUS_SYSTEM_BUS_ADDRESS
    python3 openthread.py daemon IFACE DIR [OPTION...]   DIR/openthread-IFACE.sock

Options: "old" (before Detach and LeaveNetwork; scans with names; tables with a J), "down" (not there
yet). Standard input has one JSON object a line, {"do": WORD, ...}: the methods of Control. Standard
output tells what happened, one a line: {"event": "call"|"role"|...}.

The world is a list of networks. Nothing takes time by itself: what is held waits for "go".
"""
import json, os, socket, sys

from gi.repository import GLib

CHANNEL, PAN_ID, EXT_PAN_ID, NAME, PSKC, KEY, PREFIX, POLICY, TIMESTAMP = 0, 1, 2, 3, 4, 5, 7, 12, 14
LENGTHS = {CHANNEL: 3, PAN_ID: 2, EXT_PAN_ID: 8, PSKC: 16, KEY: 16, PREFIX: 8, TIMESTAMP: 8}
ATTACHED = ("child", "router", "leader")


def tell(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


class Refused(Exception):
    """An error of OpenThread, by number and name."""


def refused(name):
    numbers = {"Failed": 1, "NoBufs": 3, "Busy": 5, "Parse": 6, "InvalidArgs": 7, "InvalidState": 13,
               "NotFound": 23, "InvalidCommand": 35}
    return Refused(numbers[name], name)


def tlvs(raw):
    """{type: value}; Refused when it is no dataset."""
    found, at = {}, 0
    if len(raw) > 254:
        raise refused("InvalidArgs")
    while at < len(raw):
        if at + 2 > len(raw) or at + 2 + raw[at + 1] > len(raw):
            raise refused("InvalidArgs")
        found[raw[at]] = raw[at + 2:at + 2 + raw[at + 1]]
        if len(found[raw[at]]) != LENGTHS.get(raw[at], len(found[raw[at]])):
            raise refused("InvalidArgs")
        at += 2 + raw[at + 1]
    return found


def put(fields):
    return b"".join(bytes((t, len(v))) + v for t, v in fields.items())


class Network:
    """Somebody else's, with one router that can be heard."""

    def __init__(self, name, ext_pan_id, pan_id, channel, key, rssi=-50, lqi=100, joinable=False,
                 ext_addr="ceb04c89f89bafa9", timestamp="0000000000010000"):
        self.ext_addr, self.rssi, self.lqi, self.joinable = ext_addr, rssi, lqi, joinable
        self.fields = {TIMESTAMP: bytes.fromhex(timestamp), CHANNEL: b"\0\0" + bytes((channel,)),
                       EXT_PAN_ID: bytes.fromhex(ext_pan_id), NAME: name.encode(),
                       PREFIX: bytes.fromhex("fdad70bfe5aa15dd"), PAN_ID: bytes.fromhex(pan_id),
                       KEY: bytes.fromhex(key), PSKC: bytes(range(16)),
                       POLICY: bytes.fromhex("02a0f7f8")}

    def answers(self, fields):
        """A parent's answer: the key, and what of channel and PAN the asker knows."""
        return KEY in fields and all(fields.get(t, self.fields[t]) == self.fields[t]
                                     for t in (KEY, CHANNEL, PAN_ID))


class Node:
    """A full Thread device on a host. `stored` survives a restart, nothing else does."""

    def __init__(self):
        self.networks, self.stored, self.holding, self.waiting = [], None, set(), {}
        self.role_changed = self.dataset_changed = lambda: None
        self.refusing = self.unread = self.deaf_to = None
        self.boot()

    def boot(self):
        self.up = self.enabled = False
        self.role, self.fields = "disabled", tlvs(self.stored or b"")
        self.waiting.clear()

    def later(self, what, how):
        """Soon, or when the test says so. One of a kind at a time."""
        self.waiting[what] = how
        if what not in self.holding:
            GLib.idle_add(self.go, what, how)
        tell("waiting", what=what)

    def go(self, what, how=None):
        if what in self.waiting and how in (None, self.waiting[what]):
            self.waiting.pop(what)()
        return False

    def hears(self, call):
        """False, once: the test has it that this never arrived."""
        deaf = self.deaf_to == call
        if deaf:
            self.deaf_to = None
            tell("deaf", to=call)
        return not deaf

    def becomes(self, role):
        if role != self.role:
            self.role = role
            tell("role", role=role)
            self.role_changed()

    def start(self):
        if not self.up:
            raise refused("InvalidState")
        if not self.enabled:
            self.enabled = True
            self.becomes("detached")
            self.later("attach", self.attach)

    def stop(self):
        self.enabled = False
        self.waiting.pop("attach", None)
        self.becomes("disabled")
        self.fields = tlvs(self.stored or b"")

    def attach(self):
        for network in self.networks:
            if network.answers(self.fields):
                self.fields = dict(network.fields)
                if self.stored != put(self.fields):
                    self.stored = put(self.fields)
                    self.dataset_changed()
                return self.becomes("child")
        if all(t in self.fields for t in (TIMESTAMP, KEY, NAME, EXT_PAN_ID, PAN_ID, CHANNEL)):
            self.becomes("leader")

    def set_active(self, raw):
        """Only a device whose Thread is off goes to another network by it."""
        if self.refusing:
            name, self.refusing = self.refusing, None
            raise refused(name)
        fields = tlvs(raw)
        self.stored = bytes(raw)
        if not self.enabled:
            self.fields = fields
        self.dataset_changed()

    def erase(self):
        if self.enabled:
            raise refused("InvalidState")
        self.stored = None

    def get(self, t, otherwise):
        return self.fields.get(t, otherwise)

    def address(self):
        words = [self.get(PREFIX, bytes(8))[i:i + 2].hex() for i in range(0, 8, 2)]
        return [":".join(words + ["0", "ff", "fe00", "c01"]),
                ":".join(words + ["558", "f56b", "d688", "799"]),
                "fe80:0:0:0:f3d9:2a82:c8d8:fe43"]


class Agent:
    """otbr-agent. A call that is not known gets what libdbus answers by itself."""

    def __init__(self, node, ifname, old):
        import dbus, dbus.lowlevel, dbus.mainloop.glib
        self.dbus, self.node, self.old, self.bus = dbus, node, old, None
        self.interface = "io.openthread.BorderRouter"
        self.name, self.path = f"{self.interface}.{ifname}", f"/io/openthread/BorderRouter/{ifname}"
        self.attach_reply = self.scan_reply = None
        dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
        node.role_changed, node.dataset_changed = self.role_changed, self.dataset_changed

    def begin(self):
        self.attach_reply = self.scan_reply = None
        self.node.boot()
        self.bus = self.dbus.bus.BusConnection(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
        self.bus.add_message_filter(self.heard)
        self.bus.request_name(self.name)
        self.signal(self.interface, "Ready")
        tell("here")
        if self.node.stored is not None:
            self.node.up = True
            self.node.start()

    def end(self):
        self.bus.flush()
        self.bus.close()
        self.bus = None
        self.node.boot()
        tell("gone")

    def signal(self, interface, member, *arguments, signature=""):
        message = self.dbus.lowlevel.SignalMessage(self.path, interface, member)
        message.append(*arguments, signature=signature)
        self.bus.send_message(message)

    def changed(self, name, value):
        if self.bus:
            self.signal("org.freedesktop.DBus.Properties", "PropertiesChanged", self.interface,
                        {name: value}, [], signature="sa{sv}as")

    def role_changed(self):
        self.changed("DeviceRole", self.node.role)
        if self.node.role in ATTACHED and self.attach_reply:
            call, self.attach_reply = self.attach_reply, None
            self.reply(call)

    def dataset_changed(self):
        if self.node.stored is not None:
            self.changed("ActiveDatasetTlvs", self.dbus.ByteArray(self.node.stored))

    def reply(self, call, *arguments, signature=""):
        message = self.dbus.lowlevel.MethodReturnMessage(call)
        message.append(*arguments, signature=signature)
        if self.bus:
            self.bus.send_message(message)

    def error(self, call, name):
        self.bus.send_message(self.dbus.lowlevel.ErrorMessage(call, name, None))

    def heard(self, bus, call):
        if call.get_type() != 1 or call.get_path() != self.path:
            return self.dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        member = call.get_member()
        method = getattr(self, member, None) if member[0].isupper() else None
        if method is None or (self.old and member in ("Detach", "LeaveNetwork")):
            tell("call", name=member, known=False)
            return self.dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        arguments = call.get_args_list(byte_arrays=True)
        tell("call", name=member, property=arguments[1] if member in ("Get", "Set") else "")
        if not self.node.hears(member):
            return self.dbus.lowlevel.HANDLER_RESULT_HANDLED
        try:
            method(call, *arguments)
        except Refused as e:
            self.error(call, "io.openthread.Error." + e.args[1])
        return self.dbus.lowlevel.HANDLER_RESULT_HANDLED

    def Get(self, call, interface, name):
        d, node = self.dbus, self.node
        if name == "ActiveDatasetTlvs" and node.unread:
            raise refused(node.unread)
        if name == "ActiveDatasetTlvs" and node.stored is None:
            raise refused("NotFound")
        found = {
            "DeviceRole": lambda: node.role,
            "NetworkName": lambda: node.get(NAME, b"OpenThread").decode(),
            "PanId": lambda: d.UInt16(int.from_bytes(node.get(PAN_ID, b"\xff\xff"), "big")),
            "ExtPanId": lambda: d.UInt64(int.from_bytes(
                node.get(EXT_PAN_ID, bytes.fromhex("dead00beef00cafe")), "big")),
            "Channel": lambda: d.UInt16(node.get(CHANNEL, b"\0\0\x0b")[2]),
            "NetworkKey": lambda: d.ByteArray(node.get(KEY, bytes(16))),
            "MeshLocalPrefix": lambda: d.ByteArray(node.get(PREFIX, bytes(8))),
            "ExtendedAddress": lambda: d.UInt64(0xf3d92a82c8d8fe43),
            "Rloc16": lambda: d.UInt16(0x0c01 if node.role in ATTACHED else 0xfffe),
            "ActiveDatasetTlvs": lambda: d.ByteArray(node.stored),
        }.get(name)
        if interface != self.interface or not found:
            raise refused("NotFound")
        self.reply(call, found(), signature="v")

    def GetAll(self, call, interface):
        """It stops at the first property that has no value, such as a pending dataset."""
        raise refused("NotFound")

    def Set(self, call, interface, name, value):
        if interface != self.interface or name != "ActiveDatasetTlvs":
            raise refused("NotFound")
        if len(value) <= 254:  # a longer one is neither taken nor refused
            self.node.set_active(bytes(value))
        self.reply(call)

    def Attach(self, call, *new_network):
        """Answered by the next change of the role to an attached one, and by nothing else."""
        if new_network:
            raise refused("InvalidArgs")
        if self.attach_reply:
            raise refused("InvalidState")
        self.node.up = True
        self.node.start()
        self.attach_reply = call

    def Detach(self, call):
        """An Attach that waits goes on waiting."""
        self.node.stop()
        self.node.up = False
        self.reply(call)

    def reset(self):
        self.node.boot()
        self.attach_reply = self.scan_reply = None
        self.role_changed()

    def FactoryReset(self, call):
        self.node.stop()
        self.node.up = False
        self.node.erase()
        self.reset()
        tell("erased")
        self.reply(call)

    def Reset(self, call):
        self.reset()
        self.reply(call)
        if self.node.stored is not None:
            self.node.up = True
            self.node.start()

    def LeaveNetwork(self, call):
        """It ends with it, and whoever started it starts it again."""
        self.node.stop()
        self.node.erase()
        tell("erased")
        self.reply(call)
        self.end()
        self.node.later("restart", self.begin)

    def Scan(self, call):
        """A second one is refused, and the first never answered."""
        if "scan" in self.node.waiting:
            self.scan_reply = None
            raise refused("Busy")
        self.scan_reply = call
        self.node.later("scan", self.scanned)

    def scanned(self):
        call, self.scan_reply = self.scan_reply, None
        d, results = self.dbus, []
        for n in self.node.networks:
            named = self.old  # what is in a beacon of before 1.3; later ones say PAN and address
            results.append((
                d.UInt64(int(n.ext_addr, 16)), n.fields[NAME].decode() if named else "",
                d.UInt64(int.from_bytes(n.fields[EXT_PAN_ID], "big") if named else 0),
                d.ByteArray(b""), d.UInt16(int.from_bytes(n.fields[PAN_ID], "big")),
                d.UInt16(1000 if named else 0), d.Byte(n.fields[CHANNEL][2]), d.Int16(n.rssi),
                d.Byte(n.lqi), d.Byte(2 if named else 0), named, named and n.joinable))
        if call:
            self.reply(call, d.Array(results, signature="(tstayqqynyybb)"),
                       signature="a(tstayqqynyybb)")


class Daemon:
    """ot-daemon. One session: who comes next takes it. What one read brings is one line."""

    def __init__(self, node, ifname, old, folder):
        self.node, self.old, self.path = node, old, f"{folder}/openthread-{ifname}.sock"
        self.listening = self.session = None
        self.pending = False
        self.buffer = {}

    def begin(self):
        self.node.boot()
        self.pending = False
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(self.path)
        self.listening.listen(1)
        GLib.io_add_watch(self.listening.fileno(), GLib.IO_IN, self.comes, self.listening)
        tell("here")

    def end(self, unlink=True):
        for s in (self.session, self.listening):
            if s:
                s.close()
        self.session = self.listening = None
        self.node.boot()
        if unlink:
            os.unlink(self.path)
        tell("gone")

    def comes(self, fd, condition, listening):
        if listening is not self.listening:
            return False
        if self.session:
            self.session.close()
        self.session = listening.accept()[0]
        GLib.io_add_watch(self.session.fileno(), GLib.IO_IN | GLib.IO_HUP, self.reads, self.session)
        tell("session")
        return True

    def reads(self, fd, condition, session):
        if session is not self.session:
            return False
        try:
            line = session.recv(639)
        except ConnectionError:
            line = b""
        if not line:
            session.close()
            self.session = None
            return False
        words = line.decode().split()
        if not words:
            self.output("> ")
        elif not self.pending:  # else it is not heard at all
            self.pending = True
            self.line(words)
        return self.session is session

    def output(self, text):
        if self.session:
            try:
                self.session.sendall(text.encode())
            except OSError:
                pass

    def done(self, *lines):
        for line in lines:
            self.output(line + "\r\n")
        self.pending = False
        self.output("Done\r\n")
        self.output("> ")

    def line(self, words):
        shown = words[:3] if words[:3] != ["dataset", "set", "active"] else words[:3] + ["..."]
        tell("call", name=" ".join(shown))
        if not self.node.hears(" ".join(shown)):
            self.pending = False
            return
        method = getattr(self, "do_" + words[0], None)
        try:
            if not method:
                raise refused("InvalidCommand")
            lines = method(*words[1:])
            if lines is not None:
                self.done(*lines)
        except TypeError:
            self.failed(refused("InvalidArgs"))
        except Refused as e:
            self.failed(e)

    def failed(self, e):
        self.pending = False
        self.output(f"Error {e.args[0]}: {e.args[1]}\r\n")
        self.output("> ")

    def do_state(self):
        return [self.node.role]

    def do_version(self):
        return ["OPENTHREAD/thread-reference-20230706; POSIX; Jul  6 2023 00:00:00"]

    def do_networkname(self):
        return [self.node.get(NAME, b"OpenThread").decode()]

    def do_panid(self):
        return ["0x" + self.node.get(PAN_ID, b"\xff\xff").hex()]

    def do_extpanid(self):
        return [self.node.get(EXT_PAN_ID, bytes.fromhex("dead00beef00cafe")).hex()]

    def do_channel(self):
        return [str(self.node.get(CHANNEL, b"\0\0\x0b")[2])]

    def do_networkkey(self):
        return [self.node.get(KEY, bytes(16)).hex()]

    def do_extaddr(self):
        return ["f3d92a82c8d8fe43"]

    def do_rloc16(self):
        return ["0c01" if self.node.role in ATTACHED else "fffe"]

    def do_ipaddr(self, *which):
        all = self.node.address() if self.node.role in ATTACHED else (
            self.node.address()[2:] if self.node.up else [])
        kinds = {(): all, ("mleid",): all[1:2], ("rloc",): all[:1], ("linklocal",): all[-1:]}
        if which not in kinds:
            raise refused("InvalidArgs")
        return kinds[which]

    def do_ifconfig(self, what=None):
        if what is None:
            return ["up" if self.node.up else "down"]
        if what not in ("up", "down"):
            raise refused("InvalidArgs")
        if what == "down" and self.node.enabled:
            self.node.stop()
        self.node.up = what == "up"
        return []

    def do_thread(self, what):
        if what not in ("start", "stop"):
            raise refused("InvalidCommand")
        self.node.start() if what == "start" else self.node.stop()
        return []

    def do_dataset(self, *words):
        node = self.node
        if words in (("active", "-x"), ("active",)):
            if node.unread:
                raise refused(node.unread)
            if node.stored is None:
                raise refused("NotFound")
            return [node.stored.hex()] if words[1:] else self.shown(tlvs(node.stored))
        if words == ("clear",):
            self.buffer = {}
        elif words == ("init", "active"):
            if node.stored is None:
                raise refused("NotFound")
            self.buffer = tlvs(node.stored)
        elif words[:2] == ("init", "tlvs") and len(words) == 3:
            self.buffer = tlvs(self.hex(words[2]))
        elif words == ("commit", "active"):
            node.set_active(put(self.buffer))
        elif words == ("tlvs",):
            return [put(self.buffer).hex()]
        elif words[:2] == ("set", "active") and len(words) == 3:
            node.set_active(self.hex(words[2]))
        else:
            raise refused("InvalidArgs" if words[:1] in (("set",), ("init",)) else "InvalidCommand")
        return []

    @staticmethod
    def hex(word):
        try:
            return bytes.fromhex(word)
        except ValueError:
            raise refused("InvalidArgs")

    @staticmethod
    def shown(fields):
        return [f"{name}: {fields[t].hex()}" for t, name in
                ((EXT_PAN_ID, "Ext PAN ID"), (KEY, "Network Key")) if t in fields]

    def do_scan(self, channel=None):
        self.table(named=self.old)

    def do_discover(self, channel=None):
        if not self.node.up:
            raise refused("InvalidState")
        self.table(named=True)

    def table(self, named):
        """The head at once, the rows as they come, then Done."""
        heads = (["J"] if named and self.old else []) + \
            (["Network Name    ", "Extended PAN    "] if named else []) + \
            ["PAN ", "MAC Address     ", "Ch", "dBm", "LQI"]
        self.output("".join(f"| {h} " for h in heads) + "|\r\n")
        self.output("".join("+" + "-" * (len(h) + 2) for h in heads) + "+\r\n")
        self.node.later("scan", lambda: self.rows(named))

    def rows(self, named):
        for n in self.node.networks:
            f = n.fields
            row = f"| {int(n.joinable)} " if named and self.old else ""
            if named:
                name = f[NAME].decode()
                row += f"| {name}{' ' * (16 - len(f[NAME]))} | {f[EXT_PAN_ID].hex()} "
            row += f"| {f[PAN_ID].hex()} | {n.ext_addr} | {f[CHANNEL][2]:2} | {n.rssi:3} | {n.lqi:3} |"
            self.output(row + "\r\n")
        self.done()

    def again(self):
        """It starts itself anew: the session ends without a word, Thread is off."""
        self.end(unlink=False)
        self.node.later("restart", self.begin)

    def do_factoryreset(self):
        self.node.stored = None
        tell("erased")
        self.again()

    def do_reset(self):
        self.again()


class Control:
    """What a test may do to it."""

    def __init__(self, service, node):
        self.service, self.node = service, node

    def network(self, **fields):
        self.node.networks.append(Network(**fields))

    def silence(self):
        """Nobody is heard any more; who was attached is not."""
        self.node.networks = []

    def lose(self):
        """The parent is gone: it looks again."""
        self.node.becomes("detached")
        self.node.later("attach", self.node.attach)

    def role(self, role):
        self.node.becomes(role)

    def stored(self, dataset):
        self.node.stored = bytes.fromhex(dataset)

    def resume(self):
        """Somebody else turns its Thread on, with what is stored."""
        self.node.boot()
        self.node.up = True
        self.node.start()

    def listen(self):
        """Somebody else's scan, which lasts."""
        self.node.waiting["scan"] = lambda: None

    def hold(self, what):
        self.node.holding.add(what)

    def free(self, what):
        self.node.holding.discard(what)
        self.node.go(what)

    def go(self, what):
        self.node.go(what)

    def refuse(self, name):
        """The next dataset."""
        self.node.refusing = name

    def unread(self, name):
        """Its dataset cannot be read, for this reason; "": it can."""
        self.node.unread = name

    def deaf(self, to):
        """The next call of this name is not heard."""
        self.node.deaf_to = to

    def up(self):
        self.service.begin()

    def down(self):
        self.service.end()

    def state(self):
        fields = tlvs(self.node.stored or b"")
        tell("state", role=self.node.role, up=self.node.up,
             dataset=None if self.node.stored is None else self.node.stored.hex(),
             name=fields.get(NAME, b"").decode(), running=self.node.get(NAME, b"").decode())


def main(what, ifname, *rest):
    node = Node()
    old = "old" in rest
    service = Agent(node, ifname, old) if what == "agent" else Daemon(node, ifname, old, rest[0])
    control, loop = Control(service, node), GLib.MainLoop()

    def reads(channel, condition):
        line = sys.stdin.buffer.readline()
        if not line:
            loop.quit()
            return False
        order = json.loads(line)
        getattr(control, order.pop("do"))(**order)
        tell("did")
        return True

    # Unbuffered by a pipe that gives one order at a time: each is answered by "did".
    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, reads)
    if "down" not in rest:
        service.begin()
    tell("ready")
    loop.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
