"""The provisioning manager of a device, over a scripted network: nothing here takes time but polls.

The script, a dict (all keys may be absent):
  wifi      [{"ssid", "password", "channel", "rssi", "bssid", "auth"}]    bssid is hex
  thread    [{"name", "key", "pan_id", "ext_pan_id", "channel", "rssi", "lqi", "ext_addr"}]   hex
  polls     how many status requests say Connecting/Attaching before each outcome (1)
  attempts  how often joining Wi-Fi is tried; 0 and 1: once (0)
  fail      "auth", "not-found", "other" or "never": the outcome, whatever the credentials
  scan      how many status requests find a scan still running that was not blocking (1)
  results   how many scan results are kept (16)
"""

import wire
from security import Refused
from wire import Status, ThreadReason, ThreadState, WifiReason, WifiState

DEFAULT_SCRIPT = {
    'wifi': [{'ssid': 'net0', 'password': 'passw0rd', 'channel': 6, 'rssi': -40},
             {'ssid': 'open', 'password': '', 'auth': 0, 'rssi': -70}],
    'thread': [{'name': 'OpenThreadDemo', 'key': '00112233445566778899aabbccddeeff',
                'pan_id': '1234', 'ext_pan_id': '1111111122222222', 'channel': 15}],
}


def wifi_entry(n):
    ssid = n['ssid'].encode() if isinstance(n['ssid'], str) else n['ssid']
    return {'ssid': ssid, 'channel': n.get('channel', 1), 'rssi': n.get('rssi', -50),
            'bssid': bytes.fromhex(n.get('bssid', '020000000001')), 'auth': n.get('auth', 3)}


def thread_entry(n):
    return {'pan_id': int(n.get('pan_id', '1234'), 16), 'channel': n.get('channel', 15),
            'rssi': n.get('rssi', -50), 'lqi': n.get('lqi', 9),
            'ext_addr': bytes.fromhex(n.get('ext_addr', '0200000000000001')),
            'network_name': n['name'],
            'ext_pan_id': bytes.fromhex(n.get('ext_pan_id', '1111111122222222'))}


class Manager:
    """handle(endpoint, plain) is the reply; Refused where a device gives none.

    family      wifi or thread
    empty       absent: replies with nothing to say leave their body out
    auto_stop   as the manager's: reprovisioning is refused
    forgiving   Set and Apply work again after a failure, without a reset
    """

    def __init__(self, family='wifi', script=None, dialect=wire.net, empty='present',
                 auto_stop=True, forgiving=False, event=lambda **fields: None):
        self.family, self.dialect, self.empty = family, dialect, empty
        self.script = DEFAULT_SCRIPT if script is None else script
        self.auto_stop, self.forgiving, self.event = auto_stop, forgiving, event
        self.max_results = self.script.get('results', 16)
        self.found, self.scanning = [], 0
        self.finished = False               # success has been told to a client
        self.start_over()

    def start_over(self):
        self.state, self.credentials, self.answer = 'started', None, None
        self.attempts_done, self.polls_left = 0, 0

    def handle(self, endpoint, plain):
        payload, handler = {
            'prov-config': ('NetworkConfigPayload', self.config),
            'prov-scan': ('NetworkScanPayload', self.scan),
            'prov-ctrl': ('NetworkCtrlPayload', self.control)}[endpoint]
        try:
            kind, _, body = self.dialect.parse(payload, plain)
        except wire.BadMessage as bad:
            raise Refused(str(bad)) from None
        if not kind.startswith('Cmd'):
            raise Refused('not a command')
        theirs = 'thread' if 'Thread' in kind else 'wifi'
        fields, top = handler(kind, body, theirs == self.family)
        return self.dialect.build(payload, 'Resp' + kind[3:], fields, self.empty, **top)

    # prov-config

    def config(self, kind, body, ours):
        if kind.startswith('CmdGet'):
            return (self.status() if ours else self.foreign_status(kind)), {}
        status = Status.InvalidArgument
        if ours:
            status = self.set(body) if kind.startswith('CmdSet') else self.apply()
        return {'status': status}, {}

    @staticmethod
    def foreign_status(kind):
        """Never with the state left out: that would read as joined."""
        if kind == 'CmdGetWifiStatus':
            return {'status': Status.InvalidArgument, 'wifi_sta_state': WifiState.Disconnected}
        return {'status': Status.InvalidArgument, 'thread_state': ThreadState.Dettached}

    def set(self, body):
        if self.family == 'thread':
            right = len(body.dataset) <= 254
        else:
            right = (len(body.ssid) <= 32 and len(body.passphrase) <= 63 and
                     len(body.bssid) in (0, 6))
        self.event(event='set', accepted=right)
        if not right:
            return Status.InvalidArgument
        if self.state == 'failed' and self.forgiving:
            self.start_over()
        self.credentials = body
        return Status.Success

    def apply(self):
        if self.state != 'started' or self.credentials is None:
            return Status.InternalError
        self.event(event='apply')
        if self.family == 'thread':
            try:
                self.dataset = wire.parse_dataset(self.credentials.dataset)
            except ValueError:
                self.fail(ThreadReason.DatasetInvalid)
                return Status.InternalError
        self.state, self.polls_left = 'running', self.script.get('polls', 1)
        return Status.Success

    def status(self):
        if self.state == 'running':
            if self.polls_left > 0:
                self.polls_left -= 1
            elif self.family == 'thread':
                self.attach()
            else:
                return self.connect()
        if self.answer is None:
            return ({'thread_state': ThreadState.Attaching} if self.family == 'thread' else
                    {'wifi_sta_state': WifiState.Connecting})
        self.finished = self.finished or self.state == 'done'
        return self.answer

    def fail(self, reason):
        self.state = 'failed'
        self.answer = ({'thread_state': ThreadState.AttachingFailed, 'thread_fail_reason': reason}
                       if self.family == 'thread' else
                       {'wifi_sta_state': WifiState.ConnectionFailed, 'wifi_fail_reason': reason})
        self.event(event='failed', reason=reason)

    def succeed(self, answer):
        self.state, self.answer = 'done', answer
        self.event(event='joined')

    def attach(self):
        want = {3: 'network_name', 2: 'ext_pan_id', 1: 'pan_id', 0: 'channel'}
        for n in self.script.get('thread', []):
            entry = thread_entry(n)
            raw = {'network_name': entry['network_name'].encode(),
                   'ext_pan_id': entry['ext_pan_id'], 'pan_id': entry['pan_id'].to_bytes(2, 'big'),
                   'channel': b'\0' + entry['channel'].to_bytes(2, 'big')}
            if (not self.script.get('fail') and self.dataset.get(5) == bytes.fromhex(n['key']) and
                    all(self.dataset.get(t, raw[f]) == raw[f] for t, f in want.items())):
                return self.succeed({'thread_state': ThreadState.Attached, 'thread_attached': {
                    'pan_id': entry['pan_id'], 'ext_pan_id': entry['ext_pan_id'],
                    'channel': entry['channel'], 'name': entry['network_name']}})
        if self.script.get('fail') != 'never':
            self.fail(ThreadReason.ThreadNetworkNotFound)
        return None

    def connect(self):
        """One attempt to join the Wi-Fi network, and what it lets a status reply say."""
        connecting = {'wifi_sta_state': WifiState.Connecting}
        names = [wifi_entry(n)['ssid'] for n in self.script.get('wifi', [])]
        ssid, outcome = self.credentials.ssid, self.script.get('fail')
        if outcome is None and ssid in names:
            n = self.script['wifi'][names.index(ssid)]
            if n['password'].encode() == self.credentials.passphrase:
                entry = wifi_entry(n)
                self.succeed({'wifi_sta_state': WifiState.Connected, 'wifi_connected': {
                    'ip4_addr': '192.168.1.7', 'auth_mode': entry['auth'], 'ssid': ssid,
                    'bssid': entry['bssid'], 'channel': entry['channel']}})
                self.finished = True
                return self.answer
            outcome = 'auth'
        outcome = outcome or 'not-found'
        limit = self.script.get('attempts', 0)
        if outcome == 'never' or outcome == 'other' and limit == 0:
            return connecting
        self.attempts_done += 1
        if self.attempts_done < limit:
            self.polls_left = self.script.get('polls', 1)
            if 'attempt_failed' in self.dialect.RespGetWifiStatus.DESCRIPTOR.fields_by_name:
                connecting['attempt_failed'] = {'attempts_remaining': limit - self.attempts_done}
            return connecting
        self.fail(WifiReason.WifiNetworkNotFound if outcome == 'not-found' else
                  WifiReason.AuthError)
        return self.answer

    # prov-scan

    def scan(self, kind, body, ours):
        if not ours:
            return {}, {'status': Status.InvalidArgument}
        if kind.endswith('Start'):
            self.event(event='scan')
            if self.scanning == 0:
                self.look()
                self.scanning = 0 if body.blocking else self.script.get('scan', 1)
            return {}, {}
        if kind.endswith('Status'):
            if self.scanning > 0:
                self.scanning -= 1
                return {'scan_finished': False}, {}
            return {'scan_finished': True, 'result_count': len(self.found)}, {}
        start, end = body.start_index, body.start_index + body.count
        if self.scanning or body.count == 0 or end > min(self.max_results, len(self.found)):
            raise Refused('no such results')
        return {'entries': self.found[start:end]}, {}

    def look(self):
        if self.family == 'thread':
            self.found = [thread_entry(n) for n in self.script.get('thread', [])]
        else:
            self.found = sorted((wifi_entry(n) for n in self.script.get('wifi', [])),
                                key=lambda n: -n['rssi'])
        del self.found[self.max_results:]

    # prov-ctrl

    def control(self, kind, body, ours):
        status = Status.InternalError
        if not ours:
            status = Status.InvalidArgument
        elif (kind.endswith('Reprov') and not self.auto_stop or
              kind.endswith('Reset') and self.state in ('started', 'failed')):
            self.event(event='reset' if kind.endswith('Reset') else 'reprov')
            self.start_over()
            status = Status.Success
        return {}, {'status': status}
