"""What must be refused, and the zeros that begin a number."""

import contextlib

import security
import wire
from support import SALT, SECURITIES, Case, client_on, served
from test_vectors import VECTORS, replay


class Refusals(Case):
    def test_wrong_secrets(self):
        for name, wrong in (('pop', {'pop': b'abcd1235'}), ('pop', {'pop': b''}),
                            ('no-pop', {'sec': 1, 'pop': b'abcd1234'}),
                            ('srp-1', {'password': b'abcd1235'}),
                            ('srp-1', {'username': b'wifiproV'}),
                            ('srp-0', {'password': b''})):
            for way in ('http', 'pipe'):
                with self.subTest(name, way=way, **wrong), \
                        served(way, *SECURITIES[name]) as (link, device):
                    client = client_on(link, **wrong)
                    if 'sec' not in wrong:          # else no_pop would mend it
                        client.proto_ver()
                    with self.fails('transport', 'message 2', message=2):
                        client.session()
                    self.assertFalse(device.security.ready)
                    with self.fails('transport'):
                        client_on(link, sec=0, family='wifi').status()
                    right = client_on(link)
                    right.proto_ver()
                    right.session()
                    right.custom(b'x')

    def test_wrong_security(self):
        for has in ('none', 'pop', 'srp-1'):
            for uses in (0, 1, 2):
                with self.subTest(has=has, uses=uses), \
                        served('pipe', *SECURITIES[has]) as (link, device):
                    client = client_on(link, sec=uses, patch=1)
                    if SECURITIES[has][1] == str(uses):
                        client.session()
                    else:
                        with self.fails('transport', 'message 1'):
                            client.session()

    def test_nonce_rules_mixed(self):
        for theirs, ours in ((0, 1), (1, 0)):
            with served('pipe', *SECURITIES['srp-1'], '--patch', str(theirs)) as (link, device):
                client = client_on(link, patch=ours)
                client.proto_ver()
                client.session()
                with self.fails('auth', 'wrong tag'):   # the response of the first request
                    client.custom(b'x')

    def test_counter(self):
        ends = [security.Gcm(bytes(32), bytes(8) + b'\xff\xff\xff\xfe', 1) for _ in range(2)]
        sealed = ends[0].seal(b'one')
        with self.assertRaises(security.Refused):
            ends[1].open(bytes(len(sealed)))
        self.assertEqual(ends[1].open(sealed), b'one')      # a wrong tag did not advance it
        self.assertEqual(ends[0].open(ends[1].seal(b'two')), b'two')
        for dead in (lambda: ends[0].seal(b''), lambda: ends[1].open(sealed)):
            with self.assertRaises(security.Refused) as caught:
                dead()
            self.assertEqual(caught.exception.kind, 'session')

    def test_failed_handler_keeps_step(self):
        for name in ('pop', 'srp-0', 'srp-1'):
            with served('pipe', *SECURITIES[name], '--stack', 'nimble') as (link, device):
                client = client_on(link)
                client.proto_ver()
                client.session()
                for bad in (b'\xff', b'\x08\x02', b'\x08\x03\x6a\x00', b'\x08\x63'):
                    with self.fails('transport', '0x04'):
                        client.secret('prov-config', bad)
                client.custom(b'still in step')

    def test_no_garbage_is_taken(self):
        """A handshake's message cut short or with a bit changed gives no session."""
        pop, srp = VECTORS['sec1_pop'], VECTORS['sec2_patch1']

        def new_1():
            return security.Sec1Device(b'abcd1234', replay(pop['device_priv'],
                                                           pop['device_random_iv']))

        def waiting_1():
            made = new_1()
            made.handshake(bytes.fromhex(pop['session_cmd0']))
            return made

        def waiting_2():                    # as after Resp0, without the work
            made = security.Sec2Device(bytes(16), b'')
            made.m1, made.m2, made.key = (bytes.fromhex(srp[n]) for n in ('M1', 'M2', 'K'))
            made.waiting = True
            return made

        for make, good in ((new_1, pop['session_cmd0']), (waiting_1, pop['session_cmd1']),
                           (waiting_2, srp['session_cmd1'])):
            good = bytes.fromhex(good)
            for i in range(len(good)):
                for bad in (good[:i], good[:i] + bytes([good[i] ^ 1]) + good[i + 1:]):
                    device = make()
                    with contextlib.suppress(security.Refused):
                        device.handshake(bad)
                    self.assertFalse(device.ready, bad.hex())
            device = make()
            device.handshake(good)
            self.assertEqual(device.ready, make is not new_1)

    def test_one_try_a_key_exchange(self):
        """After a wrong proof the right one comes too late, and after a session any does."""
        for sec in (1, 2):
            for spoilt in (True, False):
                client = (security.Sec1Client(b'p') if sec == 1 else
                          security.Sec2Client(b'wifiprov', b'abcd1234'))
                device = (security.Sec1Device(b'p') if sec == 1 else security.Sec2Device(
                    bytes.fromhex(SALT), bytes.fromhex(VECTORS['sec2_patch1']['verifier'])))
                proof = client.step(device.handshake(client.start()))
                if spoilt:
                    with self.assertRaises(security.Refused):
                        device.handshake(proof[:-1] + bytes([proof[-1] ^ 1]))
                else:
                    device.handshake(proof)
                with self.assertRaises(security.Refused) as caught:
                    device.handshake(proof)
                self.assertEqual((caught.exception.kind, device.ready), ('session', not spoilt))

    def test_hostile_public_values(self):
        made = security.Sec2Device(bytes(16), security.pad(5))
        for public in (bytes(384), security.pad(security.N), bytes(383), bytes(385), b''):
            with self.assertRaises(security.Refused):
                made.handshake(security.session_message(2, 'sc0', client_username=b'u',
                                                        client_pubkey=public))
        with self.assertRaises(security.Refused):
            made.handshake(security.session_message(2, 'sc0', client_pubkey=b'\1' * 384))
        for public in (b'', bytes(384), security.pad(security.N), b'\1' * 385):
            client = security.Sec2Client(b'u', b'p')
            client.start()
            with self.assertRaises(security.Refused):
                client.step(security.session_message(2, 'sr0', device_pubkey=public))
        low = security.session_message(1, 'sc0', client_pubkey=bytes(32))
        with self.assertRaises(security.Refused):
            security.Sec1Device().handshake(low)

    def test_device_must_prove_itself(self):
        for sec, forged in ((1, 'device_verify_data'), (2, 'device_proof')):
            client = (security.Sec1Client(b'p') if sec == 1 else
                      security.Sec2Client(b'wifiprov', b'abcd1234'))
            device = (security.Sec1Device(b'p') if sec == 1 else security.Sec2Device(
                bytes.fromhex(SALT), bytes.fromhex(VECTORS['sec2_patch1']['verifier'])))
            reply = wire.net.SessionData()
            reply.ParseFromString(device.handshake(client.step(device.handshake(client.start()))))
            body = getattr(getattr(reply, f'sec{sec}'), 'sr1')
            setattr(body, forged, bytes(len(getattr(body, forged))))
            with self.assertRaises(security.Refused) as caught:
                client.step(reply.SerializeToString())
            self.assertEqual((caught.exception.kind, client.ready), ('auth', False))


class LeadingZeros(Case):
    def short_exponent(self, base=0):
        """The first e from 2^255 on for which base + g^e has 383 bytes."""
        e = 1 << 255
        value = pow(security.G, e, security.N)
        while (base + value) % security.N >> 8 * 383:
            e, value = e + 1, value * security.G % security.N
        return e

    def session(self, *options, **client):
        with served('pipe', '--sec', '2', *options) as (link, device):
            made = client_on(link, **client)
            made.proto_ver()
            told = made.session()
            made.custom(b'x')
            return made, device, told

    def test_client_sends_no_short_a(self):
        e = self.short_exponent()
        client = security.Sec2Client(b'u', b'p', 1, replay(e.to_bytes(32, 'big'), b'\xff' * 32))
        client.start()
        self.assertEqual(client.a, 2**256 - 1)

    def test_device_shapes(self):
        """One client, and randomness that gives each edge in turn: who takes which."""
        edges = {n[len('sec2_edge_'):-len('_leading_zero')]: VECTORS[n]['b']
                 for n in VECTORS if n.startswith('sec2_edge_')}
        self.assertEqual(set(edges), {'B', 'S', 'K', 'M1', 'M2'})
        good = VECTORS['sec2_patch1']['b']
        for shape, order, taken in [
                ('clean', [edges['B'], edges['K'], edges['M1'], edges['M2'], good], good),
                ('any', [edges['K']], edges['K']), ('short-B', [good, edges['B']], edges['B']),
                *((f'zero-{n}', [good, edges[n]], edges[n]) for n in ('S', 'K', 'M1', 'M2'))]:
            v = VECTORS['sec2_patch1']
            device = security.Sec2Device(bytes.fromhex(v['salt']), bytes.fromhex(v['verifier']), 1,
                                         replay(*order), shape)
            device.handshake(bytes.fromhex(v['session_cmd0']))
            self.assertEqual(f'{device.b:064x}', taken, shape)

    def test_short_b(self):
        v = VECTORS['sec2_patch1']
        salt, stored = bytes.fromhex(v['salt']), bytes.fromhex(v['verifier'])
        e = self.short_exponent(security.K_MULTIPLIER * security.integer(stored) % security.N)
        device = security.Sec2Device(salt, stored, 1, replay(e.to_bytes(32, 'big'), bytes(8)))
        client = security.Sec2Client(b'wifiprov', b'abcd1234')
        cmd1 = client.step(device.handshake(client.start()))
        self.assertEqual(len(device.b_wire), 383)
        self.assertIsNone(client.step(device.handshake(cmd1)))

    def test_short_verifier(self):
        salt = '11111111111111111111111111110281'
        made, device, _ = self.session('--salt', salt)
        self.assertEqual(device.security.v >> 8 * 383, 0)
        least = security.Sec2Device(bytes.fromhex(salt), security.least(device.security.v))
        self.assertEqual(least.v, device.security.v)

    def test_salt_that_begins_with_zero(self):
        _, device, _ = self.session('--salt-shape', 'zero')
        self.assertEqual(device.security.salt[0], 0)

    def test_inner_hash_that_begins_with_zero(self):
        for generator, dropped in (('rfc', False), ('esp-prov', True)):
            _, device, told = self.session('--password', 'pass88', '--verifier-of', generator,
                                           '--salt', SALT, password=b'pass88')
            self.assertEqual(told['dropped_zeros'], dropped)
            v = VECTORS['divergence_inner_hash_leading_zero']
            self.assertEqual(security.pad(device.security.v).hex(),
                             v['verifier_esp_prov' if dropped else 'verifier_rfc'])
