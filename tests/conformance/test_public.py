"""`verify --public` against a world of the test's own: a signed root, a TLD and its zones, served by NSD, and servers
with certificates of every kind, in a network namespace. The program differs from `hearth` in its root anchor alone.

Usage: test_public.py HEARTH_GIVEN_ANCHOR HEARTH_DEVICE. Each wait is bounded and ends with the thing waited for.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HEARTH, DEVICE = map(os.path.abspath, sys.argv[1:3])
NEEDED = ("nsd", "ldns-keygen", "ldns-signzone", "ldns-key2ds", "openssl", "ip", "unshare", "dig")
NS = "203.0.113.53"
ROOTS = ("198.41.0.4", "192.33.4.12", "199.7.91.13", "192.5.5.241", "193.0.14.129", "199.7.83.42")
SOA = "@ 3600 IN SOA ns.signed. hostmaster.signed. 1 3600 1200 604800 300\n@ 3600 IN NS ns.signed.\n"
EXPIRED = ("--not-before", "2007-05-01", "--not-after", "2017-05-01")
PROBLEMS = []


def check(condition, text):
    print(("ok    " if condition else "FAIL  ") + text, flush=True)
    if not condition:
        PROBLEMS.append(text)


def enter():
    """Starts itself again inside the namespace; 77 where the machine forbids one or something is missing."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if os.environ.get("HEARTH_INSIDE"):
        return
    missing = [name for name in NEEDED if not shutil.which(name)]
    outside = ["unshare", "--net", "--fork", "--kill-child=SIGKILL"]
    if os.getuid() != 0:
        outside[1:1] = ["--user", "--map-root-user"]
    if missing or subprocess.run([*outside, "true"], capture_output=True).returncode != 0:
        print(f"test_public.py: missing: {missing or 'a network namespace'}")
        sys.exit(77)
    os.environ["HEARTH_INSIDE"] = "1"
    os.execvp(outside[0], [*outside, sys.executable, os.path.abspath(__file__), *sys.argv[1:]])


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, encoding="utf-8", timeout=60, **more).stdout


class World:
    """Not below test.: libunbound answers for that itself (RFC 6761)."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="hearth-public.")
        self.processes = []
        self.next = 10
        run("ip", "link", "set", "lo", "up")
        for address in (NS, *ROOTS):
            run("ip", "address", "add", address + "/32", "dev", "lo")

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def address(self):
        self.next += 1
        address = f"203.0.113.{self.next}"
        run("ip", "address", "add", address + "/32", "dev", "lo")
        return address

    def serve(self, key, *options, port=443):
        """A server with that key: its address and the fingerprint of its key."""
        address = self.address()
        process = subprocess.Popen([DEVICE, "--listen", address, "--port", str(port), "--key", self.path(key + ".pem"),
                                    "--key-type", "p256", *options], stdout=subprocess.PIPE, encoding="utf-8")
        self.processes.append(process)
        words = process.stdout.readline().split()
        check(words[:1] == ["ready"], f"a server with {key}")
        return address, words[3]

    # --- zones ---

    def key(self, zone):
        """Its signing key's base name, and its DS."""
        base = run("ldns-keygen", "-k", "-a", "ED25519", zone, cwd=self.dir).strip()
        return base, run("ldns-key2ds", "-n", "-2", base + ".key", cwd=self.dir).strip()

    def sign(self, zone, key, text):
        name = self.path(f"{zone or 'root'}.zone")
        with open(name, "w") as out:
            out.write(f"$ORIGIN {zone}.\n$TTL 300\n{text}")
        if key:
            run("ldns-signzone", "-e", "20600101", "-i", "20200101", "-f", name + ".out", "-o", zone + ".", name, key,
                cwd=self.dir)
            os.replace(name + ".out", name)

    def start_nsd(self, zones):
        with open(self.path("nsd.conf"), "w") as out:
            out.write(f'server:\n  username: ""\n  chroot: ""\n  zonesdir: "{self.dir}"\n  database: ""\n'
                      f'  pidfile: "{self.path("nsd.pid")}"\n  xfrdfile: "{self.path("xfrd")}"\n  xfrdir: "{self.dir}"\n'
                      f'  zonelistfile: "{self.path("zones")}"\n  logfile: "{self.path("nsd.log")}"\n  server-count: 1\n'
                      "  rrl-ratelimit: 0\n  ip-address: 127.0.0.1@5353\n")
            out.writelines(f"  ip-address: {address}@53\n" for address in (NS, *ROOTS))
            out.write("remote-control:\n  control-enable: no\n")
            out.writelines(f'zone:\n  name: "{zone}."\n  zonefile: "{zone or "root"}.zone"\n' for zone in zones)
        self.nsd = subprocess.Popen(["nsd", "-d", "-c", self.path("nsd.conf")], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
        self.processes.append(self.nsd)
        for _ in range(60):
            answer = subprocess.run(["dig", "@127.0.0.1", "-p", "5353", "good.signed", "SOA", "+short", "+tries=1", "+time=1"],
                                    capture_output=True, encoding="utf-8").stdout
            if "hostmaster" in answer:
                return
        check(False, "nsd serves: " + open(self.path("nsd.log")).read())

    # --- hearth ---

    def configure(self, text):
        os.makedirs(self.path("house"), exist_ok=True)
        with open(self.path("house", "hearth.conf"), "w") as out:
            out.write(text)

    def hearth(self, *words):
        return subprocess.run([HEARTH, "-d", self.path("house"), *words], capture_output=True, encoding="utf-8",
                              timeout=120, env={**os.environ, "HEARTH_TEST_ANCHOR": self.anchor})

    def verify(self, host, verdict, reason="", **more):
        """The verdict and its exit code, a word of the reason, and any field of the JSON."""
        done = self.hearth("verify", "--public", host, "--json")
        try:
            said = json.loads(done.stdout)
        except ValueError:
            check(False, f"{host}: {done}")
            return {}
        right = (said.get("verdict") == verdict and done.returncode == (0 if verdict == "matched" else 1)
                 and said.get("version") == 1 and reason in (said.get("reason") or "")
                 and all(said.get(field) == value for field, value in more.items())
                 and {"name", "port", "forgiven", "expected", "presented"} <= said.keys())
        check(right, f"{host}: {verdict}{'' if right else f'{chr(10)}{more}{chr(10)}{done.stdout}{done.stderr}'}")
        return said


def ca_hash(world, path):
    key = run("openssl", "x509", "-in", path, "-noout", "-pubkey")
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key.encode(), capture_output=True).stdout
    return subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=der, capture_output=True).stdout.split()[0].decode()


def forge(world, zone, owner, old, new):
    """Changes one record on its way; the signature stays."""
    path = world.path(f"{zone}.zone")
    lines = open(path).read().splitlines(keepends=True)
    changed = [line.replace(old, new) if line.startswith(owner) and "RRSIG" not in line else line for line in lines]
    check(changed != lines, f"{owner} is forged")
    with open(path, "w") as out:
        out.writelines(changed)


def build(world):
    """The world: who serves what, and what the DNS says of it."""
    issuer = ("--issuer", "World CA", "--issuer-key", world.path("ca.pem"), "--issuer-out", world.path("ca.crt"))
    ee, ee_hash = world.serve("ee", *EXPIRED, "--cn", "somebody.else.example")
    ta, ta_hash = world.serve("ta", *issuer, "--san", "ta.good.signed")
    old, _ = world.serve("old", *issuer, "--san", "old.good.signed", *EXPIRED)
    other, _ = world.serve("other", *issuer, "--san", "somebody.else.example")
    high, high_hash = world.serve("high", port=8443)
    hashes = {"ee": ee_hash, "ta": ta_hash, "high": high_hash, "ca": ca_hash(world, world.path("ca.crt"))}
    ca, nobody, down = hashes["ca"], "ab" * 32, world.address()
    key, ds = world.key("good.signed")
    world.sign("good.signed", key, SOA + f"""
ee A {ee}
_443._tcp.ee TLSA 3 1 1 {ee_hash}
_8443._tcp.high TLSA 3 1 1 {high_hash}
high A {high}
both A {ee}
_443._tcp.both TLSA 3 1 1 {nobody}
_443._tcp.both TLSA 3 1 1 {ee_hash}
ta A {ta}
_443._tcp.ta TLSA 2 1 1 {ca}
old A {old}
_443._tcp.old TLSA 2 1 1 {ca}
name A {other}
_443._tcp.name TLSA 2 1 1 {ca}
wrong A {ee}
_443._tcp.wrong TLSA 3 1 1 {nobody}
pkix A {ee}
_443._tcp.pkix TLSA 1 1 1 {ee_hash}
none A {ee}
down A {down}
_443._tcp.down TLSA 3 1 1 {ee_hash}
homeless TXT "no address"
_443._tcp.homeless TLSA 3 1 1 {ee_hash}
forged A {ee}
_443._tcp.forged TLSA 3 1 1 {nobody}
alias CNAME ta
_443._tcp.alias TLSA 3 1 1 {nobody}
alias2 CNAME none
_443._tcp.alias2 TLSA 3 1 1 {ee_hash}
abroad CNAME www.plain.signed.
_443._tcp.abroad TLSA 3 1 1 {ee_hash}
shared A {ee}
_443._tcp.shared CNAME _443._tcp.ee
lent A {ee}
_443._tcp.lent CNAME _443._tcp.www.plain.signed.
""")
    forge(world, "good.signed", "_443._tcp.forged", nobody, ee_hash)
    world.sign("plain.signed", None, SOA + f"www A {ee}\n_443._tcp.www TLSA 3 1 1 {ee_hash}\nmirror CNAME ee.good.signed.\n")
    tld, tld_ds = world.key("signed")
    world.sign("signed", tld, SOA + f"ns A {NS}\ngood NS ns.signed.\n{ds}\nplain NS ns.signed.\n")
    root, world.anchor = world.key(".")
    world.sign("", root, SOA + f"signed. NS ns.signed.\nns.signed. A {NS}\n{tld_ds}\n")
    world.start_nsd(["", "signed", "good.signed", "plain.signed"])
    return hashes


def judge(world, hashes):
    ee, ca = hashes["ee"], hashes["ca"]
    said = world.verify("ee.good.signed:443", "matched", name="ee.good.signed", port=443, expected=[ee], presented=ee,
                        dnssec="secure")
    check({"expired", "name", "issuer"} <= set(said["forgiven"]), "DANE-EE forgives dates and name, and says so")
    world.verify("EE.Good.Signed.", "matched", name="ee.good.signed", port=443)
    world.verify("high.good.signed:8443", "matched", port=8443)
    world.verify("high.good.signed", "no-record", "TLSA record", expected=[])
    both = world.verify("both.good.signed", "matched", presented=ee)
    check(sorted(both["expected"]) == sorted(["ab" * 32, ee]), "two keys, in whatever order the DNS has them")
    world.verify("ta.good.signed", "matched", expected=[ca], presented=hashes["ta"], forgiven=[])
    world.verify("old.good.signed", "mismatch", "dates and name", forgiven=[])
    world.verify("name.good.signed", "mismatch", "dates and name", forgiven=[])
    world.verify("wrong.good.signed", "mismatch", expected=["ab" * 32], presented=ee)
    world.verify("pkix.good.signed", "no-record", "usable", expected=[])
    world.verify("none.good.signed", "no-record", "TLSA record", presented=ee, dnssec="secure")
    world.verify("nobody.good.signed", "no-record", "no such name", presented=None, dnssec="secure")
    world.verify("www.plain.signed", "no-record", "not signed", expected=[], presented=ee, dnssec="insecure")
    world.verify("forged.good.signed", "unreachable", "forged", expected=[], presented=None, dnssec="bogus")
    world.verify("down.good.signed", "unreachable", "refuse", expected=[ee], presented=None)
    world.verify("homeless.good.signed", "unreachable", "no address", presented=None)


def follow(world, hashes):
    """RFC 7671, section 7."""
    world.verify("alias.good.signed", "matched", name="alias.good.signed", base="ta.good.signed", expected=[hashes["ca"]])
    world.verify("alias2.good.signed", "matched", base="alias2.good.signed", expected=[hashes["ee"]])
    world.verify("abroad.good.signed", "matched", base="abroad.good.signed", dnssec="secure")
    world.verify("shared.good.signed", "matched", expected=[hashes["ee"]])
    world.verify("mirror.plain.signed", "no-record", base="mirror.plain.signed", dnssec="insecure")
    world.verify("lent.good.signed", "no-record", "not signed", dnssec="insecure")


def usage(world):
    for words, rule in ((["192.0.2.1:443"], "NAME_CHARACTER"), (["[2001:db8::1]:443"], "NAME_CHARACTER"),
                        (["camera.maple.home.arpa"], "RESERVED"), (["ee.good.signed:0"], "RANGE"),
                        (["@"], "NAME_TOO_LONG")):
        done = world.hearth("verify", "--public", *words, "--json")
        check(done.returncode == 2 and json.loads(done.stdout)["rule"] == rule, f"{words}: {done.stdout}")
    text = world.hearth("verify", "--public", "ee.good.signed").stdout
    check(text.startswith("matched  ee.good.signed:443") and "2017-05-01" in text, "text: verdict first")
    text = world.hearth("verify", "--public", "forged.good.signed").stdout
    check(text.startswith("unreachable") and "forged" in text, "text: why")


def main():
    enter()
    world = World()
    try:
        hashes = build(world)
        world.configure("[resolver]\nforward = 127.0.0.1@5353\n")
        judge(world, hashes)
        follow(world, hashes)
        usage(world)
        world.configure("")  # from the root, as it is without a configuration
        world.verify("ee.good.signed:443", "matched", dnssec="secure")
        world.verify("forged.good.signed", "unreachable", "forged", dnssec="bogus")
        world.verify("www.plain.signed", "no-record", "not signed", dnssec="insecure")
        world.anchor = ". IN DS 1 15 2 " + "00" * 32
        world.verify("ee.good.signed", "unreachable", dnssec="bogus", expected=[], presented=None)
        world.configure("[resolver]\nforward = 127.0.0.1@5354\n")
        world.verify("ee.good.signed", "unreachable", "DNS", presented=None, expected=[])
    finally:
        world.close()
    return 1 if PROBLEMS else 0


sys.exit(main())
