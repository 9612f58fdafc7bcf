"""Firmwares, links and cookies; and the two programs as such."""

import http.client
import json
import os
import shlex
import socket
import subprocess
import sys

import security
import transport
from support import KEY, SECURITIES, Case, client_on, served

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT, DEVICE = ([sys.executable, '-B', os.path.join(HERE, name)]
                  for name in ('client.py', 'device.py'))


class Transports(Case):
    def test_firmware(self):
        for firmware, options, want in (
                ('netprov-1.2', SECURITIES['srp-1'], (2, 1)), ('idf-5.4.1', ('--sec', '2'), (2, 1)),
                ('idf-5.0', ('--sec', '2'), (2, 0)), ('idf-5.4.1', ('--sec', '1'), (1, 0)),
                ('idf-4.4', ('--sec', '1', '--pop', 'abcd1234'), (1, 0)),
                ('idf-4.4', ('--sec', '1'), (1, 0)), ('idf-4.4', ('--sec', '0'), (0, 0)),
                ('idf-3', ('--sec', '1', '--pop', 'abcd1234'), (1, 0))):
            with self.subTest(firmware, options=options), \
                    served('http', '--firmware', firmware, *options) as (link, device):
                client = client_on(link)
                told = client.proto_ver(b'ESP')
                self.assertEqual((told['sec'], told['patch'], told['family']), (*want, 'wifi'))
                client.session()
                client.scan()
                self.assertEqual('sec_ver' in told['info'],
                                 firmware not in ('idf-4.4', 'idf-3'))

    def test_stacks(self):
        with served('pipe', *SECURITIES['srp-1'], '--stack', 'nimble') as (link, device):
            client = client_on(link)
            for body, endpoint, code in ((bytes(513), 'custom-data', '0x0d'),
                                         (b'x', 'custom-data', '0x04'), (b'x', 'nothing', '0x0e')):
                with self.fails('transport', code):
                    client.raw(endpoint, body)
            self.assertEqual(client.raw('proto-ver', b''), b'')         # never written
            told = client.raw('proto-ver', b'-')
            self.assertEqual(client.raw('proto-ver', b''), told)
            client.proto_ver()
            client.session()
            client.reconnect()
            self.assertEqual(client.raw('proto-ver', b''), b'')
            with self.fails('transport', '0x04'):
                client.raw('custom-data', b'x')
        with served('pipe', *SECURITIES['srp-1'], '--stack', 'bluedroid') as (link, device):
            client = client_on(link)
            client.proto_ver()
            client.session()
            with self.fails('transport', '0x85'):
                client.secret('prov-config', b'\xff')
            self.assertFalse(device.security.ready)                     # the link is gone
        with served('pipe', *SECURITIES['srp-1'], '--stack', 'bluedroid-old') as (link, device):
            client = client_on(link)
            client.proto_ver()
            with self.fails('transport', '0x0d', message=1):            # 406 bytes
                client.session()

    def test_cookies(self):
        for options, works in (({}, True), ({'cookie': 'never'}, True), ({'fresh': True}, True),
                               ({'cookie': 'never', 'fresh': True}, False)):
            with self.subTest(**options), \
                    served('http', *SECURITIES['pop'], **options) as (link, device):
                client = client_on(link)
                client.proto_ver()
                if works:
                    client.session()
                    client.custom(b'x')
                else:
                    with self.fails('transport', 'message 2'):
                        client.session()

    def test_sessions_over_http(self):
        with served('http', *SECURITIES['pop']) as (link, device):
            first = client_on(link)
            first.proto_ver()
            first.session()
            self.assertRegex(link.cookie, '^session=[0-9]+$')
            kept = link.cookie
            first.custom(b'x')
            self.assertEqual(link.cookie, kept)                         # set once
            other = transport.Http(link.address)
            client_on(other).proto_ver()                                # ends the first session
            other.close()
            with self.fails('transport'):
                first.custom(b'x')
            first.proto_ver()
            first.session()
            link.cookie += '; Path=/'                                   # not the same string
            with self.fails('transport'):
                first.custom(b'x')

    def test_requests_that_are_none(self):
        for failure in ('close', '500'):
            with served('http', '--sec', '0', '--http-failure', failure) as (link, device):
                for head, status in (('Content-Length: 0', None), ('Content-Length: 4097', None),
                                     ('Content-Length: x', None), ('', None),
                                     ('Content-Length: 2', None)):
                    self.assertEqual(self.post(link, '/prov-config', head, b'\xff\xff'),
                                     500 if failure == '500' else status)
                self.assertEqual(self.post(link, '/nothing', 'Content-Length: 1', b'x'), 404)
                self.assertEqual(self.post(link, '/proto-ver', 'Content-Length: 4096',
                                           bytes(4096)), 200)

    def post(self, link, path, head, body):
        """The status of a reply, None if the device only hung up."""
        host, port = link.address.split(':')
        with socket.create_connection((host, int(port)), timeout=10) as s:
            s.sendall(f'POST {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n'.encode() + body)
            reply = http.client.HTTPResponse(s)
            try:
                reply.begin()
            except (http.client.BadStatusLine, ConnectionError):
                return None
            finally:
                reply.close()
            return reply.status

    def test_http_errors_are_failures(self):
        with served('http', '--sec', '0', '--http-failure', '500') as (link, device):
            client = client_on(link)
            for endpoint, why in (('nothing', 'HTTP 404'), ('prov-config', 'HTTP 500')):
                with self.fails('transport', why):
                    client.raw(endpoint, b'\xff')
            client.proto_ver()

    def test_client_takes_no_doubtful_reply(self):
        class Canned:
            def __init__(self, reply):
                self.reply = reply

            def exchange(self, endpoint, body):
                return bytes.fromhex(self.reply)

        for reply, kind in (('5a00', 'protocol'),               # another command's
                            ('0801', 'protocol'),               # no body: would read as joined
                            ('08015a00', 'protocol'),           # joined, but to nothing
                            ('08036a00', 'protocol'),           # in order, but not asked for
                            ('08015a020805', 'status'), ('ff', 'protocol'),
                            ('08016200', 'protocol'), ('08635a00', 'protocol')):
            client = client_on(Canned(reply), sec=0, family='wifi')
            client.security = security.Clear()
            with self.subTest(reply), self.fails(kind):
                client.status()
        client = client_on(Canned('08078a0100'), sec=0, family='thread')
        with self.fails('protocol', 'to no network'):
            client.status()
        for told in (b'{}', b'[]', b'5', b'{"prov":3}', b'{"prov":{"cap":"x"}}'):
            with self.subTest(told), self.fails('protocol'):
                client_on(Canned(told.hex())).proto_ver()


class Programs(Case):
    def run_client(self, *options):
        done = subprocess.run([*CLIENT, *options], capture_output=True, text=True, timeout=60)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def command(self, *options):
        return shlex.join([*DEVICE, *options])

    def test_pipe(self):
        status, lines = self.run_client(
            '--pipe', self.command('--pipe', '--once', '--family', 'thread'), '--interval', '0',
            '--pick', 'OpenThreadDemo', '--key', KEY.hex())
        self.assertEqual(status, 0, lines)
        self.assertEqual([l.get('step') for l in lines],
                         ['proto-ver', 'session', 'scan', 'set', 'apply', 'wait', None])
        self.assertEqual(lines[-2]['network']['ext_pan_id'], '1111111122222222')

    def test_http(self):
        served = subprocess.Popen([*DEVICE, '--once', '--events', '--sec', '1'], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            address = '127.0.0.1:' + served.stdout.readline().strip()
            status, lines = self.run_client('--http', address, '--ssid', 'net0', '--passphrase',
                                            'wrong', '--interval', '0')
            self.assertEqual((status, lines[-2]['kind'], lines[-2]['reason']),
                             (1, 'network', 'AuthError'))
            status, lines = self.run_client(
                '--http', address, '--ssid', 'net0', '--passphrase', 'passw0rd', '--interval', '0',
                '--fresh-sockets', 'proto-ver', 'session', 'reset', 'set', 'apply', 'wait')
            self.assertEqual((status, lines[-1]), (0, {'done': True, 'status': 0}))
            _, told = served.communicate(timeout=10)
            self.assertEqual(served.returncode, 0)
            events = [json.loads(line)['event'] for line in told.splitlines()]
            self.assertEqual(events, ['session', 'scan', 'set', 'apply', 'failed', 'session',
                                      'reset', 'set', 'apply', 'joined'])
            self.assertNotIn('passw0rd', told)
        finally:
            served.kill()
            served.communicate()

    def test_both_on_standard_streams(self):
        to_device, to_client = os.pipe(), os.pipe()
        serving = subprocess.Popen([*DEVICE, '--pipe'], stdin=to_device[0],
                                   stdout=to_client[1])
        asking = subprocess.Popen([*CLIENT, '--stdio', '--interval', '0', '--ssid', 'open'],
                                  stdin=to_client[0], stdout=to_device[1],
                                  stderr=subprocess.PIPE, text=True)
        try:
            for end in to_device + to_client:
                os.close(end)
            _, told = asking.communicate(timeout=60)
            self.assertEqual((asking.returncode, serving.wait(10)), (0, 0))
            lines = [json.loads(line) for line in told.splitlines()]
            self.assertEqual(lines[-2]['network']['ssid'], {'hex': '6f70656e', 'text': 'open'})
        finally:
            for child in (asking, serving):
                child.kill()
                child.wait()

    def test_exit_status(self):
        pipe = self.command('--pipe', '--sec', '0')
        for options, status, kind in (
                (('--pipe', 'false'), 1, 'transport'),
                (('--pipe', pipe, 'proto-ver', 'session', 'set'), 2, 'usage'),
                (('--pipe', pipe, '--ssid', 'n', '--keep-going', 'proto-ver', 'session', 'apply',
                  'set'), 1, None)):
            got, lines = self.run_client(*options)
            self.assertEqual((got, lines[-1]), (status, {'done': False, 'status': status}))
            self.assertEqual(lines[-2].get('kind'), kind)
        self.assertEqual(self.run_client('--pipe', pipe, 'dance')[0], 2)
        self.assertEqual(self.run_client()[0], 2)
