"""trothd on bluetoothd, which is not there yet, restarts, loses its adapter, has it powered off:
each is said, and the device goes on when it is back, with its bonds."""
from bluez_lamp import *
from guest import *


def daemon(g):
    return g.start("exec /usr/libexec/bluetooth/bluetoothd -n")


def power(g, on):
    g.run("dbus-send --system --print-reply --dest=org.bluez /org/bluez/hci0 "
          "org.freedesktop.DBus.Properties.Set string:org.bluez.Adapter1 string:Powered "
          f"variant:boolean:{str(on).lower()}")


def main():
    air = Air()
    g = Guest(air, adapters=1)
    g.file("/tmp/networks", NETWORKS)
    command = ("exec trothd --json --transport bluez:hci0 --network sim:/tmp/networks --name Lamp "
               "--store /tmp/lamp.db --agent none")

    no_bus = g.start(command)
    no_bus.line("D-Bus system bus, which cannot be opened")
    check(no_bus.end() == 1, "nothing to be done without a bus", no_bus.text())

    g.dbus()
    once = g.start(command + " --retry no")
    once.line("bluetoothd is not running")
    check(once.end() == 1, "without --retry it ends", once.text())

    lamp = g.start(command)
    says(lamp.event("transport", up=False)["text"], "bluetoothd is not running")
    d = daemon(g)
    says(lamp.event("transport", up=False)["text"], "has no adapter hci0")
    bridge = g.adapter(0)
    # bluetoothd leaves a new adapter as it is where AutoEnable is off, and the device needs it on.
    lamp.event("controller", address="02:70:A1:00:00:01")
    lamp.event("advertising", on=True)
    provision("Meadow", "clover and rye")
    lamp.event("paired", bonded=True)
    lamp.event("status", status_name="CONNECTED")
    lamp.event("disconnected")

    check(d.end(15) == 0, "bluetoothd stops")
    lamp.until(lambda line: '"up":false' in line and "bluetoothd is " in line, "bluetoothd went")
    d = daemon(g)
    lamp.event("advertising", on=True)
    says(client("status", "Lamp"), "CONNECTED")
    lamp.event("connected", bonded=True)
    lamp.event("disconnected")

    d.end(9)
    lamp.event("transport", up=False)
    d = daemon(g)
    lamp.event("advertising", on=True)
    says(client("status", "Lamp"), "CONNECTED")
    lamp.event("disconnected")

    power(g, False)
    says(lamp.event("advertising", on=False)["text"], "powered off")
    power(g, True)
    lamp.event("advertising", on=True)
    says(client("status", "Lamp"), "CONNECTED")
    lamp.event("disconnected")

    bridge.kill()
    says(lamp.event("transport", up=False)["text"], "hci0")
    bridge.end()
    check(g.adapter(0).adapter == "hci0", "the adapter is back under its name")
    lamp.event("advertising", on=True)
    says(client("status", "Lamp"), "CONNECTED")
    lamp.event("disconnected")
    check(lamp.end(15) == 0, "trothd stops", lamp.text())
    says(g.run("trothd --factory-reset --store /tmp/lamp.db"), "bluetoothd still holds 1 bond")
    lamp = g.start(command)
    lamp.event("forgot", bonds=1)
    check(not bonds(g), "it still knew which bond was its own", str(bonds(g)))
    check(lamp.end(15) == 0, "trothd stops", lamp.text())


play(main)
