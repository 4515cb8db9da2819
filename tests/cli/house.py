"""house.py: a scratch household for tests of the command line: hearthd in a folder of its own, and `hearth` calls."""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile


class House:
    def __init__(self, build, config=""):
        self.bin = os.path.join(os.path.abspath(build), "bin")
        self.dir = tempfile.mkdtemp(prefix="hearth-cli.")
        self.daemon = None
        self.failed = 0
        with open(os.path.join(self.dir, "hearth.conf"), "w") as out:
            out.write(config)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def start(self):
        self.log = open(self.path("hearthd.log"), "ab")
        self.daemon = subprocess.Popen([os.path.join(self.bin, "hearthd"), "-d", self.dir],
                                       stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.expect(0, "status", "--wait", "60")

    def stop(self):
        if self.daemon:
            self.daemon.terminate()
            self.check(self.daemon.wait(timeout=60) == 0, "hearthd ends cleanly")
            self.daemon = None

    def close(self):
        try:
            self.stop()
        finally:
            if self.daemon:
                self.daemon.kill()
                self.daemon.wait()
            if self.failed and os.path.exists(self.path("hearthd.log")):
                sys.stdout.write(open(self.path("hearthd.log"), errors="replace").read())
            shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, *words, text=None, env=None):
        return subprocess.run([os.path.join(self.bin, "hearth"), "-d", self.dir, *words],
                              input=text, stdin=None if text is not None else subprocess.DEVNULL,
                              capture_output=True, encoding="utf-8", env=env, timeout=600)

    def check(self, holds, what):
        if not holds:
            self.failed += 1
            print("FAILED:", what, flush=True)

    def expect(self, code, *words, rule=None, hint=None, **more):
        """Runs with --json: the exit code, and that standard output is one object with version 1. Returns it."""
        done = self.run(*words, "--json", **more)
        said = " ".join(words)
        self.check(done.returncode == code, f"{said}: exit {done.returncode}, not {code}\n"
                   f"  {done.stdout}  {done.stderr}")
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            self.check(False, f"{said}: no JSON: {done.stdout!r} {done.stderr!r}")
            return {}
        self.check(answer.get("version") == 1, f"{said}: version")
        self.check(("error" in answer) == (code in (2, 3, 4, 5) or "error" in answer), f"{said}: error")
        if code in (2, 3, 4, 5):
            self.check({"error", "rule", "hint"} <= answer.keys(), f"{said}: error, rule, hint")
        if rule is not None:
            self.check(answer.get("rule") == rule, f"{said}: rule {answer.get('rule')}, not {rule}")
        if hint is not None:
            self.check(hint in (answer.get("hint") or ""), f"{said}: hint {answer.get('hint')!r}")
        return answer

    def ask(self, request):
        """One frame of the control protocol, past the command line."""
        payload = json.dumps({"version": 1, **request}).encode()
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(60)
            control.connect(self.path("run", "control.sock"))
            control.sendall(struct.pack(">I", len(payload)) + payload)
            stream = control.makefile("rb")
            answer = json.loads(stream.read(struct.unpack(">I", stream.read(4))[0]))
        self.check(answer.get("ok") is True, f"{request['op']}: {answer}")
        return answer

    def data(self, name=None):
        """{(name, type): [data]} of ls."""
        found = {}
        for row in self.expect(0, "ls", *([name] if name else [])).get("names", []):
            found.setdefault((row["name"], row["type"]), []).append(row["data"])
        return found
