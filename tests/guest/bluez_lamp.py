"""trothd on bluetoothd in the guest, and troth, which is on the host with a host of its own."""
from guest import *

NETWORKS = """[network]
ssid = Meadow
security = wpa2
password = clover and rye

[network]
ssid = Heath
security = wpa2
password = ling and gorse
"""


class Lamp:
    def __init__(self, g, store, *options):
        self.g, self.command = g, " ".join(
            ("exec trothd --json --transport bluez:hci0 --network sim:/tmp/networks --name Lamp",
             f"--store /tmp/{store}", *options))
        self.start()

    def start(self):
        self.p = self.g.start(self.command)
        self.p.event("advertising", on=True)

    def end(self):
        check(self.p.end(15) == 0, "trothd stops", self.p.text())


def file(name, text):
    with open(path(name), "w") as f:
        f.write(text + "\n")
    return name


def client(*words, status=0, typed=None, store="client.db"):
    """troth on the host, to its end; what it said."""
    p = program("troth", *words, "--transport", "unix:air", "--store", store,
                stdin=subprocess.PIPE if typed else subprocess.DEVNULL)
    if typed:
        typed(p)
    return p.ends(status, " ".join(words))


def provision(ssid, password, *words, status=0, typed=None, store="client.db"):
    return client("provision", "wifi", "Lamp", "--ssid", ssid, "--password-file",
                  file("secret", password), *words, status=status, typed=typed, store=store)


def says(text, words):
    check(words in text, f'"{words}" is said', text)


def joined(g, ssid):
    g.retry(f"grep -q '\"ssid\":.*{ssid}' /tmp/networks.state")


def pairable(g, truth):
    """The adapter comes to be so."""
    g.retry("dbus-send --system --print-reply --dest=org.bluez /org/bluez/hci0 "
            "org.freedesktop.DBus.Properties.Get string:org.bluez.Adapter1 string:Pairable "
            f"| grep -q 'boolean {str(truth).lower()}'")


def bonds(g):
    """The addresses bluetoothd has bonds with."""
    return {line.split()[1] for line in g.run("bluetoothctl devices Paired").splitlines()
            if line.startswith("Device ")}
