"""How a client reaches a device: exchange(endpoint, body) is the reply, or Lost."""

import http.client
import json
import subprocess


class Lost(Exception):
    """No reply: the device refused in its transport's way, or is not there."""


class Http:
    """cookie 'keep' returns what was set; 'never' trusts in the socket alone.
    fresh: a new socket for every request, so that the cookie alone makes the session."""

    def __init__(self, address, cookie='keep', fresh=False, timeout=30):
        self.address, self.policy, self.fresh, self.timeout = address, cookie, fresh, timeout
        self.cookie, self.connection = None, None

    def exchange(self, endpoint, body):
        if self.fresh:
            self.hang_up()
        headers = {'Content-type': 'application/x-www-form-urlencoded', 'Accept': 'text/plain'}
        if self.cookie and self.policy == 'keep':
            headers['Cookie'] = self.cookie
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
            self.connection.request('POST', '/' + endpoint, body, headers)
            reply = self.connection.getresponse()
            data = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            raise Lost(f'{endpoint}: {type(error).__name__}') from None
        for name, value in reply.getheaders():
            if name.lower() == 'set-cookie':
                self.cookie = value.split(';')[0].strip()
        if reply.status != 200:
            raise Lost(f'{endpoint}: HTTP {reply.status}')
        return data

    def hang_up(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def reconnect(self):
        self.hang_up()
        self.cookie = None

    close = hang_up


class Pipe:
    """One JSON line out, one back: {"endpoint", "hex"} then {"hex"} or {"error"}."""

    def __init__(self, lines_in, lines_out, child=None):
        self.input, self.output, self.child = lines_in, lines_out, child

    @classmethod
    def spawn(cls, command):
        child = subprocess.Popen(command, shell=True, text=True, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        return cls(child.stdout, child.stdin, child)

    def ask(self, said):
        try:
            print(json.dumps(said), file=self.output, flush=True)
            answer = json.loads(self.input.readline())
        except (OSError, ValueError):
            raise Lost('the other end of the pipe is gone or answers no JSON') from None
        if not isinstance(answer, dict) or 'error' in answer:
            raise Lost(str(answer['error'] if isinstance(answer, dict) else answer))
        return answer

    def exchange(self, endpoint, body):
        try:
            return bytes.fromhex(self.ask({'endpoint': endpoint, 'hex': body.hex()})['hex'])
        except (KeyError, ValueError, TypeError):
            raise Lost('answer without "hex"') from None

    def reconnect(self):
        self.ask({'event': 'disconnect'})

    def close(self):
        for stream in (self.output, self.input):
            try:
                stream.close()
            except OSError:
                pass
        if self.child is not None:
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
