#!/usr/bin/env python3
"""devices.py BUILD: adopt, verify, revoke against hearth-device, in a network namespace of the test's own."""
import os
import subprocess
import sys

from house import House

CAMERA, ATTIC, NAS = "fd68:6561:7274::20", "fd68:6561:7274::21", "fd68:6561:7274::22"
HOPELESS = ["--key-type", "rsa1024", "--hash", "sha1", "--cn", "ipcam.vendor.example",
            "--not-before", "2007-05-01", "--not-after", "2017-05-01", "--max-tls", "1.2"]


def enter():
    """Starts itself again inside the namespace; 77 where the machine forbids one."""
    if os.environ.get("HEARTH_INSIDE"):
        return
    outside = ["unshare", "--net", "--fork", "--kill-child=SIGKILL"]
    if os.getuid() != 0:
        outside[1:1] = ["--user", "--map-root-user"]
    if subprocess.run([*outside, "true"], capture_output=True).returncode != 0:
        print("devices.py: a network namespace can't be made here")
        sys.exit(77)
    os.environ["HEARTH_INSIDE"] = "1"
    os.execvp(outside[0], [*outside, sys.executable, os.path.abspath(__file__), *sys.argv[1:]])


def make_network():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (CAMERA, ATTIC, NAS):
        subprocess.run(["ip", "-6", "address", "add", f"{address}/64", "dev", "lo", "nodad"], check=True)


class Device:
    def __init__(self, h, address, key, *more, port=443):
        self.process = subprocess.Popen(
            [os.path.join(h.bin, "hearth-device"), "--listen", address, "--port", str(port), "--key",
             h.path(key), *more], stdout=subprocess.PIPE, encoding="utf-8")
        words = self.process.stdout.readline().split()
        h.check(words[:1] == ["ready"], f"hearth-device: {words}")
        self.fingerprint = words[3] if len(words) > 3 else None

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()


def adopt(h):
    camera = Device(h, CAMERA, "camera.pem", *HOPELESS)
    h.expect(1, "adopt", "ghost", ATTIC, "--yes")
    h.expect(2, "adopt", "camera", CAMERA, hint="--yes")
    other = h.expect(4, "adopt", "camera", CAMERA, "--fingerprint", "ab" * 32, rule="fingerprint")
    h.check(other.get("presented") == camera.fingerprint, "the key that came is shown")
    h.expect(1, "show", "camera")
    done = h.expect(0, "adopt", "camera", CAMERA, "--yes")
    h.check(done.get("fingerprint") == camera.fingerprint and done.get("tls") is True, "adopted")
    wrong = set(done["certificate"]["wrong"])
    h.check({"expired", "name", "issuer", "weak-key", "weak-signature"} <= wrong, f"wrong: {wrong}")
    data = h.data("camera")
    h.check(data == {("camera.maple.home.arpa", "AAAA"): [CAMERA],
                     ("_443._tcp.camera.maple.home.arpa", "TLSA"): [f"3 1 1 {camera.fingerprint}"]},
            f"published: {data}")
    notes = [row["data"] for row in h.expect(0, "ls", "camera", "--all")["names"] if row["type"] == "NOTE"]
    h.check(len(notes) == 2 and any(note.startswith("adopted-by ") for note in notes), f"notes: {notes}")
    return camera


def verify(h, camera):
    good = h.expect(0, "verify", "camera")
    h.check(good["verdict"] == "matched" and good["port"] == 443, "matched")
    h.check(good["expected"] == [camera.fingerprint] and good["presented"] == camera.fingerprint, "hashes")
    h.check({"expired", "name", "issuer", "weak-key", "weak-signature"} <= set(good["forgiven"]), "forgiven")
    text = h.run("verify", "camera")
    h.check(text.stdout.startswith("matched") and "2017-05-01" in text.stdout, "text: verdict first")
    camera.stop()
    gone = h.expect(1, "verify", "camera", "--timeout", "2")
    h.check(gone["verdict"] == "unreachable" and gone["presented"] is None and gone["forgiven"] == [], "unreachable")
    impostor = Device(h, CAMERA, "impostor.pem", *HOPELESS)
    caught = h.expect(1, "verify", "camera")
    h.check(caught["verdict"] == "mismatch" and caught["forgiven"] == [], "mismatch")
    h.check(caught["expected"] == [camera.fingerprint] and caught["presented"] == impostor.fingerprint, "both keys")
    text = h.run("verify", "camera").stdout
    h.check(camera.fingerprint in text and impostor.fingerprint in text, "both fingerprints")
    impostor.stop()
    nothing = h.expect(1, "verify", "nobody")
    h.check(nothing["verdict"] == "no-record" and nothing["expected"] == [], "no-record")


def change(h, camera):
    """Another address, another key, another name for the same key."""
    moved = Device(h, ATTIC, "camera.pem", *HOPELESS)
    h.check(moved.fingerprint == camera.fingerprint, "the same key")
    h.expect(0, "set", "camera", "AAAA", ATTIC)
    h.check(h.expect(0, "verify", "camera")["verdict"] == "matched", "verified again")
    twice = h.expect(0, "adopt", "porch", ATTIC, "--yes")
    h.check(any("camera.maple.home.arpa" in text for text in twice.get("warnings", [])), "one key, two names")
    h.expect(0, "forget", "porch")
    renewed = Device(h, CAMERA, "renewed.pem", "--key-type", "p256", port=8443)
    done = h.expect(0, "adopt", "camera", f"[{CAMERA}]:8443", "--fingerprint", renewed.fingerprint)
    h.check(done["replaced_addresses"] == [ATTIC], "the old address goes")
    h.check(done["replaced_key"] is False and done["port"] == 8443, "a key at another port replaces none")
    renewed.stop()
    again = Device(h, CAMERA, "again.pem", "--key-type", "p256", port=8443)
    changed = h.expect(0, "adopt", "camera", f"[{CAMERA}]:8443", "--yes")
    h.check(changed["replaced_key"] is True, "a key change is said")
    h.check(h.expect(0, "verify", "camera:8443")["expected"] == [again.fingerprint], "the new key alone")
    h.check(h.run("verify", "camera:8443").stdout.rstrip().endswith("why camera:8443"), "next, when it matches")
    again.stop()
    for name, family in (("camera:8443", "AAAA"), ("old:8443", "A")):
        if family == "A":
            h.expect(0, "set", "old", "A", "192.0.2.9")
            h.expect(0, "set", "_8443._tcp.old", "TLSA", "3", "1", "1", "ab" * 32)
        said = h.run("verify", name, "--timeout", "2").stdout.rstrip()
        h.check(said.endswith(f"set {name.split(':')[0]} {family} ADDR"), f"next, when it is gone: {said}")
    h.check(h.run("revoke", "old:8443", "--yes").stdout.rstrip().endswith("adopt old ADDR:8443"), "next, after revoke")
    said = h.run("verify", "old:8443", "--timeout", "2").stdout
    h.check("adopt old ADDR:8443, once the device" in said or "set old A ADDR" in said, f"next, withdrawn: {said}")
    h.expect(0, "forget", "old")
    h.expect(0, "set", "camera", "AAAA", ATTIC)
    return moved


def plain(h):
    radio = Device(h, NAS, "radio.pem", "--plain")
    h.expect(4, "adopt", "radio", NAS, "--fingerprint", "ab" * 32, rule="fingerprint", hint=f"[{NAS}]:PORT")
    done = h.expect(0, "adopt", "radio", NAS, "--yes")
    h.check(done.get("tls") is False and done.get("fingerprint") is None, "no TLS: address only")
    h.check(set(h.data("radio")) == {("radio.maple.home.arpa", "AAAA")}, "no TLSA")
    radio.stop()


def oldest(h):
    """TLS 1.0, RSA-1024, and it hangs up on what it does not know: a name, and any greeting newer than itself."""
    for number, refuses in enumerate((["--no-sni"], ["--no-news"], ["--no-sni", "--no-news"])):
        fax = Device(h, NAS, f"fax{number}.pem", *HOPELESS[:-1], "1.0", *refuses)
        done = h.expect(0, "adopt", f"fax{number}", NAS, "--yes")
        h.check(done.get("fingerprint") == fax.fingerprint, f"adopted {refuses}")
        judged = h.expect(0, "verify", f"fax{number}")
        h.check(judged["verdict"] == "matched" and "old-protocol" in judged["forgiven"], f"verified: {judged}")
        fax.stop()
        h.expect(0, "forget", f"fax{number}")


def openssl(h, *words):
    subprocess.run(["openssl", *words], cwd=h.dir, check=True, capture_output=True, timeout=60)


def make_chain(h):
    """root -> middle -> leaf, and a stranger that has signed nothing of it."""
    with open(h.path("ca.ext"), "w") as out:
        out.write("basicConstraints=critical,CA:TRUE\n")
    with open(h.path("leaf.ext"), "w") as out:
        out.write("subjectAltName=DNS:gate-4711.vendor.example\n")
    for name, issuer in (("root", None), ("middle", "root"), ("leaf", "middle"), ("stranger", None)):
        openssl(h, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-subj", f"/CN=Vendor {name}", "-out", f"{name}.csr")
        signer = ["-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key", "-CAcreateserial"] if issuer else ["-signkey", f"{name}.key"]
        openssl(h, "x509", "-req", "-in", f"{name}.csr", "-days", "3650", "-extfile", "leaf.ext" if name == "leaf" else "ca.ext",
                "-out", f"{name}.crt", *signer)


def sends(h, file, *names):
    with open(h.path(file), "w") as out:
        out.writelines(open(h.path(f"{name}.crt")).read() for name in names)
    return Device(h, NAS, "leaf.key", "--chain", h.path(file))


def authority(h):
    """adopt --ca: whatever the CA signs is the device, under that name alone."""
    make_chain(h)
    gate = sends(h, "whole.pem", "leaf", "stranger", "middle", "root")
    h.expect(2, "adopt", "gate", NAS, "--ca")
    other = h.expect(4, "adopt", "gate", NAS, "--ca", "--fingerprint", "ab" * 32, rule="fingerprint", hint="--ca")
    h.check(len(other.get("authorities", [])) == 2, f"the CAs that could be trusted: {other}")
    middle = next(key for key in other["authorities"] if key != other["authorities"][-1])
    done = h.expect(0, "adopt", "gate", NAS, "--ca", "--yes")
    root = done["anchor"]["spki_sha256"]
    h.check(done["anchor"]["subject"] == "CN=Vendor root" and root == other["authorities"][1], "the CA at the top")
    h.check(done["fingerprint"] == gate.fingerprint and done["certificate"]["wrong"] == ["name"], f"the leaf: {done}")
    h.check("gate.maple.home.arpa" in done["warnings"][0] and "every device" in done["warnings"][0], "what it means is said")
    h.check(h.data("gate")[("_443._tcp.gate.maple.home.arpa", "TLSA")] == [f"2 1 1 {root}"], "TLSA 2 1 1")
    text = h.run("adopt", "gate", NAS, "--ca", "--yes").stdout
    h.check(all(f"CN=Vendor {name}" in text for name in ("leaf", "middle", "root", "stranger"))
            and "sent along, and not needed:\n  subject      CN=Vendor stranger" in text, f"the whole chain: {text}")
    judged = h.expect(0, "verify", "gate")
    h.check(judged["expected"] == [root] and judged["presented"] == gate.fingerprint and judged["forgiven"] == ["name"],
            f"matched by the CA: {judged}")
    h.check(h.run("verify", "gate").stdout.startswith("matched  gate.maple.home.arpa:443: its certificate hangs on the CA"), "text")
    chosen = h.expect(0, "adopt", "gate", NAS, "--ca", "--fingerprint", middle)
    h.check(chosen["anchor"]["subject"] == "CN=Vendor middle" and chosen["replaced_key"] is True, f"the CA asked for: {chosen}")
    twice = h.expect(0, "adopt", "door", NAS, "--ca", "--fingerprint", middle)
    h.check(any("trusts the same CA" in text for text in twice["warnings"]), f"one CA, two names: {twice['warnings']}")
    h.expect(0, "forget", "door")
    # As if the machine trusted it for the whole web.
    trusting = {**os.environ, "SSL_CERT_FILE": h.path("root.crt")}
    h.expect(4, "adopt", "gate", NAS, "--ca", "--yes", rule="public-ca", env=trusting)
    named = h.expect(0, "adopt", "gate", NAS, "--ca", "--fingerprint", root, env=trusting)
    h.check(any("every web site" in text for text in named["warnings"]), "and when it is named, a warning")
    gate.stop()
    for file, names, rule in (("alone.pem", ["leaf"], "no-ca"), ("gap.pem", ["leaf", "root"], "SIGNATURE"),
                              ("strange.pem", ["leaf", "stranger"], "SIGNATURE"), ("twice.pem", ["leaf", "leaf"], "no-ca")):
        gate = sends(h, file, *names)
        h.expect(4, "adopt", "gate", NAS, "--ca", "--yes", rule=rule, hint="adopt gate")
        h.check(h.expect(1, "verify", "gate")["verdict"] == "mismatch", f"{file} does not match the CA")
        gate.stop()
    plain = Device(h, NAS, "radio.pem", "--plain")
    h.expect(4, "adopt", "gate", NAS, "--ca", "--yes", rule="no-ca")
    plain.stop()
    gate = sends(h, "whole.pem", "leaf", "middle", "root")
    h.expect(0, "revoke", "gate", "--yes")
    h.check(h.expect(1, "verify", "gate")["verdict"] == "withdrawn", "its CA was withdrawn")
    h.expect(4, "adopt", "gate", NAS, "--ca", "--yes", rule="withdrawn")
    h.expect(4, "adopt", "gate", NAS, "--ca", "--fingerprint", root, rule="withdrawn")
    gate.stop()
    h.expect(0, "forget", "gate")


def revoke(h, camera):
    h.expect(2, "revoke", "camera:443")
    done = h.expect(0, "revoke", "camera:443", "--reason", "stolen", "--yes")
    h.check([row["hash"] for row in done["withdrawn"]] == [camera.fingerprint], "withdrawn")
    judged = h.expect(1, "verify", "camera:443")
    h.check(judged["verdict"] == "withdrawn", f"withdrawn: {judged['verdict']}")
    h.check(judged["withdrawal"]["reason"] == 2 and len(judged["withdrawal"]["author"]) == 64, "by whom")
    h.check(("_443._tcp.camera.maple.home.arpa", "TLSA") not in h.data("camera"), "it answers nothing")
    again = h.expect(0, "revoke", "camera:443", "--yes")  # nothing left to do
    h.check(again["withdrawn"] == [] and again["kept"] == 0, f"again: {again}")
    h.expect(4, "adopt", "camera", ATTIC, "--yes", rule="withdrawn")
    kinds = [entry["kind"] for entry in h.expect(0, "log", "camera")["entries"]]
    h.check("withdraw" in kinds, "the log of the name has it")
    h.stop()
    h.check(h.expect(1, "verify", "camera:443")["verdict"] == "withdrawn", "without hearthd too")
    h.expect(1, "why", "camera")
    h.expect(3, "ls")


def main():
    enter()
    make_network()
    h = House(sys.argv[1])
    devices = []
    try:
        h.start()
        h.expect(0, "init", "maple")
        camera = adopt(h)
        devices.append(camera)
        verify(h, camera)
        devices.append(change(h, camera))
        plain(h)
        oldest(h)
        authority(h)
        revoke(h, camera)
    finally:
        for device in devices:
            device.process.kill()
        h.close()
    print("cli/devices:", "ok" if h.failed == 0 else f"{h.failed} failed")
    return 1 if h.failed else 0


if __name__ == "__main__":
    sys.exit(main())
