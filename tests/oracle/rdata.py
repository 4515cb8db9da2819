"""The form of rdata, from the RFCs and docs/ledger-format.md: every function says whether one RR's octets are right."""
import hashlib
import ipaddress
import re

EMPTY = {1: hashlib.sha256(b"").digest(), 2: hashlib.sha512(b"").digest()}
A, TXT, AAAA, SRV, SSHFP, TLSA, SVCB, HTTPS, CAA = 1, 16, 28, 33, 44, 52, 64, 65, 257
PEER, ORIGINS, NOTE = 65280, 65281, 65282


def publishable(address):
    """Of an address of 4 or 16 octets: leads to a device. The page says no more than that word; read as: not loopback,
    link-local, multicast, unspecified or reserved, also not as the IPv4 address inside an IPv6 one."""
    if len(address) == 4:
        return not (address[0] in (0, 127) or address[:2] == b"\xa9\xfe" or address[0] >= 224)
    if address in (bytes(16), bytes(15) + b"\1") or address[0] == 0xff or (address[0] == 0xfe and address[1] & 0xc0 == 0x80):
        return False
    for prefix in (bytes(12), bytes(10) + b"\xff\xff", b"\0\x64\xff\x9b" + bytes(8), b"\x20\2"):
        if address.startswith(prefix):
            return publishable(address[len(prefix):len(prefix) + 4])
    return True


def all_publishable(octets, size):
    return (len(octets) > 0 and len(octets) % size == 0 and
            all(publishable(octets[at:at + size]) for at in range(0, len(octets), size)))


def name_length(octets):
    """Octets of the uncompressed, lower-case name at the start; 0 if there is none."""
    at = 0
    while at < len(octets) and at < 255:
        length = octets[at]
        if length == 0:
            return at + 1
        if length > 63 or re.search(rb"[A-Z]", octets[at + 1:at + 1 + length]):
            return 0
        at += 1 + length
    return 0


def strings(octets):
    """Character strings (length, octets) that fill it; None if they don't."""
    found = []
    while octets:
        if len(octets) <= octets[0]:
            return None
        found.append(octets[1:1 + octets[0]])
        octets = octets[1 + octets[0]:]
    return found


def good_txt(rr):
    return bool(strings(rr))


def good_srv(rr):
    """RFC 2782: priority, weight, port, target."""
    return len(rr) > 6 and name_length(rr[6:]) == len(rr) - 6


def good_sshfp(rr):
    """RFC 4255; SHA-256 by RFC 6594."""
    return len(rr) > 2 and len(rr) - 2 == {1: 20, 2: 32}.get(rr[1], len(rr) - 2)


def good_tlsa(rr):
    """RFC 6698; only hashes, of the right length and not of nothing."""
    if len(rr) < 3 or rr[0] > 3 or rr[1] > 1 or rr[2] not in (1, 2):
        return False
    return len(rr) - 3 == (32, 64)[rr[2] - 1] and rr[3:] != EMPTY[rr[2]]


def good_caa(rr):
    """RFC 8659, section 4.1."""
    return len(rr) >= 2 and 1 <= rr[1] <= len(rr) - 2 and re.fullmatch(rb"[A-Za-z0-9]+", rr[2:2 + rr[1]]) is not None


def good_svcb(rr):
    """RFC 9460, section 2.2; the values by sections 7 and 8."""
    target = name_length(rr[2:])
    if not target:
        return False
    rest, params, last = rr[2 + target:], {}, -1
    while rest:
        key, length = int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:4], "big")
        if len(rest) < 4 + length or key <= last or key == 65535:
            return False
        params[key], rest, last = rest[4:4 + length], rest[4 + length:], key
    return all(good_param(key, params) for key in params)


def good_param(key, params):
    value = params[key]
    if key == 0:
        keys = [int.from_bytes(value[at:at + 2], "big") for at in range(0, len(value), 2)]
        return (len(value) > 0 and len(value) % 2 == 0 and all(a < b for a, b in zip(keys, keys[1:])) and
                all(k != 0 and k in params for k in keys))
    if key == 1:
        return bool(strings(value)) and all(strings(value))
    if key == 2:
        return value == b"" and 1 in params
    if key == 3:
        return len(value) == 2
    if key == 4:
        return all_publishable(value, 4)
    return key != 6 or all_publishable(value, 16)


def good_origin(rr):
    """RFC 6454, section 6.2, as docs/ledger-format.md narrows it."""
    match = re.fullmatch(rb"https://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([1-9][0-9]{0,4}))?", rr)
    if not match or len(rr) > 255 or (match[2] and (int(match[2]) > 65535 or int(match[2]) == 443)):
        return False
    host = match[1].decode()
    try:
        if host[0] == "[":
            return ipaddress.IPv6Address(host[1:-1]).compressed == host[1:-1]
    except ValueError:
        return False
    labels = host.split(".")
    if labels[-1].isdigit():  # a browser takes it for an address
        return len(labels) == 4 and all(re.fullmatch("0|[1-9][0-9]{0,2}", n) and int(n) < 256 for n in labels)
    return all(0 < len(label) <= 63 and label[0] != "-" and label[-1] != "-" for label in labels)


def good_note(rr):
    if not rr or len(rr) > 256:
        return False
    try:
        text = rr[1:].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(c <= "\x1f" or "\x7f" <= c <= "\x9f" for c in text)


FORMS = {A: lambda rr: len(rr) == 4 and publishable(rr), AAAA: lambda rr: len(rr) == 16 and publishable(rr),
         TXT: good_txt, SRV: good_srv, SSHFP: good_sshfp, TLSA: good_tlsa, SVCB: good_svcb, HTTPS: good_svcb,
         CAA: good_caa, PEER: lambda rr: len(rr) == 33, ORIGINS: good_origin, NOTE: good_note}


def petname(label):
    """No id, no reverse zone, no name of our own."""
    base32 = len(label) == 52 and re.fullmatch(rb"[a-z2-7]+", label)
    return not (base32 or b"_" in label or label in (b"hearth", b"in-addr", b"ip6"))


def broken(body):
    """The rules that a SET breaks by its name, type and data, as names of groups."""
    rrtype, name, rrs = body["rrtype"], body["name"], body["rrs"]
    rules = set()
    at_peer = bool(name) and name[-1] == b"_peer"
    if (rrtype == PEER) != at_peer or (rrtype == PEER and (len(name) != 2 or not petname(name[0]))):
        rules.add("peer-name")
    if rrtype == PEER and len(rrs) > 1:
        rules.add("rdata")
    if rrtype in (0, 41, 65535) or 128 <= rrtype <= 255:  # RFC 6895, section 3.1
        rules.add("rr-type")
    if not all(FORMS.get(rrtype, lambda rr: True)(rr) for rr in rrs):
        rules |= {"rdata", "tlsa"} if rrtype == TLSA else {"rdata", "address"}
    return rules
