"""made_views.py: views of households that no ledger here has, written by e2e_made_view; and the same damaged.

    view = View()
    maple = view.household("maple", own=True)
    maple.device("camera", "20", spki(identity))
    view.publish(h)
"""
import base64
import collections
import hashlib
import os
import ssl
import struct
import subprocess
import time

from client import ask
from home import address, wait_until
from verdicts import is_own_page

SHARED = "This key belongs to another device"
STALE = "Too long without news from the household"
NO_VIEW = "Hearth knows no names here yet"
MISMATCH = "This is not the device that the household knows"
CONFLICT = "The household says two things about this device"
WITHDRAWN = "key was withdrawn"
CAMERA = "camera.maple.home.arpa"
GUEST = "guest.willow.home.arpa"
WITHIN_MS = 86400000
TABLES = ("zones", "names", "hash", "rrsets", "records", "authors", "withdrawn", "addresses", "heap", "blocks")
ENTRY_SIZES = (96, 24, 16, 48, 96, 48, 96, 24, 1, 4)
HEADER_SIZE, HEADER_CRC_AT, TABLES_AT, BLOCK_SIZE = 256, 252, 56, 65536
Table = collections.namedtuple("Table", "name offset size")


def now_ms():
    return int(time.time() * 1000)


# --- keys, as TLSA records have them ---

def certificate_of(identity):
    with open(identity.certificate) as pem:
        return ssl.PEM_cert_to_DER_cert(pem.read())


def _element(der, at):
    """(start of the content, end) of the DER element there."""
    size, start = der[at + 1], at + 2
    if size & 128:
        start += size & 127
        size = int.from_bytes(der[at + 2:start], "big")
    return start, start + size


def spki_of(identity):
    """The SubjectPublicKeyInfo: the seventh field of a certificate's first part, version included."""
    der = certificate_of(identity)
    at = _element(der, _element(der, 0)[0])[0]
    for _ in range(6):
        at = _element(der, at)[1]
    return der[at:_element(der, at)[1]]


def spki(identity):
    return f"3 1 1 {identity.fingerprint}"


def certificate(identity):
    return f"3 0 1 {hashlib.sha256(certificate_of(identity)).hexdigest()}"


def spki_sha512(identity):
    return f"3 1 2 {hashlib.sha512(spki_of(identity)).hexdigest()}"


# --- views ---

class Made:
    """One household."""

    def __init__(self, petname, own):
        self.petname, self.own = petname, own
        self.id = hashlib.sha256(petname.encode()).digest()
        self.lines = []

    @property
    def id_label(self):
        return base64.b32encode(self.id).decode().rstrip("=").lower()

    def says(self, line):
        self.lines.append(line)

    def state(self, state, soft=0, hard=0):
        self.says(f"state {state} {soft} {hard}")

    def device(self, name, number, *keys, removed=(), conflicts=0, port=443):
        """An address, and the keys of a port."""
        self.says(f"{name} AAAA {address(number)}")
        for key in keys:
            self.says(f"_{port}._tcp.{name} TLSA {key}")
        for key in removed:
            self.says(f"_{port}._tcp.{name} REMOVED {key}")
        if conflicts:
            self.says(f"conflicts {conflicts}")

    def withdrawn(self, key):
        self.says(f"withdrawn {key.split()[3]}")

    def names(self, name):
        """Both forms of it."""
        return [f"{name}.{self.petname}.home.arpa", f"{name}.{self.id_label}.home.arpa"]


class View:
    """Households: the own one first, then in the order in which they are followed."""

    def __init__(self):
        self.households = []

    def household(self, petname, own=False):
        self.households.append(Made(petname, own))
        return self.households[-1]

    def text(self):
        lines = []
        for made in self.households:
            lines += [f"household {made.petname} {'own' if made.own else 'followed'} {made.id.hex()}", *made.lines]
        return "\n".join(lines) + "\n"

    def publish(self, h):
        done = subprocess.run([os.path.join(h.bin, "e2e_made_view"), folder(h)], input=self.text(),
                              capture_output=True, encoding="utf-8", timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"{done}\n{self.text()}")


# --- the files ---

def folder(h):
    return h.path("view")


def view_file(h):
    return h.path("view", "names.view")


def read_view(h):
    with open(view_file(h), "rb") as view:
        return view.read()


def put(h, octets, move=True):
    """In place by rename, as a publisher does it; the word is moved, unless a story wants it to stand still."""
    with open(view_file(h) + ".new", "wb") as out:
        out.write(octets)
    os.rename(view_file(h) + ".new", view_file(h))
    if not move:
        return
    word = os.open(h.path("view", "generation"), os.O_RDWR)
    try:
        (value,) = struct.unpack(">Q", os.pread(word, 8, 0))
        os.pwrite(word, struct.pack(">Q", (value + 1) % (1 << 64)), 0)
    finally:
        os.close(word)


def tables(octets):
    """Where each table lies."""
    found = []
    for i, (name, size) in enumerate(zip(TABLES, ENTRY_SIZES)):
        offset, count, _ = struct.unpack_from(">QII", octets, TABLES_AT + 16 * i)
        found.append(Table(name, offset, count * size))
    return found


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = _crc_table()


def crc32c(octets):
    crc = 0xFFFFFFFF
    for octet in octets:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ octet) & 255]
    return crc ^ 0xFFFFFFFF


def flipped(octets, at, mended=False):
    """One bit is another; `mended`: and every checksum is right again."""
    changed = bytearray(octets)
    changed[at] ^= 1 << at * 5 % 8
    if mended:
        blocks = tables(octets)[-1].offset
        struct.pack_into(">I", changed, HEADER_CRC_AT, crc32c(changed[:HEADER_CRC_AT]))
        for i, start in enumerate(range(0, blocks, BLOCK_SIZE)):
            struct.pack_into(">I", changed, blocks + 4 * i, crc32c(changed[start:min(start + BLOCK_SIZE, blocks)]))
    return bytes(changed)


# --- what comes of them ---

def opened(device):
    with device.lock:
        return set(device.open)


def refused(h, name, heading, device, what, *words, status=502):
    """The page; and nothing of the request reached the device."""
    device.forget()
    before = opened(device)
    answer = ask(h, "/secret", name, method="POST", more="Content-Length: 6\r\nCookie: secret=1\r\n", body=b"secret")
    is_own_page(h, answer, status, f"{what}, {name}", heading, name, *words)
    wait_until(lambda: not opened(device) - before, "the device has read all there was")
    h.check(device.octets() == b"", f"{what}, {name}: the device got {device.octets()[:200]!r}")


def served(h, name, device, what):
    answer = ask(h, "/seen", name)
    h.check(answer.status == 200 and f"<h1>{device.name}</h1>" in answer.text, f"{what}, {name}: {answer}")


def own_view(h, *keys, **more):
    """maple alone, with the camera."""
    view = View()
    maple = view.household("maple", own=True)
    maple.device("camera", "20", *(keys or [spki(h.identity("camera"))]), **more)
    return view, maple


def two_households(h, own_key, followed_key, followed="22"):
    view, maple = own_view(h, own_key) if own_key else (View(), None)
    if not own_key:
        maple = view.household("maple", own=True)
        maple.device("other", "2f", "3 1 1 " + "ab" * 32)
    willow = view.household("willow")
    willow.device("guest", followed, followed_key)
    return view, maple, willow
