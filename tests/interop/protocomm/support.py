"""A client and a device in one process, over HTTP or the pipe."""

import contextlib
import json
import os
import random as randomness
import threading
import unittest

import device as device_module
import transport
from client import Client, Failed
from manager import DEFAULT_SCRIPT

DEMO = bytes.fromhex(
    '0e080000000000010000000300000f35060004001fffe0020811111111222222220708fdad70bfe5aa15dd0510'
    '00112233445566778899aabbccddeeff030e4f70656e54687265616444656d6f010212340410445f2b5ca6f2a9'
    '3a55ce570a70efeecb0c0402a0f7f8')
KEY = bytes.fromhex('00112233445566778899aabbccddeeff')
SALT = '036ee0c7bcb9eda84c9eac97d93decf4'
SECURITIES = {
    'none': ('--sec', '0'),
    'pop': ('--sec', '1', '--pop', 'abcd1234'),
    'no-pop': ('--sec', '1'),
    'srp-0': ('--sec', '2', '--salt', SALT, '--patch', '0', '--firmware', 'idf-5.0'),
    'srp-0-net': ('--sec', '2', '--salt', SALT, '--patch', '0'),
    'srp-1': ('--sec', '2', '--salt', SALT),
}


def make_device(*options):
    p = device_module.parser()
    args = p.parse_args(options)
    device_module.check(p, args)
    return device_module.from_arguments(args, randomness.Random(1).randbytes), args


@contextlib.contextmanager
def served(way, *options, **link_options):
    """(link, device), the device served in a thread of its own; both end with the block."""
    made, args = make_device(*options)
    if way == 'http':
        server = device_module.Http(made, failure=args.http_failure,
                                    random=randomness.Random(2).randbytes)
        link = transport.Http(f'127.0.0.1:{server.port}', **link_options)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield link, made
        finally:
            link.close()
            server.stop()
            thread.join()
        return
    ends = [os.pipe(), os.pipe()]
    files = [os.fdopen(fd, mode) for pair in ends for fd, mode in zip(pair, 'rw')]
    server = device_module.Pipe(made, files[0], files[3], args.stack)
    thread = threading.Thread(target=server.serve)
    thread.start()
    link = transport.Pipe(files[2], files[1])
    try:
        yield link, made
    finally:
        link.close()
        thread.join()
        files[0].close()
        files[3].close()


def client_on(link, pop=b'abcd1234', username=b'wifiprov', password=b'abcd1234', **options):
    return Client(link, pop, username, password, random=randomness.Random(3).randbytes,
                  sleep=lambda seconds: None, **options)


def network(**script):
    """Options of a device: the usual networks, but for what is given."""
    return '--network', json.dumps({**DEFAULT_SCRIPT, **script})


class Case(unittest.TestCase):
    @contextlib.contextmanager
    def fails(self, kind, why='', **facts):
        """The block raises Failed, of this kind, saying something like why, with these facts."""
        with self.assertRaisesRegex(Failed, why) as caught:
            yield
        self.assertEqual(caught.exception.kind, kind, caught.exception)
        for name, value in facts.items():
            self.assertEqual(caught.exception.facts.get(name), value)
