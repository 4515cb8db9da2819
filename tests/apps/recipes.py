#!/usr/bin/env python3
"""recipes.py SOURCE BUILD [NAME…]: the recipes of docs/local-apps.md, as they stand there, with the programs that Debian has.

Each fenced block of that page names its test (```sh test=curl). A block without one, or one that this file does not
know, is a failure, so that page and test can't part ways. Each is run three times: against the published device, whose
certificate is hopeless; against an impostor at its address, which must have been reached and have got no octet; and,
where it goes through the proxy, without the proxy, when nobody must be reached at all."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "e2e"))

import home  # noqa: E402 (households with a proxy, as the browsers' tests have them)
from device import Device  # noqa: E402

CAMERA, HUB, BRIDGE = 0x20, 0x21, 0x22
MQTTS = 8883
STATUS = "front door: closed"
HOPELESS = ("--key-type", "rsa1024", "--hash", "sha1", "--cn", "ipcam.vendor.example",
            "--not-before", "2007-05-01", "--not-after", "2017-05-01")
COMMIT = "5b1d" * 10
PNG = b"\x89PNG\r\n\x1a\n"
RUNS = {"sh": (["bash", "-euo", "pipefail"], "sh"), "python": (["python3"], "py"), "js": (["node"], "js")}
WAIT_S = 60

# Recipe: where its result is (None: standard output), and what is in it. They go to the camera, through the proxy …
THROUGH_PROXY = {
    "environment": (None, STATUS.encode()),
    "curl": (None, STATUS.encode()),
    "curl-config": (None, STATUS.encode()),
    "wget": ("status.txt", STATUS.encode()),
    "git": (None, COMMIT.encode()),
    "python-urllib": (None, STATUS.encode()),
    "python-requests": (None, STATUS.encode()),
    "node": (None, STATUS.encode()),
    "ffmpeg": ("snapshot.png", PNG),
}
# … or without it,
BY_LIBRARY = {
    "python-dane": (None, STATUS.encode()),
    "tunnel-http": (None, STATUS.encode()),
}
# or to a broker, whose place an impostor takes later.
TO_BROKERS = {
    "mosquitto": (None, b"closed\n"),
    "pin": (None, b"on\n"),
}
DAEMONS = {"tunnel": "hub.sock", "tunnel-camera": "camera.sock"}


def read_recipes(source):
    with open(os.path.join(source, "docs", "local-apps.md"), encoding="utf-8") as page:
        blocks = re.findall(r"^```(\w*)(?: test=(\S+))?\n(.*?)^```$", page.read(), re.M | re.S)
    return [(language, name, text) for language, name, text in blocks]


class Apps(home.Home):
    """The household, and a scratch HOME in which the recipes run."""

    def __init__(self, source, build):
        super().__init__(build)
        self.source, self.build, self.recipes = source, os.path.abspath(build), {}
        self.brokers, self.tunnels = [], []
        shutil.copy(os.path.join(source, "docs", "examples", "hearth_dane.py"), self.path("home"))
        os.makedirs(self.path("home", ".local", "share", "hearth"))
        os.symlink(self.ca(), self.path("home", ".local", "share", "hearth", "ca.pem"))
        with open("/etc/nsswitch.conf", "w") as out:  # this test's own
            out.write("passwd: files\nhosts: files hearth [NOTFOUND=return] dns\n")
        with open(self.path("openssl.cnf"), "w") as out:  # for what serves RSA-1024
            out.write("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = DEFAULT@SECLEVEL=0\n")
        library = os.path.join(self.build, "lib", "libhearth-dane.so.1")
        linked = subprocess.run(["ldd", library], capture_output=True, encoding="utf-8").stdout
        self.sanitizer = re.findall(r"=> (\S*lib(?:asan|ubsan|tsan)\.so\S*)", linked)

    def recipe_environment(self, text):
        more = {"HEARTH_VIEW": self.path("view", "names.view"), "LD_LIBRARY_PATH": os.path.join(self.build, "lib")}
        if self.sanitizer and "hearth_dane" in text:  # its run-time has to be in the program that loads the library
            more.update(LD_PRELOAD=" ".join(self.sanitizer), ASAN_OPTIONS="detect_leaks=0")
        return {**self.environment(), **more}

    def command(self, name):
        language, text = self.recipes[name]
        words, suffix = RUNS[language]
        file = self.path("home", f"recipe-{name}.{suffix}")
        with open(file, "w", encoding="utf-8") as out:
            out.write(text)
        return {"args": [*words, file], "cwd": self.path("home"), "env": self.recipe_environment(text),
                "stdin": subprocess.DEVNULL}

    def run_recipe(self, name):
        """Exit status, result, and what it said."""
        where = {**THROUGH_PROXY, **BY_LIBRARY, **TO_BROKERS}[name][0]
        file = self.path("home", where) if where else None
        if file and os.path.exists(file):
            os.remove(file)
        done = subprocess.run(**self.command(name), capture_output=True, timeout=WAIT_S)
        result = done.stdout
        if file:
            result = open(file, "rb").read() if os.path.exists(file) else b""
        return done.returncode, result, done.stderr.decode(errors="replace")

    def start_tunnel(self, name):
        log = open(self.path(f"{name}.log"), "wb")
        process = subprocess.Popen(**self.command(name), stdout=log, stderr=log, start_new_session=True)
        self.tunnels.append(process)
        at = self.path("home", DAEMONS[name])
        home.wait_until(lambda: os.path.exists(at) or process.poll() is not None, f"{name} listens")
        self.check(process.poll() is None and os.stat(at).st_mode & 0o077 == 0, f"{name}: the socket is its user's alone")

    def start_broker(self, name, number, *more):
        """mosquitto, published."""
        identity, at = self.identity(name, *more), home.address(f"{number:x}")
        with open(self.path(f"{name}.conf"), "w") as out:
            out.write(f"listener {MQTTS} {at}\nallow_anonymous true\nuser root\nconnection_messages false\n"
                      f"certfile {identity.certificate}\nkeyfile {identity.key}\n")
        log = open(self.path(f"{name}.log"), "wb")
        process = subprocess.Popen(["mosquitto", "-c", self.path(f"{name}.conf")], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   env={**os.environ, "OPENSSL_CONF": self.path("openssl.cnf"),
                                        "PATH": os.environ["PATH"] + ":/usr/sbin"})
        self.brokers.append(process)
        home.wait_until(lambda: home.listens((at, MQTTS)) or process.poll() is not None, f"mosquitto ({name}) listens")
        self.expect(0, "adopt", name, f"[{at}]:{MQTTS}", "--yes")

    def stop_brokers(self):
        for process in self.brokers:
            process.terminate()
            process.wait(timeout=home.WAIT_S)
        self.brokers = []

    def close(self):
        for process in self.tunnels:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=home.WAIT_S)
        self.stop_brokers()
        if self.failed:
            for name in ("tunnel", "tunnel-camera", "hub", "bridge"):
                if os.path.exists(self.path(f"{name}.log")):
                    print(f"--- {name}.log\n{open(self.path(f'{name}.log'), errors='replace').read()[-3000:]}")
        super().close()


def take_recipes(h):
    """The page's blocks are those that are tested, each of them."""
    wanted = {*THROUGH_PROXY, *BY_LIBRARY, *TO_BROKERS, *DAEMONS}
    for language, name, text in read_recipes(h.source):
        h.check(name in wanted and name not in h.recipes and language in RUNS,
                f"docs/local-apps.md: a block that is not tested, or twice: {language} {name or text[:60]!r}")
        if name in wanted:
            h.recipes[name] = (language, text)
    h.check(wanted == set(h.recipes), f"docs/local-apps.md: no longer there: {wanted - set(h.recipes)}")


def site(picture):
    """What the camera has."""
    pages = {"/status": STATUS.encode(), "/snapshot.jpg": picture,
             "/notes.git/info/refs": f"{COMMIT}\trefs/heads/main\n".encode(), "/notes.git/HEAD": b"ref: refs/heads/main\n"}

    def answer(connection, request):
        kind = "image/jpeg" if request.path.endswith(".jpg") else "text/plain"
        body = pages.get(request.path)
        connection.answer(b"" if body is None else body, "404 Not Found" if body is None else "200 OK", kind)
    return answer


def take_picture(h):
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1",
                    h.path("picture.jpg")], check=True, timeout=WAIT_S)
    with open(h.path("picture.jpg"), "rb") as file:
        return file.read()


def works(h, name, *devices):
    began = time.monotonic()
    status, result, said = h.run_recipe(name)
    expected = {**THROUGH_PROXY, **BY_LIBRARY, **TO_BROKERS}[name][1]
    h.check(status == 0 and expected in result, f"{name}: works: {status} {result[:200]!r}\n{said}")
    h.check(all(device.requests for device in devices), f"{name}: it was the device that answered")
    for device in devices:
        device.forget()
    print(f"  {name}: works ({time.monotonic() - began:.1f} s)", flush=True)


def is_refused(h, name, impostor, reached=True):
    """Nothing of a request reaches the impostor. Whether it was reached says whether that shows anything."""
    began = time.monotonic()
    status, result, said = h.run_recipe(name)
    expected = {**THROUGH_PROXY, **BY_LIBRARY, **TO_BROKERS}[name][1]
    h.check(status != 0 and expected not in result, f"{name}: fails: {status} {result[:200]!r}\n{said}")
    h.check((impostor.accepted > 0) == reached, f"{name}: the impostor had {impostor.accepted} connections\n{said}")
    h.check(impostor.octets() == b"", f"{name}: the impostor got {impostor.octets()[:200]!r}")
    impostor.cut()
    impostor.forget()
    print(f"  {name}: refused ({time.monotonic() - began:.1f} s)", flush=True)


def camera(h):
    """HTTP: the camera, then the impostor, then no proxy."""
    device = h.device("camera", f"{CAMERA:x}", h.identity("camera", *HOPELESS), answer=site(take_picture(h)))
    h.start_tunnel("tunnel-camera")
    for name in (*THROUGH_PROXY, *BY_LIBRARY):
        works(h, name, device)
    device.identity = h.identity("impostor")
    device.cut()
    device.forget()
    for name in (*THROUGH_PROXY, *BY_LIBRARY):
        is_refused(h, name, device)
    h.stop_proxy()
    for name in THROUGH_PROXY:
        is_refused(h, name, device, reached=False)


def brokers(h):
    """MQTT: real brokers, then impostors in their places."""
    h.start_broker("hub", HUB, *HOPELESS)
    h.start_broker("bridge", BRIDGE, "--key-type", "p256", "--cn", "bridge")
    h.start_tunnel("tunnel")
    subprocess.run(["mosquitto_pub", "--cafile", h.path("bridge.pem"), "--insecure", "-h", home.address(f"{BRIDGE:x}"), "-p",
                    str(MQTTS), "-t", "house/lamp", "-m", "on", "--retain"], check=True, timeout=WAIT_S)
    for name in TO_BROKERS:
        works(h, name)
    h.stop_brokers()
    for name, number, recipe in (("bridge", BRIDGE, "pin"), ("hub", HUB, "mosquitto")):
        device = h.devices[name] = Device(name, home.address(f"{number:x}"), h.identity("impostor"), port=MQTTS)
        is_refused(h, recipe, device)
        if recipe == "pin":  # the certificate that was kept, without fetching it again
            h.recipes["pin"] = ("sh", h.recipes["pin"][1].split("\n", 1)[1])
            is_refused(h, recipe, device)
        h.devices.pop(name).stop()
    with open(h.path("tunnel.log")) as log:
        h.check("another key" in log.read(), "the tunnel says why")
    h.start_broker("hub", HUB, *HOPELESS)
    withdrawal(h)


def withdrawal(h):
    """A connection that stands ends when the key is withdrawn."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(WAIT_S)
        client.connect(h.path("home", "hub.sock"))
        client.sendall(bytes.fromhex("100f00044d5154540402003c0003") + b"cat")
        h.check(client.recv(4) == bytes.fromhex("20020000"), "the broker says CONNACK through the tunnel")
        h.expect(0, "revoke", f"hub:{MQTTS}", "--yes")
        h.check(client.recv(1) == b"", "the tunnel ends")
    with open(h.path("tunnel.log")) as log:
        h.check("withdrawn" in log.read(), "the tunnel says why")


def main():
    home.enter()
    h = Apps(sys.argv[1], sys.argv[2])
    try:
        take_recipes(h)
        h.start()
        h.start_proxy()
        h.run_stories((camera, brokers), sys.argv[3:])
    finally:
        h.close()
    print("apps/recipes:", "ok" if h.failed == 0 else f"{h.failed} failed")
    return 1 if h.failed else 0


if __name__ == "__main__":
    sys.exit(main())
