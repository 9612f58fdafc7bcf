#!/usr/bin/env python3
"""A provisioning client that shares nothing with Troth. See README.md.

Steps, in the order given: proto-ver, session, scan, custom, set, apply, wait, status, reset,
reprov, reconnect (hang up; a new session is needed). Each writes one JSON line; the last line is
the sum.
Exit status: 0 all steps done, 1 a step failed, 2 used wrongly.
"""

import argparse
import json
import os
import sys
import time

import security
import transport
import wire
from wire import Status

DEFAULT_STEPS = ['proto-ver', 'session', 'scan', 'set', 'apply', 'wait']


class Failed(Exception):
    """kind: transport, protocol, auth, session, status, network, timeout or usage."""

    def __init__(self, kind, why, **facts):
        super().__init__(why)
        self.kind, self.facts = kind, facts


class Client:
    """One device over one transport. Every method raises Failed, or says what it found."""

    def __init__(self, link, pop=b'', username=b'', password=b'', sec=None, patch=None,
                 family=None, dialect=wire.net, empty='absent', random=os.urandom,
                 sleep=time.sleep):
        self.link, self.pop, self.username, self.password = link, pop, username, password
        self.sec, self.patch, self.family = sec, patch, family
        self.dialect, self.empty, self.random, self.sleep = dialect, empty, random, sleep
        self.security, self.info, self.networks = None, None, []

    # Below the messages

    def raw(self, endpoint, body):
        try:
            return self.link.exchange(endpoint, body)
        except transport.Lost as lost:
            raise Failed('transport', str(lost)) from None

    def secret(self, endpoint, plain):
        if self.security is None and self.sec == 0:
            self.security = security.Clear()        # security 0 asks for no session
        if self.security is None:
            raise Failed('usage', 'no session yet')
        try:
            return self.security.decrypt(self.raw(endpoint, self.security.encrypt(plain)))
        except security.Refused as refused:
            raise Failed(refused.kind, str(refused)) from None

    def command(self, endpoint, payload, kind, fields=None):
        """(payload, body) of the reply that belongs to this command."""
        plain = self.secret(endpoint, self.dialect.build(payload, kind, fields, self.empty))
        try:
            got, whole, body = self.dialect.parse(payload, plain)
        except wire.BadMessage as bad:
            raise Failed('protocol', str(bad)) from None
        if got != 'Resp' + kind[3:]:
            raise Failed('protocol', f'{kind} was answered by {got}')
        for status in (getattr(whole, 'status', 0), getattr(body, 'status', 0)):
            if status != Status.Success:
                raise Failed('status', f'{kind}: ' + wire.name_in('Status', status),
                             status=status)
        return whole, body

    def kind(self, verb, noun):
        """('CmdSet', 'Config') -> CmdSetWifiConfig."""
        return verb + self.family_word() + noun

    def family_word(self):
        return 'Thread' if self.family == 'thread' else 'Wifi'

    # Steps

    def proto_ver(self, asked=b'---'):
        reply = self.raw('proto-ver', asked)
        self.info = {'ver': None, 'cap': []}
        try:
            told = json.loads(reply)
        except ValueError:
            told = {'prov': {'ver': reply.decode('ascii', 'replace')}}  # the first firmwares
        prov = told.get('prov') if isinstance(told, dict) else None
        if not isinstance(prov, dict) or not isinstance(prov.get('cap', []), list):
            raise Failed('protocol', 'proto-ver says nothing of provisioning')
        self.info.update(prov)
        cap = self.info['cap']
        if self.family is None:
            self.family = 'thread' if 'thread_prov' in cap else 'wifi'
        if self.sec is None:
            self.sec = self.info.get('sec_ver', 0 if 'no_sec' in cap else 1)
        if self.patch is None:
            self.patch = self.info.get('sec_patch_ver', 0)
        if 'no_pop' in cap:
            self.pop = b''
        return {'info': self.info, 'sec': self.sec, 'patch': self.patch, 'family': self.family}

    def make_security(self, drop_zeros=False):
        if self.sec == 0:
            return security.Clear()
        if self.sec == 1:
            return security.Sec1Client(self.pop, self.random)
        if self.sec == 2:
            return security.Sec2Client(self.username, self.password, self.patch or 0,
                                       self.random, drop_zeros)
        raise Failed('protocol', f'security {self.sec} is not known')

    def session(self):
        """A new session. With security 2, where H(I:P) begins with zero and the device refuses
        the proof, once more as those who made the verifier may have reckoned."""
        if self.sec is None:
            raise Failed('usage', 'proto-ver comes first, unless the security is given')
        try:
            return self.handshake(False)
        except Failed as failed:
            zero = security.inner_hash(self.username, self.password)[0] == 0
            if self.sec != 2 or not zero or failed.facts.get('message') != 2:
                raise
            return self.handshake(True)

    def handshake(self, drop_zeros):
        self.security, made = None, self.make_security(drop_zeros)
        count, message = 0, made.start()
        while message is not None:
            count += 1
            try:
                reply = self.raw('prov-session', message)
                message = made.step(reply)
            except security.Refused as refused:
                raise Failed(refused.kind, str(refused)) from None
            except Failed as failed:
                raise Failed(failed.kind, f'message {count} of the session: {failed}',
                             message=count) from None
        self.security = made
        return {'sec': made.version, 'dropped_zeros': drop_zeros}

    def scan(self, page=4, blocking=True, group_channels=0, interval=0, polls=60):
        word = self.family_word()
        fields = {'blocking': blocking}
        if word == 'Wifi':
            fields.update(passive=False, group_channels=group_channels, period_ms=120)
        self.command('prov-scan', 'NetworkScanPayload', f'CmdScan{word}Start', fields)
        for _ in range(polls):
            _, told = self.command('prov-scan', 'NetworkScanPayload', f'CmdScan{word}Status')
            if told.scan_finished:
                break
            self.sleep(interval)
        else:
            raise Failed('timeout', 'the scan does not end')
        self.networks = []
        while len(self.networks) < told.result_count:
            count = min(page, told.result_count - len(self.networks))
            _, got = self.command('prov-scan', 'NetworkScanPayload', f'CmdScan{word}Result',
                                  {'start_index': len(self.networks), 'count': count})
            if not 1 <= len(got.entries) <= count:
                raise Failed('protocol', f'{len(got.entries)} scan results, {count} were asked')
            self.networks += [self.network(entry) for entry in got.entries]
        return {'networks': self.networks}

    def network(self, entry):
        if self.family == 'thread':
            return {'name': entry.network_name, 'pan_id': entry.pan_id, 'channel': entry.channel,
                    'rssi': entry.rssi, 'lqi': entry.lqi, 'ext_addr': entry.ext_addr,
                    'ext_pan_id': entry.ext_pan_id}
        return {'ssid': entry.ssid, 'channel': entry.channel, 'rssi': entry.rssi,
                'bssid': entry.bssid, 'auth': wire.name_in('WifiAuthMode', entry.auth)}

    def config(self, kind, fields=None):
        return self.command('prov-config', 'NetworkConfigPayload', kind, fields)[1]

    def set_wifi(self, ssid, passphrase=b'', bssid=b'', channel=0):
        self.config('CmdSetWifiConfig', {'ssid': ssid, 'passphrase': passphrase, 'bssid': bssid,
                                         'channel': channel})
        return {}

    def set_thread(self, dataset):
        self.config('CmdSetThreadConfig', {'dataset': dataset})
        return {}

    def picked(self, name, key):
        """The dataset of a scanned network."""
        for n in self.networks:
            if n.get('name') == name:
                return wire.dataset_of_scan(n, key)
        raise Failed('network', f'no network named {name} was found')

    def apply(self):
        self.config(self.kind('CmdApply', 'Config'))
        return {}

    def status(self):
        body = self.config(self.kind('CmdGet', 'Status'))
        choice = body.WhichOneof('payload')
        if self.family == 'thread':
            made = {'state': wire.name_in('ThreadNetworkState', body.thread_state)}
            if choice == 'thread_fail_reason':
                made['reason'] = wire.name_in('ThreadAttachFailedReason', body.thread_fail_reason)
            elif made['state'] == 'Attached':
                if choice != 'thread_attached':
                    raise Failed('protocol', 'attached, but to no network')
                a = body.thread_attached
                made['network'] = {'pan_id': a.pan_id, 'ext_pan_id': a.ext_pan_id,
                                   'channel': a.channel, 'name': a.name}
            return made
        made = {'state': wire.name_in('WifiStationState', body.wifi_sta_state)}
        if choice == 'wifi_fail_reason':
            made['reason'] = wire.name_in('WifiConnectFailedReason', body.wifi_fail_reason)
        elif choice == 'attempt_failed':
            made['attempts_remaining'] = body.attempt_failed.attempts_remaining
        elif made['state'] == 'Connected':
            if choice != 'wifi_connected':
                raise Failed('protocol', 'connected, but to no network')
            c = body.wifi_connected
            made['network'] = {'ip4_addr': c.ip4_addr, 'ssid': c.ssid, 'bssid': c.bssid,
                               'auth': wire.name_in('WifiAuthMode', c.auth_mode),
                               'channel': c.channel}
        return made

    def wait(self, interval=5, polls=60):
        """Until the network is joined. The states on the way are in the result and in Failed."""
        seen = []
        for _ in range(polls):
            now = self.status()
            seen.append({k: v for k, v in now.items() if k != 'network'})
            if now['state'] in ('Connected', 'Attached'):
                return {'network': now.get('network'), 'seen': seen}
            if now['state'] not in ('Connecting', 'Attaching'):
                raise Failed('network', now.get('reason', now['state']), state=now['state'],
                             reason=now.get('reason'), seen=seen)
            self.sleep(interval)
        raise Failed('timeout', f'still not joined after {polls} status requests', seen=seen)

    def custom(self, data, endpoint='custom-data'):
        return {'reply': self.secret(endpoint, data)}

    def control(self, verb):
        self.command('prov-ctrl', 'NetworkCtrlPayload', f'CmdCtrl{self.family_word()}{verb}')
        return {}

    def reset(self):
        return self.control('Reset')

    def reprov(self):
        return self.control('Reprov')

    def reconnect(self):
        self.security = None
        try:
            self.link.reconnect()
        except transport.Lost as lost:
            raise Failed('transport', str(lost)) from None
        return {}


def steps_of(client, args):
    def set_network():
        if client.family == 'thread':
            if args.dataset:
                return client.set_thread(args.dataset)
            if args.pick is None or args.key is None:
                raise Failed('usage', 'a Thread device wants --dataset, or --pick and --key')
            return client.set_thread(client.picked(args.pick, args.key))
        if args.ssid is None:
            raise Failed('usage', 'a Wi-Fi device wants --ssid')
        return client.set_wifi(args.ssid.encode(), args.passphrase.encode(), args.bssid,
                               args.channel)

    return {
        'proto-ver': lambda: client.proto_ver(args.ask.encode()),
        'session': client.session,
        'scan': lambda: client.scan(args.page, not args.no_block, args.group_channels,
                                    args.interval, args.polls),
        'custom': lambda: client.custom(args.data.encode(), args.endpoint),
        'set': set_network, 'apply': client.apply, 'status': client.status,
        'wait': lambda: client.wait(args.interval, args.polls),
        'reset': client.reset, 'reprov': client.reprov, 'reconnect': client.reconnect,
    }


def printable(value, key=None):
    """Bytes as hex; those that are mostly text as both."""
    if isinstance(value, bytes):
        if key in ('ssid', 'reply'):
            return {'hex': value.hex(), 'text': value.decode('utf-8', 'replace')}
        return value.hex()
    if isinstance(value, dict):
        return {k: printable(v, k) for k, v in value.items()}
    return [printable(v) for v in value] if isinstance(value, list) else value


def run(client, args, out):
    """The exit status."""
    todo, status = steps_of(client, args), 0
    for step in args.steps or DEFAULT_STEPS:
        try:
            line = {'step': step, 'ok': True, **todo[step]()}
        except Failed as failed:
            status = max(status, 2 if failed.kind == 'usage' else 1)
            line = {'step': step, 'ok': False, 'kind': failed.kind, 'why': str(failed),
                    **failed.facts}
        print(json.dumps(printable(line)), file=out, flush=True)
        if status and not args.keep_going:
            break
    print(json.dumps({'done': status == 0, 'status': status}), file=out, flush=True)
    return status


def parser():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    where = p.add_mutually_exclusive_group(required=True)
    where.add_argument('--http', metavar='HOST:PORT')
    where.add_argument('--pipe', metavar='COMMAND', help='speak JSON lines with this program')
    where.add_argument('--stdio', action='store_true',
                       help='speak JSON lines on standard input and output; results: --results')
    p.add_argument('--results', metavar='FILE', help='where result lines go, else standard '
                   'output (with --stdio: standard error)')
    p.add_argument('--sec', type=int, choices=(0, 1, 2), help='else as the device says')
    p.add_argument('--patch', type=int, choices=(0, 1), help='else as the device says')
    p.add_argument('--pop', default='')
    p.add_argument('--username', default='wifiprov')
    p.add_argument('--password', default='abcd1234')
    p.add_argument('--family', choices=('wifi', 'thread'), help='else as the device says')
    p.add_argument('--dialect', choices=('net', 'wifi'), default='net')
    p.add_argument('--empty', choices=('absent', 'present'), default='absent',
                   help='bodies of commands that have nothing to say')
    p.add_argument('--ask', default='---', help="proto-ver's request")
    p.add_argument('--ssid')
    p.add_argument('--passphrase', default='')
    p.add_argument('--bssid', type=bytes.fromhex, default=b'')
    p.add_argument('--channel', type=int, default=0)
    p.add_argument('--dataset', type=bytes.fromhex, help='Thread operational dataset, hex')
    p.add_argument('--pick', metavar='NAME', help='Thread network to take from the scan')
    p.add_argument('--key', type=bytes.fromhex, help='its network key, hex')
    p.add_argument('--page', type=int, default=4, help='scan results asked for at once')
    p.add_argument('--no-block', action='store_true', help='ask for the scan to run by itself')
    p.add_argument('--group-channels', type=int, default=0)
    p.add_argument('--data', default='hello', help="custom's request")
    p.add_argument('--endpoint', default='custom-data', help="custom's endpoint")
    p.add_argument('--interval', type=float, default=5, help='seconds between status requests')
    p.add_argument('--polls', type=int, default=60, help='status requests before giving up')
    p.add_argument('--cookie', choices=('keep', 'never'), default='keep')
    p.add_argument('--fresh-sockets', action='store_true', help='a socket for each request')
    p.add_argument('--keep-going', action='store_true', help='more steps after one has failed')
    p.add_argument('steps', nargs='*', metavar='STEP')
    return p


def main():
    p = parser()
    args = p.parse_args()
    known = steps_of(Client(None), args)
    for step in args.steps:
        if step not in known:
            p.error(f'no step {step}; there are: {", ".join(known)}')
    if args.http:
        link = transport.Http(args.http, args.cookie, args.fresh_sockets)
    elif args.pipe:
        link = transport.Pipe.spawn(args.pipe)
    else:
        link = transport.Pipe(sys.stdin, sys.stdout)
    client = Client(link, args.pop.encode(), args.username.encode(), args.password.encode(),
                    args.sec, args.patch, args.family, getattr(wire, args.dialect), args.empty)
    out = open(args.results, 'w') if args.results else sys.stderr if args.stdio else sys.stdout
    try:
        return run(client, args, out)
    finally:
        link.close()


if __name__ == '__main__':
    sys.exit(main())
