"""The owner's side of a household, from docs/ledger-format.md alone: GENESIS and GRANT, signed in plain integers
(RFC 8032, section 5.1.6). For tests: slow, and its keys are nobody's."""
import hashlib
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import ed25519  # noqa: E402


def _encode(point):
    inverse = pow(point[2], ed25519.P - 2, ed25519.P)
    x, y = point[0] * inverse % ed25519.P, point[1] * inverse % ed25519.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Key:
    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        scalar = int.from_bytes(digest[:32], "little")
        self.scalar = scalar & ((1 << 254) - 8) | 1 << 254
        self.prefix = digest[32:]
        self.public = _encode(ed25519.multiply(ed25519.BASE, self.scalar))

    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % ed25519.L
        point = _encode(ed25519.multiply(ed25519.BASE, r))
        k = int.from_bytes(hashlib.sha512(point + self.public + message).digest(), "little")
        return point + ((r + k * self.scalar) % ed25519.L).to_bytes(32, "little")


def _hash(personalisation, data):
    return hashlib.blake2b(data, digest_size=32, person=personalisation.encode()).digest()


def _key(public):
    return b"\x01" + public


def _entry(key, kind, namespace, seq, prev, time_ms, body):
    head = b"HLE1" + struct.pack(">BBH", kind, 0, len(body)) + namespace + key.public
    head += struct.pack(">QQ", 0, seq) + prev + prev + struct.pack(">Q", time_ms << 16) + body
    return head + key.sign(b"hearth/v1/entry\0" + head), _hash("hearth1.entry.id", head)


class Owner:
    """A household that nobody lives in yet."""

    def __init__(self, seed=b"owner of a test".ljust(32, b"\0")):
        self.key = Key(seed)
        self.time_ms = 1800000000000
        recovery = Key(b"paper of a test".ljust(32, b"\0")).public
        body = _key(self.key.public) + _hash("hearth1.recovery", _key(recovery)) + bytes(32)
        self.genesis, self.namespace = _entry(self.key, 1, bytes(32), 0, bytes(32), self.time_ms, body)
        self.head, self.seq = self.namespace, 0

    def _append(self, kind, body):
        self.seq, self.time_ms = self.seq + 1, self.time_ms + 1
        octets, self.head = _entry(self.key, kind, self.namespace, self.seq, self.head, self.time_ms, body)
        return octets

    def grant(self, node, possession, role=1):
        """`node`: the answer of the op "node"; possession: that of "possess"."""
        body = _key(bytes.fromhex(node["signing_key"])) + bytes.fromhex(node["spki_sha256"])
        body += _key(bytes.fromhex(node["zone_key"])) + bytes([role, 0]) + bytes(32)
        return self._append(2, body + bytes.fromhex(possession))

    def revoke(self, key):
        return self._append(4, _key(key) + b"\x00\x00")
