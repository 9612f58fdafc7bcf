# troth provision as a person does it, with devices of Espressif's protocol: look again, pick, say a
# wrong secret and then the right one, a wrong passphrase or key and then the right one, break off.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with_protocomm
$python - <<'PY'
import contextlib, termios, threading
import device as device_module
from programs import *
from screen import Screen
from support import make_device, network

POP, PASSPHRASE, KEY = "abcd1234", "clover and rye", "00112233445566778899aabbccddeeff"
SECRETS = (POP, PASSPHRASE, KEY, "wr0ngw0rd")
RADIO = ("--transport", "unix:air", "--store", "client.db")
DEVELOPMENT = ("--sec2-user", "wifiprov", "--sec2-password-file", "label")


@contextlib.contextmanager
def lamp(*options):
    d = device("--provision", "espressif", "--attempts", "1", *options, "--name", "PROV_LAMP")
    yield d
    check(d.end(signal.SIGTERM) == 0, "trothd ends", d.text())
    for secret in SECRETS:
        check(secret not in d.text(), f"{secret} in a line of trothd", d.text())
    forget()


@contextlib.contextmanager
def served(*options):
    """A device that shares no line with Troth, over HTTP."""
    made, args = make_device(*options)
    http = device_module.Http(made)
    thread = threading.Thread(target=http.serve)
    thread.start()
    try:
        yield f"127.0.0.1:{http.port}"
    finally:
        http.stop()
        thread.join()


def echoes(screen):
    return bool(termios.tcgetattr(screen.fd)[3] & termios.ECHO)


def tells(screen, *story):
    """(what it shows, what is typed or None)"""
    for shown, typed in story:
        screen.shows(shown)
        if typed is not None:
            screen.types(typed)


DEVICE, NETWORK = r"by number \(0 looks again\): ", r"by number \(0 to rescan\): "
PASSWORD = r"Password .*: "


def wifi():
    with lamp("--sec-ver", "1", "--pop-file", "label") as d:
        s = Screen("provision", "wifi", *RADIO)
        tells(s, (DEVICE, "7"), ("from 0 to 1 is expected", None), (DEVICE, "0"), (DEVICE, "1"),
              ("proof of possession: ", "wr0ngw0rd"), ("refused the proof of possession", None),
              ("proof of possession: ", POP),
              (r"S\.N\. SSID +BSSID +CHN +RSSI +AUTH", None),
              (r"\[ 1\] Meadow +020000000001 +6 +-48 +WPA2-PSK", None),
              (NETWORK, "9"), ("from 0 to 2 is expected", None), (NETWORK, "0"), (NETWORK, "1"),
              (PASSWORD, "short"), ("8 to 63 characters", None), (PASSWORD, "wr0ngw0rd"),
              ("could not log in to the Wi-Fi network", None), (PASSWORD, PASSPHRASE),
              ('connected to "Meadow"', None))
        s.ends(0, SECRETS)
        check(s.text.count("[ 1] Meadow") == 2, "0 scans again", s.text)
        d.told("provisioning", state="successful")


def thread():
    with lamp(*DEVELOPMENT, "--provision-kind", "thread"):
        s = Screen("provision", "thread", "PROV_LAMP", *RADIO)
        tells(s, ("user name.*: ", "wifiprov"), ("password.*: ", "wr0ngw0rd"),
              ("refused the user name or the password", None),
              ("user name.*: ", "wifiprov"), ("password.*: ", POP),
              ("S.N. PAN ID +EXT PAN ID +NAME +EXT ADDR +CHN +RSSI +LQI", None),
              (r"\[ 1\] 4660 +1111111122222222 +Heath +[0-9a-f]{16} +15 +-\d+ +\d+", None),
              (NETWORK, "1"), ("Network key.*: ", ""), (NETWORK, "1"),
              ("Network key.*: ", "f" * 32), ("check the dataset and the network key", None),
              ("Network key.*: ", KEY), ('attached to the Thread network "Heath"', None))
        s.ends(0, SECRETS)


def espressifs():
    """What takes another network only after a reset gets one; what has no reset says so."""
    for made in (("--sec", "1", "--pop", POP), ("--sec", "1", "--pop", POP, "--family", "thread")):
        with served(*made, *network(polls=0)) as where:
            s = Screen("provision", "thread" if "thread" in made else "wifi", "--http", where)
            s.shows("proof of possession: ")
            s.types(POP)
            s.shows(NETWORK)
            s.types("1")
            if "thread" in made:
                tells(s, ("Network key.*: ", "f" * 32), ("check the dataset", None),
                      ("Network key.*: ", KEY), ("first forgets the network that failed", None),
                      ('attached to the Thread network "OpenThreadDemo"', None))
            else:
                tells(s, (PASSWORD, "wr0ngw0rd"), ("check the passphrase", None),
                      (PASSWORD, "passw0rd"), ("first forgets the network that failed", None),
                      ('connected to "net0"', None))
            s.ends(0, SECRETS)
    # A network that is not there: another is picked, with its own passphrase.
    with served("--sec", "1", *network(polls=0, fail="not-found")) as where:
        s = Screen("provision", "wifi", "--http", where)
        tells(s, (NETWORK, "1"), (PASSWORD, "passw0rd"), ("found no such Wi-Fi network", None),
              (r"\[ 2\] open", None), (NETWORK, "2"), ("found no such Wi-Fi network", None),
              (NETWORK, None))
        os.write(s.fd, b"\x03")
        s.ends(1, SECRETS)
    # What was given by options is not asked again.
    with open("wrong", "w") as f:
        f.write("wr0ngw0rd\n")
    with served("--sec", "1", *network(polls=0)) as where:
        s = Screen("provision", "wifi", "--http", where, "--ssid", "net0", "--password-file", "wrong")
        s.shows("check the passphrase")
        s.ends(1, SECRETS)
    with served("--sec", "1", "--pop", POP) as where:
        s = Screen("provision", "wifi", "--http", where, "--pop-file", "wrong")
        s.shows("refused the proof of possession")
        s.ends(1, SECRETS)


def broken_off():
    """Ctrl-C, wherever: the terminal echoes again, the device is free for the next."""
    with lamp(*DEVELOPMENT) as d:
        for story in (((DEVICE, None),), ((DEVICE, "1"), ("user name.*: ", None)),
                      ((DEVICE, "1"), ("user name.*: ", "wifiprov"), ("password.*: ", None)),
                      ((DEVICE, "1"), ("user name.*: ", "wifiprov"), ("password.*: ", POP),
                       (NETWORK, "1"), (PASSWORD, None))):
            s = Screen("provision", "wifi", *RADIO)
            tells(s, *story)
            hidden = story[-1][0] in ("password.*: ", PASSWORD)
            check(echoes(s) != hidden, "echo while asking", s.text)
            os.write(s.fd, b"\x03")
            s.shows("interrupted")
            while s.read():
                pass
            check(echoes(s), "the terminal echoes again", s.text)
            s.ends(1, SECRETS)
            if len(story) > 1:
                d.event("disconnected")


def main():
    with open("label", "w") as f:
        f.write(POP + "\n")
    with open("networks.conf", "w") as f:
        f.write(f"[network]\nssid = Meadow\nsecurity = wpa2\npassword = {PASSPHRASE}\nsignal = -48\n"
                "[network]\nssid = Café Zürich\nsignal = -70\n"
                f"[thread]\nname = Heath\nnetwork_key = {KEY}\nchannel = 15\npan_id = 1234\n"
                "ext_pan_id = 1111111122222222\nmesh_local_prefix = fdad70bfe5aa15dd\n")
    air()
    for story in (wifi, thread, espressifs, broken_off):
        story()
        print(story.__name__, flush=True)


play(main)
PY
