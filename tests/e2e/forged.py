"""forged.py: certificates that whoever steals the household's CA key could make: each must be refused by every browser,
since the CA can vouch for names under home.arpa alone, and for no further CA."""
import os
import subprocess

from device import Device

NAMED = {
    "control": "subjectAltName=DNS:control.maple.home.arpa", "other": "subjectAltName=DNS:www.site.example",
    "both": "subjectAltName=DNS:control.maple.home.arpa,DNS:www.site.example", "ip": "subjectAltName=IP:{address}",
    "mixed": "subjectAltName=DNS:control.maple.home.arpa,IP:{address}", "lookalike": "subjectAltName=DNS:control.evilhome.arpa",
}
LEAF = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"


class Forgery:
    """Looks like an Identity, for a Device."""

    def __init__(self, h, name, address):
        self.key, self.certificate = h.path(f"forged-{name}.key"), h.path(f"forged-{name}.pem")
        issuer = (h.ca(), h.path("proxy", "ca.key"))
        chain = ""
        if name == "subca":
            between = h.path("forged-between")
            self._sign(h, "a CA below", between + ".key", between + ".pem", issuer, CA)
            issuer = (between + ".pem", between + ".key")
            chain = open(between + ".pem").read()
        named = NAMED.get(name, NAMED["control"]).format(address=address)
        self._sign(h, "forged", self.key, self.certificate, issuer, LEAF + named + "\n")
        with open(self.certificate, "a") as out:
            out.write(chain)

    def _sign(self, h, subject, key, certificate, issuer, extensions):
        request, config = h.path("forged.csr"), h.path("forged.cnf")
        with open(config, "w") as out:
            out.write(extensions)
        for command in [["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                         "-subj", f"/CN={subject}", "-out", request],
                        ["x509", "-req", "-in", request, "-CA", issuer[0], "-CAkey", issuer[1], "-days", "2", "-set_serial",
                         str(int.from_bytes(os.urandom(8), "big")), "-sha256", "-extfile", config, "-out", certificate]]:
            done = subprocess.run(["openssl", *command], capture_output=True, encoding="utf-8", timeout=60)
            if done.returncode != 0:
                raise RuntimeError(f"openssl {command}: {done.stderr}")

    from device import Identity as _identity
    context = _identity.context


def forged_device(h, name, address):
    return Device(name, address, Forgery(h, name, address))
