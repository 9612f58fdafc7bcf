"""Every vector of tests/vectors/protocomm.json, in both roles, byte for byte."""

import json
import os
import unittest

import security
import wire

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, '..', '..', 'vectors', 'protocomm.json')) as f:
    VECTORS = json.load(f)

CONFIG, SCAN, CTRL = 'NetworkConfigPayload', 'NetworkScanPayload', 'NetworkCtrlPayload'
WIFI_FOUND = {'ssid': b'net0', 'channel': 1, 'rssi': -40, 'bssid': bytes.fromhex('020000000001'),
              'auth': 3}
DEAD = bytes.fromhex('dead00beef00cafe')

# name: (payload, kind, fields, empty)
MESSAGES = {
    'wifi_scan_start_default': (SCAN, 'CmdScanWifiStart', {'blocking': True, 'period_ms': 120}),
    'wifi_scan_start_softap': (SCAN, 'CmdScanWifiStart',
                               {'blocking': True, 'group_channels': 5, 'period_ms': 120}),
    'thread_scan_start': (SCAN, 'CmdScanThreadStart', {'blocking': True}),
    'wifi_scan_status_req': (SCAN, 'CmdScanWifiStatus', {}, 'absent'),
    'thread_scan_status_req': (SCAN, 'CmdScanThreadStatus', {}, 'absent'),
    'wifi_scan_result_req_0_4': (SCAN, 'CmdScanWifiResult', {'count': 4}),
    'thread_scan_result_req_4_4': (SCAN, 'CmdScanThreadResult', {'start_index': 4, 'count': 4}),
    'wifi_set_config_net0_passw0rd': (CONFIG, 'CmdSetWifiConfig',
                                      {'ssid': b'net0', 'passphrase': b'passw0rd'}),
    'wifi_set_config_open_empty_pass': (CONFIG, 'CmdSetWifiConfig', {'ssid': b'open'}),
    'wifi_apply': (CONFIG, 'CmdApplyWifiConfig', {}, 'absent'),
    'wifi_get_status': (CONFIG, 'CmdGetWifiStatus', {}),
    'thread_set_dataset': (CONFIG, 'CmdSetThreadConfig',
                           {'dataset': bytes.fromhex('0e080000000000010000')}),
    'thread_apply': (CONFIG, 'CmdApplyThreadConfig', {}, 'absent'),
    'thread_get_status': (CONFIG, 'CmdGetThreadStatus', {}),
    'wifi_ctrl_reset': (CTRL, 'CmdCtrlWifiReset', {}, 'absent'),
    'wifi_ctrl_reprov': (CTRL, 'CmdCtrlWifiReprov', {}, 'absent'),
    'thread_ctrl_reset': (CTRL, 'CmdCtrlThreadReset', {}, 'absent'),
    'thread_ctrl_reprov': (CTRL, 'CmdCtrlThreadReprov', {}, 'absent'),
    'resp_wifi_set_config_success': (CONFIG, 'RespSetWifiConfig', {}),
    'resp_wifi_set_config_invalid_argument': (CONFIG, 'RespSetWifiConfig', {'status': 4}),
    'resp_wifi_apply_success': (CONFIG, 'RespApplyWifiConfig', {}),
    'resp_wifi_status_connecting_min': (CONFIG, 'RespGetWifiStatus', {'wifi_sta_state': 1}),
    'resp_wifi_status_attempt_failed_3': (CONFIG, 'RespGetWifiStatus', {
        'wifi_sta_state': 1, 'attempt_failed': {'attempts_remaining': 3}}),
    'resp_wifi_status_failed_auth': (CONFIG, 'RespGetWifiStatus',
                                     {'wifi_sta_state': 3, 'wifi_fail_reason': 0}),
    'resp_wifi_status_failed_notfound': (CONFIG, 'RespGetWifiStatus',
                                         {'wifi_sta_state': 3, 'wifi_fail_reason': 1}),
    'resp_wifi_status_connected': (CONFIG, 'RespGetWifiStatus', {
        'wifi_sta_state': 0, 'wifi_connected': {
            'ip4_addr': '192.168.1.7', 'auth_mode': 3, 'ssid': b'net0',
            'bssid': bytes.fromhex('020000000001'), 'channel': 6}}),
    'resp_thread_status_attaching': (CONFIG, 'RespGetThreadStatus', {'thread_state': 1}),
    'resp_thread_status_failed_dataset': (CONFIG, 'RespGetThreadStatus',
                                          {'thread_state': 3, 'thread_fail_reason': 0}),
    'resp_thread_status_attached': (CONFIG, 'RespGetThreadStatus', {
        'thread_state': 0, 'thread_attached': {'pan_id': 0x1234, 'ext_pan_id': DEAD,
                                               'channel': 15, 'name': 'OpenThread'}}),
    'resp_wifi_scan_start_success': (SCAN, 'RespScanWifiStart', {}),
    'resp_wifi_scan_status_6': (SCAN, 'RespScanWifiStatus',
                                {'scan_finished': True, 'result_count': 6}),
    'resp_wifi_scan_result_1': (SCAN, 'RespScanWifiResult', {'entries': [WIFI_FOUND]}),
    'resp_thread_scan_result_1': (SCAN, 'RespScanThreadResult', {'entries': [{
        'pan_id': 0x1234, 'channel': 15, 'rssi': -50, 'lqi': 9, 'ext_addr': b'\1' * 8,
        'network_name': 'OpenThread', 'ext_pan_id': DEAD}]}),
    'resp_ctrl_wifi_reset_success': (CTRL, 'RespCtrlWifiReset', {}),
    'resp_ctrl_wifi_reprov_success': (CTRL, 'RespCtrlWifiReprov', {}),
    'resp_ctrl_thread_reset_success': (CTRL, 'RespCtrlThreadReset', {}),
    'resp_ctrl_thread_reprov_success': (CTRL, 'RespCtrlThreadReprov', {}),
}


def replay(*parts):
    """random(n) that gives these, in order, and must be asked for their lengths."""
    left = [bytes.fromhex(p) if isinstance(p, str) else p for p in parts]

    def random(n):
        made = left.pop(0)
        assert len(made) == n, (len(made), n)
        return made
    return random


class Messages(unittest.TestCase):
    def test_each_is_made(self):
        self.assertEqual(set(MESSAGES), set(VECTORS['protobuf']))
        for name, (payload, kind, fields, *empty) in MESSAGES.items():
            for dialect in (wire.net, wire.wifi):
                if dialect is wire.wifi and ('thread' in name or 'attempt_failed' in name):
                    continue
                with self.subTest(name, dialect=dialect.name):
                    made = dialect.build(payload, kind, fields, *empty)
                    self.assertEqual(made.hex(), VECTORS['protobuf'][name])

    def test_each_is_read(self):
        for name, (payload, kind, fields, *_) in MESSAGES.items():
            with self.subTest(name):
                data = bytes.fromhex(VECTORS['protobuf'][name])
                got, whole, body = wire.net.parse(payload, data)
                self.assertEqual(got, kind)
                self.assertEqual(body, type(body)(**fields))
                self.assertEqual(whole.SerializeToString(deterministic=True), data)
                later = wire.net.parse(payload, data + b'\xfa\x7f\x02hi')     # field 2047
                self.assertEqual((later[0], later[2]), (got, body))

    def test_old_dialect_knows_no_thread(self):
        for name, (payload, *_) in MESSAGES.items():
            if 'thread' in name:
                with self.subTest(name), self.assertRaises(wire.BadMessage):
                    wire.wifi.parse(payload, bytes.fromhex(VECTORS['protobuf'][name]))

    def test_largest_pages(self):
        wifi = {'ssid': b's' * 32, 'channel': 13, 'rssi': -1, 'bssid': b'b' * 6, 'auth': 7}
        thread = {'pan_id': 0xfffe, 'channel': 26, 'rssi': -1, 'lqi': 255, 'ext_addr': b'a' * 8,
                  'network_name': 'n' * 16, 'ext_pan_id': b'x' * 8}
        for word, entry in (('Wifi', wifi), ('Thread', thread)):
            made = wire.net.build(SCAN, f'RespScan{word}Result', {'entries': [entry] * 4})
            self.assertEqual(len(made), VECTORS['sizes'][f'{word.lower()}_result_4_worst_plain'])


class Sessions(unittest.TestCase):
    def messages(self, v, client, device):
        """The handshake and then the application's data, both roles at once."""
        message, names = client.start(), ['session_cmd0', 'session_resp0', 'session_cmd1',
                                          'session_resp1']
        while message is not None:
            self.assertEqual(message.hex(), v[names.pop(0)])
            reply = device.handshake(message)
            self.assertEqual(reply.hex(), v[names.pop(0)])
            message = client.step(reply)
        self.assertEqual(names, [])
        self.assertTrue(client.ready and device.ready)
        cipher = '_cipher' if 'key' in v else '_cipher_and_tag'
        for data in v['app_data_in_order']:
            for way, sender, receiver in (('req', client, device), ('resp', device, client)):
                if 'nonce' in v:
                    self.assertEqual(sender.gcm.nonce().hex(), data[way + '_nonce'])
                plain = bytes.fromhex(data[way + '_plain'])
                sealed = sender.encrypt(plain)
                self.assertEqual(sealed.hex(), data[way + cipher])
                self.assertEqual(receiver.decrypt(sealed), plain)

    def test_security_0(self):
        client, device = security.Clear(), security.Clear()
        self.assertEqual(client.start().hex(), VECTORS['sec0']['req'])
        reply = device.handshake(client.start())
        self.assertEqual(reply.hex(), VECTORS['sec0']['resp'])
        self.assertIsNone(client.step(reply))
        self.assertEqual(device.handshake(bytes.fromhex('5200')), reply)    # sc left out

    def test_security_1(self):
        names = [n for n in VECTORS if n.startswith('sec1_')]
        self.assertEqual(len(names), 3)
        for name in names:
            with self.subTest(name):
                v = VECTORS[name]
                pop = v['pop_text'].encode()
                client = security.Sec1Client(pop, replay(v['client_priv']))
                device = security.Sec1Device(pop, replay(v['device_priv'], v['device_random_iv']))
                self.messages(v, client, device)
                self.assertEqual(client.public.hex(), v['client_pubkey'])
                self.assertEqual(device.public.hex(), v['device_pubkey'])
                self.assertEqual(client.stream.key.hex(), v['key'])
                shared = security.x25519(bytes.fromhex(v['client_priv']), device.public)
                self.assertEqual(shared.hex(), v['shared'])
                fresh = security.Stream(shared, pop, bytes.fromhex(v['device_random_iv']))
                self.assertEqual(fresh.take(bytes(96)).hex(), v['keystream_first_96'])

    def test_security_2(self):
        names = [n for n in VECTORS if n.startswith('sec2_')]
        self.assertEqual(len(names), 8)
        for name in names:
            with self.subTest(name):
                self.security_2(VECTORS[name])

    def security_2(self, v):
        who, word, salt = v['username_text'].encode(), v['password_text'].encode(), v['salt']
        patch, nonce = v['sec_patch_ver'], bytes.fromhex(v['nonce'])
        client = security.Sec2Client(who, word, patch, replay(v['a']))
        device = security.Sec2Device(bytes.fromhex(salt), bytes.fromhex(v['verifier']), patch,
                                     replay(v['b'], nonce[:8] if patch else nonce))
        self.messages(v, client, device)
        self.assertEqual(security.inner_hash(who, word).hex(), v['inner_hash'])
        self.assertEqual(f'{client.x:0128x}', v['x'])
        self.assertEqual(f'{security.K_MULTIPLIER:x}', v['k'])
        self.assertEqual(security.verifier(bytes.fromhex(salt), who, word), device.v)
        self.assertEqual(security.pad(client.public).hex(), v['A'])
        self.assertEqual(device.b_wire.hex(), v['B'])
        for role in (client, device):
            self.assertEqual(f'{role.u:0128x}', v['u'])
            self.assertEqual(security.integer(bytes.fromhex(v['S'])), role.secret)
            self.assertEqual(role.key.hex(), v['K'])
            self.assertEqual((role.m1.hex(), role.m2.hex()), (v['M1'], v['M2']))
        self.assertEqual(client.key[:32].hex(), v['gcm_key'])
        for name in ('cmd0', 'resp0', 'cmd1', 'resp1'):
            self.assertEqual(len(v['session_' + name]) // 2, v['len_' + name])

    def test_group(self):
        v = VECTORS['group']
        self.assertEqual((f'{security.N:x}', security.G), (v['N_3072'], int(v['g'])))
        self.assertEqual(f'{security.K_MULTIPLIER:x}', v['k'])

    def test_divergences(self):
        v = VECTORS['divergence_inner_hash_leading_zero']
        salt, who, word = (bytes.fromhex(v['salt']), v['username_text'].encode(),
                           v['password_text'].encode())
        self.assertEqual(security.inner_hash(who, word).hex(), v['inner_hash'])
        for drop, x, verifier in ((False, 'x_rfc_espidf_android_ios', 'verifier_rfc'),
                                  (True, 'x_esp_prov_python', 'verifier_esp_prov')):
            self.assertEqual(f'{security.private_x(salt, who, word, drop):0128x}', v[x])
            self.assertEqual(security.pad(security.verifier(salt, who, word, drop)).hex(),
                             v[verifier])
        v = VECTORS['divergence_salt_leading_zero']
        salt = bytes.fromhex(v['salt_on_wire'])
        self.assertEqual(f"{security.private_x(salt, b'wifiprov', b'abcd1234'):0128x}",
                         v['x_rfc_espidf_ios'])
        self.assertEqual(
            f"{security.private_x(salt.lstrip(bytes(1)), b'wifiprov', b'abcd1234'):0128x}",
            v['x_esp_prov_client_and_android'])

    def test_every_section_is_used(self):
        self.assertEqual({n for n in VECTORS if not n.startswith(('sec1_', 'sec2_'))},
                         {'_about', 'sizes', 'protobuf', 'sec0', 'group',
                          'divergence_inner_hash_leading_zero', 'divergence_salt_leading_zero'})
