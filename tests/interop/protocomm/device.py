#!/usr/bin/env python3
"""A provisioning device that shares nothing with Troth. See README.md."""

import argparse
import http.server
import json
import os
import socket
import sys
import threading

import security
import wire
from manager import Manager
from security import Refused

# What proto-ver says, by firmware. ver None: the bare string of the first firmwares. patch: the
# nonces of its security 2; where 0, it has no word for them.
FIRMWARE = {
    'netprov-1.2': dict(ver='netprov-v1.2', sec_ver=True, patch=1, dialect=wire.net),
    'idf-5.4.1': dict(ver='v1.1', sec_ver=True, patch=1, dialect=wire.wifi),
    'idf-5.0': dict(ver='v1.1', sec_ver=True, patch=0, dialect=wire.wifi),
    'idf-4.4': dict(ver='v1.1', sec_ver=False, patch=0, dialect=wire.wifi),
    'idf-3': dict(ver=None, sec_ver=False, patch=0, dialect=wire.wifi),
}

# How a transport refuses: the longest message, the code for a failure and whether the link
# survives it, what an empty write does.
STACKS = {
    'plain': dict(limit=4096, code=None, closes=False, empty='refuse'),
    'nimble': dict(limit=512, code='0x04', closes=False, empty='ignore'),
    'bluedroid': dict(limit=481, code='0x85', closes=True, empty='refuse'),
    'bluedroid-old': dict(limit=257, code='0x85', closes=True, empty='refuse'),
}


class Device:
    """One device whatever its transport: handle(session, endpoint, body) is the reply, or Refused.

    make_security() is a new security of device role; a session has its own, a new session's first
    request ends the one before.
    """

    def __init__(self, make_security, manager, firmware='netprov-1.2', no_pop=False,
                 custom=('custom-data',), app_info=None, event=lambda **fields: None):
        self.make_security, self.manager, self.custom = make_security, manager, custom
        self.firmware, self.no_pop, self.app_info = FIRMWARE[firmware], no_pop, app_info
        self.event = event
        self.session, self.security = None, make_security()

    def endpoints(self):
        return ('prov-ctrl', 'prov-scan', 'prov-session', 'prov-config', 'proto-ver') + self.custom

    def proto_ver(self):
        if self.firmware['ver'] is None:
            return b'V0.1'
        prov = {'ver': self.firmware['ver']}
        version = self.security.version
        if self.firmware['sec_ver']:
            prov['sec_ver'] = version
            if self.firmware['patch']:
                prov['sec_patch_ver'] = self.security.patch if version == 2 else 0
        prov['cap'] = ['no_sec'] if version == 0 else ['no_pop'] if self.no_pop else []
        if self.firmware['dialect'] is wire.net:
            prov['cap'] += [self.manager.family + '_prov']
        prov['cap'] += [self.manager.family + '_scan']
        return json.dumps({'prov': prov, **(self.app_info or {})}, indent='\t').encode()

    def disconnect(self):
        self.session, self.security = None, self.make_security()

    def handle(self, session, endpoint, body):
        if session != self.session:
            self.session, self.security = session, self.make_security()
        try:
            return self.dispatch(endpoint, body)
        except Refused as refused:
            self.event(event='refused', endpoint=endpoint, why=str(refused), kind=refused.kind)
            raise

    def dispatch(self, endpoint, body):
        if endpoint not in self.endpoints():
            raise Refused('no such endpoint')
        if endpoint == 'proto-ver':
            return self.proto_ver()
        if endpoint == 'prov-session':
            reply = self.security.handshake(body)
            if self.security.ready:
                self.event(event='session')
            return reply
        if self.security.version != 0 and not self.security.ready:
            raise Refused('no session', 'session')
        plain = self.security.decrypt(body)
        if endpoint in self.custom:
            self.event(event='custom', endpoint=endpoint, hex=plain.hex())
            return self.security.encrypt(b'SUCCESS\0')
        return self.security.encrypt(self.manager.handle(endpoint, plain))


class Http:
    """The device on 127.0.0.1; serve() until stop(). One socket at a time, the newest."""

    def __init__(self, device, port=0, failure='close', once=False, random=os.urandom):
        self.device, self.failure, self.once, self.random = device, failure, once, random
        self.lock, self.cookie, self.current = threading.Lock(), None, None
        self.session_socket = None
        outer = self

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def process_request(self, request, address):
                old, outer.current = outer.current, request
                if old is not None:
                    quietly_close(old)
                super().process_request(request, address)

            def handle_error(self, request, address):
                if not isinstance(sys.exc_info()[1], OSError):
                    super().handle_error(request, address)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            disable_nagle_algorithm = True
            wbufsize = -1       # head and body in one segment

            def do_POST(self):
                outer.post(self)

            def log_message(self, *_):
                pass

        self.server = Server(('127.0.0.1', port), Handler)
        self.port = self.server.server_address[1]

    def session_of(self, handler):
        """The session of this request, and the cookie to set if it is a new one."""
        sent = handler.headers.get('Cookie')
        same_socket = handler.connection is self.session_socket
        if self.cookie and (sent == self.cookie or sent is None and same_socket):
            self.session_socket = handler.connection
            return self.cookie, None
        self.cookie = f'session={int.from_bytes(self.random(4), "big")}'
        self.session_socket = handler.connection
        return self.cookie, self.cookie

    def post(self, handler):
        length = handler.headers.get('Content-Length', '')
        if not length.isdigit() or not 1 <= int(length) <= 4096:
            return self.refuse(handler)
        body = handler.rfile.read(int(length))
        endpoint = handler.path[1:]
        if endpoint not in self.device.endpoints():
            return handler.send_error(404)
        with self.lock:
            session, cookie = self.session_of(handler)
            try:
                reply = self.device.handle(session, endpoint, body)
            except Refused:
                return self.refuse(handler)
            last = self.once and self.device.manager.finished
        handler.send_response_only(200)
        if cookie:
            handler.send_header('Set-Cookie', cookie)
        handler.send_header('Content-Length', str(len(reply)))
        handler.end_headers()
        handler.wfile.write(reply)
        handler.wfile.flush()
        if last:
            handler.close_connection = True
            threading.Thread(target=self.server.shutdown).start()
        return None

    def refuse(self, handler):
        handler.close_connection = True
        if self.failure == '500':
            handler.send_error(500)

    def serve(self):
        self.server.serve_forever(poll_interval=0.01)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        if self.current is not None:
            quietly_close(self.current)


def quietly_close(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class Pipe:
    """The device behind a GATT server: values stay per endpoint until the link is gone."""

    def __init__(self, device, lines_in, lines_out, stack='plain', once=False):
        self.device, self.input, self.output, self.once = device, lines_in, lines_out, once
        self.stack, self.values, self.link = STACKS[stack], {}, 0
        self.limit = self.stack['limit']
        if stack == 'bluedroid' and device.security.version != 2:
            self.limit = 257

    def serve(self):
        for line in self.input:
            print(json.dumps(self.answer(line)), file=self.output, flush=True)
            if self.once and self.device.manager.finished:
                break

    def answer(self, line):
        try:
            asked = json.loads(line)
            if asked.get('event') == 'disconnect':
                self.drop()
                return {}
            endpoint, body = asked['endpoint'], bytes.fromhex(asked['hex'])
        except (ValueError, KeyError, TypeError, AttributeError):
            return {'error': 'want {"endpoint": NAME, "hex": BYTES}'}
        coded = self.stack['code'] is not None
        if coded and endpoint not in self.device.endpoints():
            return {'error': '0x0e'}
        if not body and self.stack['empty'] == 'ignore':
            return {'hex': self.values.get(endpoint, b'').hex()}
        if not body or len(body) > self.limit:
            return {'error': '0x0d' if coded else 'length'}
        try:
            reply = self.device.handle(self.link, endpoint, body)
            if len(reply) > self.limit:
                raise Refused('reply is too long for this link')
        except Refused as refused:
            said = {'error': self.stack['code'] if coded else str(refused)}
            if self.stack['closes']:
                self.drop()
                said['closed'] = True
            return said
        self.values[endpoint] = reply
        return {'hex': reply.hex()}

    def drop(self):
        self.values.clear()
        self.device.disconnect()
        self.link += 1


def salt_for(shape, username, password, random=os.urandom):
    """A salt of 16 bytes; shape names what else is wanted."""
    while True:
        salt = random(16)
        if shape == 'zero':
            return b'\0' + salt[1:]
        if salt[0] == 0:
            continue
        short = security.verifier(salt, username, password) >> 8 * (security.WIDE - 1) == 0
        if short == (shape == 'short-verifier') or shape == 'any':
            return salt


def security_maker(args, random=os.urandom):
    """make_security of a Device, from the options of parser()."""
    if args.sec == 0:
        return lambda: security.Clear()
    if args.sec == 1:
        return lambda: security.Sec1Device(args.pop.encode(), random)
    patch = FIRMWARE[args.firmware]['patch'] if args.patch is None else args.patch
    username, password = args.username.encode(), args.password.encode()
    salt = (bytes.fromhex(args.salt) if args.salt else
            salt_for(args.salt_shape, username, password, random))
    stored = security.pad(security.verifier(salt, username, password,
                                            args.verifier_of == 'esp-prov'))
    return lambda: security.Sec2Device(salt, stored, patch, random, args.shape)


def parser():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--pipe', action='store_true', help='serve standard input and output, not HTTP')
    p.add_argument('--port', type=int, default=0)
    p.add_argument('--sec', type=int, choices=(0, 1, 2), default=2)
    p.add_argument('--pop', default='', help='proof of possession of security 1; empty: none')
    p.add_argument('--username', default='wifiprov')
    p.add_argument('--password', default='abcd1234')
    p.add_argument('--salt', help='hex; else random')
    p.add_argument('--salt-shape', choices=('any', 'zero', 'short-verifier'), default='any')
    p.add_argument('--verifier-of', choices=('rfc', 'esp-prov'), default='rfc',
                   help="whose verifier, should H(username:password) begin with zero")
    p.add_argument('--shape', choices=list(security.SHAPES), default='any',
                   help='randomness is tried until the values of security 2 look so')
    p.add_argument('--patch', type=int, choices=(0, 1), help='nonces, else as the firmware')
    p.add_argument('--firmware', choices=list(FIRMWARE), default='netprov-1.2')
    p.add_argument('--stack', choices=list(STACKS), default='plain', help='limits, with --pipe')
    p.add_argument('--http-failure', choices=('close', '500'), default='close')
    p.add_argument('--family', choices=('wifi', 'thread'), default='wifi')
    p.add_argument('--network', type=json.loads, help='script of manager.py, JSON')
    p.add_argument('--empty', choices=('present', 'absent'), default='present')
    p.add_argument('--no-auto-stop', action='store_true', help='allow reprovisioning')
    p.add_argument('--forgiving', action='store_true',
                   help='take new credentials after a failure, without a reset')
    p.add_argument('--custom', action='append', help='more endpoints than custom-data')
    p.add_argument('--app-info', type=json.loads, help='more keys of proto-ver, JSON')
    p.add_argument('--once', action='store_true', help='end after success was told')
    p.add_argument('--events', action='store_true', help='one JSON line an event, standard error')
    return p


def from_arguments(args, random=os.urandom):
    def event(**fields):
        if args.events:
            print(json.dumps(fields), file=sys.stderr, flush=True)

    manager = Manager(args.family, args.network, FIRMWARE[args.firmware]['dialect'], args.empty,
                      not args.no_auto_stop, args.forgiving, event)
    return Device(security_maker(args, random), manager, args.firmware,
                  args.sec == 1 and not args.pop, ('custom-data', *(args.custom or ())),
                  args.app_info, event)


def check(p, args):
    f = FIRMWARE[args.firmware]
    if args.sec == 2 and not f['sec_ver']:
        p.error(f'{args.firmware} has no security 2')
    if args.family == 'thread' and f['dialect'] is not wire.net:
        p.error(f'{args.firmware} has no Thread')


def main():
    p = parser()
    args = p.parse_args()
    check(p, args)
    device = from_arguments(args)
    if args.pipe:
        Pipe(device, sys.stdin, sys.stdout, args.stack, args.once).serve()
        return
    server = Http(device, args.port, args.http_failure, args.once)
    print(server.port, flush=True)
    try:
        server.serve()
    except KeyboardInterrupt:
        pass
    server.server.server_close()


if __name__ == '__main__':
    main()
