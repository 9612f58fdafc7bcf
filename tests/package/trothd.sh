# The daemon: its user, its service, its configuration; it runs, and is provisioned by the client.
apt-get -q -y --no-install-recommends install systemd troth libxml2-utils
id troth >/dev/null || fail "there is no user troth"
systemd-analyze verify --man=no /lib/systemd/system/trothd.service || fail "the service is not right"
exposure=$(systemd-analyze security --offline=true --no-pager trothd.service | tail -1)
echo "$exposure"
! systemctl is-enabled trothd >/dev/null 2>&1 || fail "the service is enabled before it is configured"
xmllint --noout --nonet --nowarning /usr/share/dbus-1/system.d/troth.conf 2>/dev/null ||
    fail "the D-Bus policy is no XML"

# As it comes, it says what it needs.
trothd --config /etc/troth/troth.conf 2>/tmp/needs && fail "it runs without a radio"
grep -q -- '--transport is missing' /tmp/needs || fail "it does not say what is missing"

# Set up by a drop-in, by its own user, and provisioned.
install -d -o troth /tmp/device
cat >/tmp/device/networks <<'C'
[network]
ssid = Meadow
security = wpa2
passphrase = clover and rye
C
mkdir /etc/troth/troth.conf.d
cat >/etc/troth/troth.conf.d/radio.conf <<'C'
transport = unix:/tmp/air
network = sim:/tmp/device/networks
agent = none
C
troth air --listen unix:/tmp/air >/tmp/air.log &
air=$!
while [ ! -S /tmp/air ]; do kill -0 $air; sleep 0.05; done
chmod 666 /tmp/air
setpriv --reuid troth --regid troth --clear-groups env STATE_DIRECTORY=/tmp/device \
    trothd --config /etc/troth/troth.conf >/tmp/trothd.log 2>&1 &
device=$!
until grep -q advertising /tmp/trothd.log; do kill -0 $device || { cat /tmp/trothd.log; exit 1; }; sleep 0.05; done
echo 'clover and rye' >/tmp/password
troth provision wifi Troth --transport unix:/tmp/air --store /tmp/phone.db --ssid Meadow \
    --password-file /tmp/password || { cat /tmp/trothd.log; fail "provisioning failed"; }
kill $device
wait $device
kill $air
wait $air
trothd --config /etc/troth/troth.conf --store /tmp/device/trothd.db --factory-reset | grep Meadow >/dev/null ||
    fail "the network was not remembered"
rm -rf /tmp/device /tmp/phone.db* /tmp/air /etc/troth/troth.conf.d
apt-get -q -y purge troth
