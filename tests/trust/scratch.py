"""scratch.py: a HOME to be changed: files as they were before, hearth called in it, and what differs afterwards."""
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile


class Scratch:
    def __init__(self, build):
        self.hearth = os.path.join(os.path.abspath(build), "bin", "hearth")
        self.dir = tempfile.mkdtemp(prefix="hearth-trust.")
        os.chmod(self.dir, 0o755)
        self.home = os.path.join(self.dir, "home")
        self.house = os.path.join(self.dir, "house")
        os.mkdir(self.home)
        os.mkdir(self.house)
        self.ca = os.path.join(self.house, "proxy")
        self.failed = 0

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def write(self, text, *parts):
        os.makedirs(os.path.dirname(self.path(*parts)), exist_ok=True)
        with open(self.path(*parts), "w") as out:
            out.write(text)

    def read(self, *parts):
        with open(self.path(*parts)) as file:
            return file.read()

    def certutil(self, folder, *words):
        done = subprocess.run(["certutil", "-d", "sql:" + folder, *words], capture_output=True, encoding="utf-8",
                              stdin=subprocess.DEVNULL)
        self.check(done.returncode == 0, f"certutil {words}: {done.stderr}")
        return done.stdout

    def environment(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "LANG") if name in os.environ}
        return kept | {"HOME": self.home} | more

    def run(self, *words, **environment):
        return subprocess.run([self.hearth, "-d", self.house, *words], stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", timeout=300, env=self.environment(**environment))

    def check(self, holds, what):
        if not holds:
            self.failed += 1
            print("FAILED:", what, flush=True)

    def trust(self, code, *words, **environment):
        """`trust WORDS --json`: its exit code, and its stores by name."""
        done = self.run("trust", *words, "--json", **environment)
        self.check(done.returncode == code, f"trust {words}: exit {done.returncode}, not {code}\n {done.stdout} {done.stderr}")
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            self.check(False, f"trust {words}: no JSON: {done.stdout!r} {done.stderr!r}")
            return {}, {}
        self.check(answer.get("version") == 1, f"trust {words}: version")
        return {row["store"]: row for row in answer.get("stores", [])}, answer

    def states(self, rows, expected, what):
        found = {name: row["state"] for name, row in rows.items() if name in expected}
        self.check(found == expected, f"{what}: {json.dumps(rows, indent=1)}, not {expected}")

    @staticmethod
    def picture(*roots):
        """Path → mode and content of everything below the folders."""
        seen = {}
        for root in roots:
            for folder, folders, files in os.walk(root):
                for name in folders + files:
                    path = os.path.join(folder, name)
                    about = os.lstat(path)
                    if stat.S_ISLNK(about.st_mode):
                        seen[path] = ("link", os.readlink(path))
                    elif stat.S_ISREG(about.st_mode):
                        with open(path, "rb") as file:
                            seen[path] = (stat.S_IMODE(about.st_mode), file.read())
                    else:
                        seen[path] = (stat.S_IMODE(about.st_mode), None)
        return seen

    def same(self, before, after, what, but=()):
        for path in sorted(before.keys() | after.keys()):
            if not any(path.endswith(end) for end in but):
                self.check(before.get(path) == after.get(path),
                           f"{what}: {path} was {str(before.get(path))[:300]}, is {str(after.get(path))[:300]}")

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def enter_namespaces():
    """The test again, where the only network is a loopback and mounts are its own."""
    if os.environ.get("HEARTH_TRUST_INSIDE"):
        return
    words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.getuid() != 0:
        words += ["--user", "--map-root-user"]
    inside = "ip link set lo up && exec \"$@\""
    done = subprocess.run([*words, "sh", "-c", inside, "sh", sys.executable, *sys.argv],
                          env={**os.environ, "HEARTH_TRUST_INSIDE": "root" if os.getuid() == 0 else "mapped"})
    sys.exit(done.returncode)
