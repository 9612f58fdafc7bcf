"""Security 0, 1 and 2 of Espressif's unified provisioning, both roles, without I/O.

A client: start() gives the first message, step(reply) the next or None when the session stands.
A device: handshake(request) gives the reply. Then encrypt() and decrypt(), in wire order.
Randomness comes from random(n). Refused is the peer's fault, of either role.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import wire

# RFC 5054, 3072 bits.
N = int("""
FFFFFFFF FFFFFFFF C90FDAA2 2168C234 C4C6628B 80DC1CD1 29024E08 8A67CC74 020BBEA6 3B139B22
514A0879 8E3404DD EF9519B3 CD3A431B 302B0A6D F25F1437 4FE1356D 6D51C245 E485B576 625E7EC6
F44C42E9 A637ED6B 0BFF5CB6 F406B7ED EE386BFB 5A899FA5 AE9F2411 7C4B1FE6 49286651 ECE45B3D
C2007CB8 A163BF05 98DA4836 1C55D39A 69163FA8 FD24CF5F 83655D23 DCA3AD96 1C62F356 208552BB
9ED52907 7096966D 670C354E 4ABC9804 F1746C08 CA18217C 32905E46 2E36CE3B E39E772C 180E8603
9B2783A2 EC07A28F B5C55DF0 6F4C52C9 DE2BCBF6 95581718 3995497C EA956AE5 15D22618 98FA0510
15728E5A 8AAAC42D AD33170D 04507A33 A85521AB DF1CBA64 ECFB8504 58DBEF0A 8AEA7157 5D060C7D
B3970F85 A6E1E4C7 ABF5AE8C DB0933D7 1E8C94E0 4A25619D CEE3D226 1AD2EE6B F12FFA06 D98A0864
D8760273 3EC86A64 521F2B18 177B200C BBE11757 7A615D6C 770988C0 BAD946E2 08E24FA0 74E5AB31
43DB5BFC E0FD108E 4B82D120 A93AD2CA FFFFFFFF FFFFFFFF""".replace('\n', ' ').replace(' ', ''), 16)
G = 5
WIDE = 384


class Refused(Exception):
    """The peer sent what cannot be accepted. kind: auth, protocol or session."""

    def __init__(self, why, kind='protocol'):
        super().__init__(why)
        self.kind = kind


def digest(*parts):
    return hashlib.sha512(b''.join(parts)).digest()


def pad(number):
    return number.to_bytes(WIDE, 'big')


def least(number):
    return number.to_bytes((number.bit_length() + 7) // 8, 'big')


def integer(data):
    return int.from_bytes(data, 'big')


K_MULTIPLIER = integer(digest(pad(N), pad(G)))


def inner_hash(username, password, drop_zeros=False):
    """H(I ":" P). drop_zeros: as credential generators do that take it for a number."""
    made = digest(username, b':', password)
    return made.lstrip(b'\0') if drop_zeros else made


def private_x(salt, username, password, drop_zeros=False):
    return integer(digest(salt, inner_hash(username, password, drop_zeros)))


def verifier(salt, username, password, drop_zeros=False):
    return pow(G, private_x(salt, username, password, drop_zeros), N)


def scrambler(a_public, b_public):
    return integer(digest(pad(a_public), pad(b_public)))


def proofs(username, salt, a_wire, b_wire, key):
    """M1, M2 over the public values as they crossed the wire."""
    group = bytes(x ^ y for x, y in zip(digest(pad(N)), digest(pad(G))))
    m1 = digest(group, digest(username), salt, a_wire, b_wire, key)
    return m1, digest(a_wire, m1, key)


def session_message(version, message, **fields):
    """SessionData of one security; message names its member, such as sc0."""
    made = wire.net.SessionData(sec_ver=version)
    part = getattr(made, f'sec{version}')
    part.SetInParent()
    part.msg = {'sc': 0, 'sr': 1, 'sc0': 0, 'sr0': 1, 'sc1': 2, 'sr1': 3}[message]
    body = getattr(part, message)
    body.SetInParent()
    for name, value in fields.items():
        setattr(body, name, value)
    return made.SerializeToString(deterministic=True)


def open_session_message(version, data, wanted):
    """The member `wanted` of SessionData, or Refused."""
    made = wire.net.SessionData()
    try:
        made.ParseFromString(data)
    except wire.DecodeError:
        raise Refused('not a SessionData') from None
    if made.sec_ver != version or made.WhichOneof('payload') != f'sec{version}':
        raise Refused(f'not a message of security {version}')
    part = getattr(made, f'sec{version}')
    number = {'sc': 0, 'sr': 1, 'sc0': 0, 'sr0': 1, 'sc1': 2, 'sr1': 3}[wanted]
    member = part.WhichOneof('payload')
    if part.msg != number or member != wanted and not (wanted == 'sc' and member is None):
        raise Refused(f'not {wanted} of security {version}')
    body = getattr(part, wanted)
    if getattr(body, 'status', 0) != 0:
        raise Refused('device says ' + wire.name_in('Status', body.status), 'auth')
    return body


def kind_of_session_message(version, data):
    """Which command a device got: its msg number, None if the message is none of this security."""
    made = wire.net.SessionData()
    try:
        made.ParseFromString(data)
    except wire.DecodeError:
        return None
    return getattr(made, f'sec{version}').msg if made.sec_ver == version else None


class Clear:
    """Security 0."""
    version = 0

    def __init__(self, random=os.urandom):
        self.ready = False

    def start(self):
        return session_message(0, 'sc')

    def step(self, reply):
        open_session_message(0, reply, 'sr')
        self.ready = True

    def handshake(self, request):
        open_session_message(0, request, 'sc')
        self.ready = True
        return session_message(0, 'sr')

    def encrypt(self, plain):
        return plain

    decrypt = encrypt


class Stream:
    """Security 1's cipher: one AES-256-CTR keystream for both directions."""

    def __init__(self, shared, pop, iv):
        mask = hashlib.sha256(pop).digest() if pop else bytes(32)
        self.key = bytes(x ^ y for x, y in zip(shared, mask))
        self.cipher = Cipher(algorithms.AES(self.key), modes.CTR(iv)).encryptor()

    def take(self, data):
        return self.cipher.update(data)


def x25519(private, public):
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(
            X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Refused('public key of no use', 'auth') from None


def x25519_public(private):
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes(
        Encoding.Raw, PublicFormat.Raw)


class Sec1Client:
    version = 1

    def __init__(self, pop=b'', random=os.urandom):
        self.pop, self.random, self.ready, self.stream = pop, random, False, None

    def start(self):
        self.private = self.random(32)
        self.public = x25519_public(self.private)
        return session_message(1, 'sc0', client_pubkey=self.public)

    def step(self, reply):
        if self.stream is None:
            got = open_session_message(1, reply, 'sr0')
            if len(got.device_pubkey) != 32 or len(got.device_random) != 16:
                raise Refused('public key or random of a wrong length')
            self.peer = got.device_pubkey
            self.stream = Stream(x25519(self.private, self.peer), self.pop, got.device_random)
            return session_message(1, 'sc1', client_verify_data=self.stream.take(self.peer))
        got = open_session_message(1, reply, 'sr1')
        if not hmac.compare_digest(self.stream.take(got.device_verify_data), self.public):
            raise Refused('device does not know the proof of possession', 'auth')
        self.ready = True
        return None

    def encrypt(self, plain):
        return self.stream.take(plain)

    def decrypt(self, data):
        return self.stream.take(data)


class Sec1Device:
    version = 1

    def __init__(self, pop=b'', random=os.urandom):
        self.pop, self.random, self.ready, self.stream = pop, random, False, None

    def handshake(self, request):
        if kind_of_session_message(1, request) == 0:
            return self.first(open_session_message(1, request, 'sc0'))
        if self.stream is None or self.ready:
            raise Refused('not expected now', 'session')
        got = open_session_message(1, request, 'sc1')
        stream, self.stream = self.stream, None
        if not hmac.compare_digest(stream.take(got.client_verify_data), self.public):
            raise Refused('wrong proof of possession', 'auth')
        self.stream, self.ready = stream, True
        return session_message(1, 'sr1', device_verify_data=stream.take(self.peer))

    def first(self, got):
        self.ready, self.stream = False, None
        if len(got.client_pubkey) != 32:
            raise Refused('public key of a wrong length')
        self.peer = got.client_pubkey
        private = self.random(32)
        self.public = x25519_public(private)
        shared, iv = x25519(private, self.peer), self.random(16)
        self.stream = Stream(shared, self.pop, iv)
        return session_message(1, 'sr0', device_pubkey=self.public, device_random=iv)

    encrypt, decrypt = Sec1Client.encrypt, Sec1Client.decrypt


class Gcm:
    """Security 2's cipher. patch 0: one nonce for all; patch 1: one counter for both ways."""

    def __init__(self, key, nonce, patch):
        if patch not in (0, 1):
            raise Refused(f'sec_patch_ver {patch} is not known')
        if len(nonce) != 12:
            raise Refused('nonce is not 12 bytes long')
        self.aead, self.fixed, self.patch = AESGCM(key), nonce, patch
        self.counter = integer(nonce[8:])

    def nonce(self):
        if self.patch == 0:
            return self.fixed
        if self.counter == 0:
            raise Refused('counter used up: start a new session', 'session')
        return self.fixed[:8] + self.counter.to_bytes(4, 'big')

    def seal(self, plain):
        made = self.aead.encrypt(self.nonce(), plain, None)
        self.counter = (self.counter + 1) % 2**32
        return made

    def open(self, data):
        try:
            made = self.aead.decrypt(self.nonce(), data, None)
        except (InvalidTag, ValueError):
            raise Refused('wrong tag', 'auth') from None
        self.counter = (self.counter + 1) % 2**32
        return made


class Sec2Client:
    version = 2

    def __init__(self, username, password, patch=1, random=os.urandom, drop_zeros=False):
        self.username, self.password, self.patch = username, password, patch
        self.random, self.drop_zeros = random, drop_zeros
        self.ready, self.stage, self.gcm = False, 0, None

    def start(self):
        while True:
            self.a = integer(self.random(32)) | 1 << 255
            self.public = pow(G, self.a, N)
            if self.public >> 8 * (WIDE - 1):
                break
        return session_message(2, 'sc0', client_username=self.username,
                               client_pubkey=pad(self.public))

    def step(self, reply):
        if self.stage == 0:
            self.stage = 1
            return self.prove(open_session_message(2, reply, 'sr0'))
        got = open_session_message(2, reply, 'sr1')
        if not hmac.compare_digest(got.device_proof, self.m2):
            raise Refused('device does not know the verifier of this password', 'auth')
        self.gcm = Gcm(self.key[:32], got.device_nonce, self.patch)
        self.ready = True
        return None

    def prove(self, got):
        b_wire, salt = got.device_pubkey, got.device_salt
        public = integer(b_wire)
        if not 1 <= len(b_wire) <= WIDE or public % N == 0:
            raise Refused('public value of no use')
        self.u = scrambler(self.public, public)
        if self.u == 0:
            raise Refused('public values of no use')
        self.x = private_x(salt, self.username, self.password, self.drop_zeros)
        base = (public - K_MULTIPLIER * pow(G, self.x, N)) % N
        self.secret = pow(base, self.a + self.u * self.x, N)
        self.key = digest(least(self.secret))
        self.m1, self.m2 = proofs(self.username, salt, pad(self.public), b_wire, self.key)
        return session_message(2, 'sc1', client_proof=self.m1)

    def encrypt(self, plain):
        return self.gcm.seal(plain)

    def decrypt(self, data):
        return self.gcm.open(data)


# What a device may want of the values it makes, before it sends them. "clean" spares every client
# known to drop leading zeros; the others are for tests and are had by trying other randomness.
SHAPES = {
    'any': lambda d: True,
    'clean': lambda d: d.b_wire[:1] and len(d.b_wire) == WIDE and d.key[0] and d.m1[0] and d.m2[0],
    'short-B': lambda d: len(d.b_wire) < WIDE,
    'zero-S': lambda d: len(least(d.secret)) < WIDE,
    'zero-K': lambda d: d.key[0] == 0,
    'zero-M1': lambda d: d.m1[0] == 0,
    'zero-M2': lambda d: d.m2[0] == 0,
}


class Sec2Device:
    """verifier and salt are bytes as stored; leading zeros of the verifier do not matter."""
    version = 2

    def __init__(self, salt, stored, patch=1, random=os.urandom, shape='any'):
        self.salt, self.v, self.patch = salt, integer(stored), patch
        self.random, self.fits, self.shape = random, SHAPES[shape], shape
        self.ready, self.waiting, self.gcm = False, False, None

    def handshake(self, request):
        if kind_of_session_message(2, request) == 0:
            return self.first(open_session_message(2, request, 'sc0'))
        if not self.waiting:
            raise Refused('not expected now', 'session')
        self.waiting = False
        got = open_session_message(2, request, 'sc1')
        if len(got.client_proof) != 64 or not hmac.compare_digest(got.client_proof, self.m1):
            raise Refused('wrong username or password', 'auth')
        nonce = self.random(8) + b'\0\0\0\1' if self.patch else self.random(12)
        self.gcm = Gcm(self.key[:32], nonce, self.patch)
        self.ready = True
        return session_message(2, 'sr1', device_proof=self.m2, device_nonce=nonce)

    def first(self, got):
        self.ready, self.waiting, self.gcm = False, False, None
        a_wire, self.username = got.client_pubkey, got.client_username
        public = integer(a_wire)
        if len(a_wire) != WIDE or not self.username or public % N == 0:
            raise Refused('username or public value of no use')
        while True:
            self.b = integer(self.random(32))
            self.public = (K_MULTIPLIER * self.v + pow(G, self.b, N)) % N
            self.b_wire = least(self.public)
            if self.shape == 'short-B' and not self.fits(self):
                continue
            self.u = scrambler(public, self.public)
            self.secret = pow(public * pow(self.v, self.u, N) % N, self.b, N)
            self.key = digest(least(self.secret))
            self.m1, self.m2 = proofs(self.username, self.salt, a_wire, self.b_wire, self.key)
            if self.u != 0 and self.public != 0 and self.fits(self):
                break
        self.waiting = True
        return session_message(2, 'sr0', device_pubkey=self.b_wire, device_salt=self.salt)

    encrypt, decrypt = Sec2Client.encrypt, Sec2Client.decrypt
