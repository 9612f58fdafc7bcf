"""Who manages wlan1 of a guest: each started as a distribution has it, and found ready."""

WPA = "/run/wpa_supplicant"


def networkmanager_set_up(g):
    """Its configuration, and the wpa_supplicant it works through."""
    g.file("/etc/NetworkManager/NetworkManager.conf", "[main]\nplugins=keyfile\n"
           "auth-polkit=false\n[device]\nwifi.scan-rand-mac-address=no\n")
    g.run("mount -o remount,ro /sys; mkdir -p /run/NetworkManager")  # no udev to wait for
    return g.start("exec wpa_supplicant -u -s")


def networkmanager(g):
    daemons = [networkmanager_set_up(g), g.start("exec NetworkManager --debug")]
    g.retry("nmcli -t device | grep -q '^wlan1:wifi:disconnected'")
    return daemons


def iwd_set_up(g):
    g.run("modprobe -a algif_hash algif_skcipher cmac ecb des_generic md4 sha512_generic "
          "pkcs8_key_parser")
    g.file("/etc/iwd/main.conf", "[General]\nEnableNetworkConfiguration=true\n"
           "[Network]\nNameResolvingService=none\n")


def iwd(g):
    iwd_set_up(g)
    daemons = [g.start("exec /usr/libexec/iwd -i wlan1")]
    g.retry("iwctl device list | grep -q wlan1")
    return daemons


def supplicant(g, folder="/var/lib/troth"):
    """wpa_supplicant, and whoever asks for an address when it is connected."""
    g.run(f"mkdir -p {folder}")
    g.file(f"{folder}/wpa.conf", f"ctrl_interface={WPA}\nupdate_config=1\nfreq_list=2412\n",
           0o600)
    daemons = [g.start(f"exec wpa_supplicant -D nl80211 -i wlan1 -c {folder}/wpa.conf")]
    g.retry(f"test -S {WPA}/wlan1")
    daemons.append(g.start(f"exec wpa_cli -p {WPA} -i wlan1 -a /bin/action.sh"))
    return daemons
