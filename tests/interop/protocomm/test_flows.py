"""Provisioning from end to end; no clock: devices count polls."""

import wire
from client import Failed
from support import DEMO, KEY, SECURITIES, Case, client_on, network, served


class Provisioning(Case):
    """Every security, network, transport and outcome; a failure is always recovered from."""

    def run_one(self, client, outcome, scanned):
        """Set, apply and wait; then what the device must have become."""
        wifi = client.family == 'wifi'
        if wifi:
            ssid, word = {'auth': (b'net0', b'wrong'), 'not-found': (b'net9', b'x')}.get(
                outcome, (b'net0', b'passw0rd'))
            client.set_wifi(ssid, word)
        else:
            wrong = wire.dataset({5: bytes(16)})
            client.set_thread({'invalid': DEMO[:-1], 'not-found': wrong}.get(
                outcome, client.picked('OpenThreadDemo', KEY) if scanned else DEMO))
        if outcome == 'invalid':
            with self.fails('status', 'InternalError', status=5):
                client.apply()
        else:
            client.apply()
        if outcome == 'joined':
            got = client.wait()
            self.assertEqual([s['state'] for s in got['seen']],
                             ['Connecting', 'Connected'] if wifi else ['Attaching', 'Attached'])
            self.assertEqual(got['network']['ssid' if wifi else 'name'],
                             b'net0' if wifi else 'OpenThreadDemo')
            return
        if outcome == 'never':
            with self.fails('timeout'):
                client.wait(polls=3)
            return
        reason = {'auth': 'AuthError', 'invalid': 'DatasetInvalid',
                  'not-found': 'WifiNetworkNotFound' if wifi else 'ThreadNetworkNotFound'}[outcome]
        state = 'ConnectionFailed' if wifi else 'AttachingFailed'
        with self.fails('network', reason, state=state, reason=reason):
            client.wait()
        with self.fails('status', 'InternalError', status=5):
            client.apply()
        client.reset()
        self.assertEqual(client.status()['state'], 'Connecting' if wifi else 'Attaching')
        with self.fails('status', 'InternalError'):
            client.apply()
        self.run_one(client, 'joined', scanned)

    def test_matrix(self):
        outcomes = {'wifi': ('joined', 'auth', 'not-found', 'never'),
                    'thread': ('joined', 'invalid', 'not-found', 'never')}
        for way in ('http', 'pipe'):
            for name, options in SECURITIES.items():
                for family, all_of_them in outcomes.items():
                    if (name, family) in (('srp-0', 'thread'), ('srp-0-net', 'wifi')):
                        continue
                    for number, outcome in enumerate(all_of_them):
                        with self.subTest(way=way, security=name, family=family, outcome=outcome):
                            self.one(way, options, family, outcome, number)

    def one(self, way, options, family, outcome, number):
        script = network(fail='never') if outcome == 'never' else ()
        empty = ('absent', 'present')[number % 2]
        with served(way, *options, '--family', family, *script,
                    '--empty', empty) as (link, device):
            client = client_on(link, empty=empty)
            told = client.proto_ver()
            self.assertEqual((told['sec'], told['family']), (device.security.version, family))
            client.session()
            self.assertEqual(client.custom(b'hello'), {'reply': b'SUCCESS\0'})
            client.scan()
            self.run_one(client, outcome, scanned=number % 2 == 0)
            self.assertEqual(device.manager.state, 'running' if outcome == 'never' else 'done')
            client.proto_ver()              # plain, at any time
            if number == 0:
                client.session()            # a new one in the middle of the old
            client.status()

    def test_attempts(self):
        for firmware, told in (('netprov-1.2', [2, 1]), ('idf-5.4.1', [])):
            for fail in ('auth', 'not-found', 'other'):
                with served('pipe', '--sec', '0', '--firmware', firmware, *network(
                        attempts=3, polls=0, fail=fail)) as (link, device):
                    client = client_on(link, sec=0, family='wifi')
                    client.set_wifi(b'net0', b'passw0rd')
                    client.apply()
                    with self.assertRaises(Failed) as caught:
                        client.wait()
                    seen = caught.exception.facts['seen']
                    self.assertEqual([s['attempts_remaining'] for s in seen
                                      if 'attempts_remaining' in s], told)
                    self.assertEqual([s['state'] for s in seen],
                                     ['Connecting'] * 2 + ['ConnectionFailed'])
                    self.assertEqual(caught.exception.facts['reason'],
                                     'WifiNetworkNotFound' if fail == 'not-found' else 'AuthError')

    def test_other_reason_without_attempts_goes_on(self):
        with served('pipe', '--sec', '0', *network(fail='other')) as (link, device):
            client = client_on(link, sec=0, family='wifi')
            client.set_wifi(b'net0', b'passw0rd')
            client.apply()
            with self.fails('timeout'):
                client.wait(polls=5)

    def test_control(self):
        for family in ('wifi', 'thread'):
            for option, allowed in (((), False), (('--no-auto-stop',), True)):
                with served('pipe', '--sec', '0', '--family', family, *option) as (link, device):
                    client = client_on(link)
                    client.proto_ver()
                    client.reset()                          # nothing to reset: Success
                    client.set_thread(DEMO) if family == 'thread' else client.set_wifi(b'net9')
                    client.apply()
                    with self.fails('status', 'InternalError'):
                        client.reset()                      # running
                    if allowed:
                        client.reprov()
                        self.assertEqual(device.manager.state, 'started')
                    else:
                        with self.fails('status', 'InternalError'):
                            client.reprov()
                    other = client_on(link, sec=0, family='wifi' if family == 'thread' else
                                      'thread')
                    other.session()
                    for ask in (other.reset, other.apply, other.status, other.scan):
                        with self.fails('status', 'InvalidArgument'):
                            ask()

    def test_foreign_status_never_reads_as_joined(self):
        for family, asked, told in (('thread', '5200', '08015a0408041002'),
                                    ('wifi', '0806820100', '08078a010408041002')):
            with served('pipe', '--sec', '0', '--family', family) as (link, device):
                self.assertEqual(link.exchange('prov-config', bytes.fromhex(asked)).hex(), told)

    def test_datasets(self):
        self.assertEqual(wire.dataset(wire.parse_dataset(DEMO)), DEMO)
        found = {'channel': 15, 'pan_id': 0x234, 'ext_pan_id': b'\x11' * 8, 'name': 'net'}
        self.assertEqual(wire.dataset_of_scan(found, KEY).hex(),
                         '0003' '00000f' '0208' + '11' * 8 + '0510' + KEY.hex() +
                         '0102' '0234' '0303' '6e6574')
        for bad in ('00', '0003', '000300000a', '000300001b', '000301000f', '0003000f',
                    '0102ffff', '0101aa', '0200', '0300', '0301ff', '050f' + '00' * 15,
                    '0708' + '00' * 8, '01021234' '01021234', 'f0ff' + '00' * 254,
                    'f0fd' + '00' * 253):
            with self.subTest(bad), self.assertRaises(ValueError):
                wire.parse_dataset(bytes.fromhex(bad))
        wire.parse_dataset(bytes.fromhex('f0fc' + '00' * 252))      # unknown, and 254 in all

    def test_limits_of_credentials(self):
        with served('pipe', '--sec', '0') as (link, device):
            client = client_on(link, sec=0, family='wifi')
            client.session()
            for right in ((b's' * 32, b'p' * 63, b'b' * 6, 13), (b'', b'')):
                client.set_wifi(*right)
            for wrong in ((b's' * 33, b''), (b's', b'p' * 64), (b's', b'', b'b' * 5)):
                with self.fails('status', 'InvalidArgument', status=4):
                    client.set_wifi(*wrong)
        with served('pipe', '--sec', '0', '--family', 'thread') as (link, device):
            client = client_on(link, sec=0, family='thread')
            client.session()
            client.set_thread(bytes(254))
            with self.fails('status', 'InvalidArgument', status=4):
                client.set_thread(bytes(255))

    def test_forgiving(self):
        with served('pipe', '--sec', '0', '--forgiving', *network(polls=0)) as (link, device):
            client = client_on(link, sec=0, family='wifi')
            for word in (b'wrong', b'passw0rd'):
                client.set_wifi(b'net0', word)
                client.apply()
                client.status()
            self.assertEqual(device.manager.state, 'done')


class Scans(Case):
    def test_pages(self):
        many = [{'ssid': f'n{i}', 'password': '', 'rssi': -90 + i * 7 % 20, 'auth': 9}
                for i in range(20)]
        best = sorted(many, key=lambda n: -n['rssi'])[:16]
        for page, blocking in ((1, True), (3, False), (4, True), (16, True)):
            with served('pipe', '--sec', '0', *network(wifi=many, scan=2)) as (link, device):
                client = client_on(link, sec=0, family='wifi')
                got = client.scan(page=page, blocking=blocking)['networks']
                self.assertEqual([n['rssi'] for n in got], [n['rssi'] for n in best])
                self.assertEqual(got[0]['auth'], '9')
                for start, count in ((0, 17), (16, 1), (0, 0), (2**32 - 1, 1)):
                    with self.fails('transport'):
                        client.command('prov-scan', 'NetworkScanPayload', 'CmdScanWifiResult',
                                       {'start_index': start, 'count': count})

    def test_nothing_found(self):
        with served('http', '--sec', '0', *network(wifi=[])) as (link, device):
            client = client_on(link, sec=0, family='wifi')
            self.assertEqual(client.scan()['networks'], [])     # and asked for no results

    def test_longest_page_fits_old_links(self):
        many = [{'ssid': 's' * 32, 'password': '', 'auth': 7, 'channel': 13} for _ in range(4)]
        with served('pipe', *SECURITIES['srp-1'], '--stack', 'bluedroid',
                    *network(wifi=many)) as (link, device):
            client = client_on(link)
            client.proto_ver()
            client.session()
            self.assertEqual(len(client.scan()['networks']), 4)
