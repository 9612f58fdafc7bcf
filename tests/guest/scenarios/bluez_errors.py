"""What a client gets to see of trothd's refusals through bluetoothd, which has ATT errors of its own
(docs/BLUEZ.md); and that the handles are in the order of the service's table."""
from bluetoothctl import Bluetoothctl
from bluez_lamp import *
from guest import *

UUID = "8b84000{}-f6fa-4e33-9a0c-e14d9f35f201"
LAMP = "/org/bluez/hci1/dev_02_70_A1_00_00_01"

# characteristic, octets, bluetoothd's words for the error at the client's side; "": taken
WRITES = (
    (4, [9], "ATT error: 0x93"),      # Value Not Allowed is 0x13; 0x80 + 0x13
    (4, [1], ""),
    (5, [1, 2], "Invalid Length"),    # Invalid Attribute Value Length
    (2, [65] * 33, "Invalid Length"),
    (2, [65] * 32, ""),
)


def main():
    air = Air()
    g = Guest(air, adapters=2)
    g.bluetoothd()
    g.file("/tmp/networks", NETWORKS)
    lamp = Lamp(g, "lamp.db", "--security none --agent none")
    c = Bluetoothctl(g)
    c.p.type("select 02:70:A1:00:00:02")
    at = c.find("Lamp")
    c.quiet()
    c.connect(at)
    g.retry(f"busctl get-property org.bluez {LAMP} org.bluez.Device1 ServicesResolved "
            "| grep -q true")
    objects = json.loads(g.run("busctl --json=short call org.bluez / "
                               "org.freedesktop.DBus.ObjectManager GetManagedObjects"))["data"][0]
    paths = {o["org.bluez.GattCharacteristic1"]["UUID"]["data"]: path
             for path, o in objects.items()
             if path.startswith(LAMP) and "org.bluez.GattCharacteristic1" in o}
    handles = [int(paths[UUID.format(n)][-4:], 16) for n in range(2, 8)]
    check(handles == sorted(handles), "handles in the table's order", str(handles))
    for n, value, words in WRITES:
        said = g.run(f"busctl call org.bluez {paths[UUID.format(n)]} "
                     "org.bluez.GattCharacteristic1 WriteValue 'aya{sv}' "
                     f"{len(value)} {' '.join(map(str, value))} 0 2>&1", status=None)
        check(words.lower() in said.lower() if words else not said.strip(),
              f"{len(value)} octets to {n}: {words or 'taken'}", said)
    lamp.end()


play(main)
