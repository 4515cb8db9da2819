#!/usr/bin/env python3
"""views.py BUILD [STORY…]: hearth-proxy over views made by hand, without a ledger: several households, one device's key under two
names, stale, frozen, conflicting, withdrawn, damaged, missing, replaced; and --system. What each side sees, and what
the device got."""
import subprocess
import sys

import home
import view_changes
import view_keys
from client import Client, ask
from made_views import CAMERA, own_view, served, spki, two_households
from website import site


def id_form(h):
    """The 52 characters are the same household: its own origin, its own checks."""
    camera = h.devices["camera"]
    view, maple, willow = two_households(h, spki(h.identity("camera")), spki(h.identity("guest")))
    view.publish(h)
    petname, by_id = maple.names("camera")
    for name in (by_id, *willow.names("guest")):
        device = camera if name == by_id else h.devices["guest"]
        device.forget()
        served(h, name, device, "by its name")
        h.check([request.field("host") for request in device.requests] == [name], f"{name}: Host at the device")
        answer = ask(h, "/", name, more=f"Origin: https://{name}\r\n")
        h.check(answer.status == 200, f"{name}: its own Origin: {answer}")
    camera.forget()
    for connected, host in [(by_id, petname), (petname, by_id)]:
        answer = ask(h, "/", connected, more=f"Origin: https://{host}\r\n", method="POST")
        h.check(answer.status == 403, f"the other form is another site: {answer}")
        with Client(h) as client:
            client.connect(f"{connected}:443")
            client.tls(connected)
            answer = client.get("/", host)
            h.check(answer.status in (400, 403), f"Host {host} in {connected}: {answer}")
        with Client(h) as client:
            client.connect(f"{connected}:443")
            client.tls(host, verify=False)
            answer = client.get("/", connected)
            h.check(answer.status == 400, f"SNI {host} in {connected}: {answer}")
        with Client(h) as client:
            h.check(client.connect(f"{connected}:443", host=f"{host}:443").status == 400, "CONNECT with the other Host")
    h.check(camera.octets() == b"", f"nothing of that came: {camera.octets()[:200]!r}")
    for name in (by_id.upper(), by_id + ".", by_id.replace(maple.id_label, maple.id_label.upper())):
        with Client(h) as client:
            h.check(client.connect(f"{name}:443").status == 200, f"CONNECT {name}")
            client.tls(by_id)
            h.check(client.get("/", name).status == 200, f"GET with Host {name}")
    for label in (maple.id_label[:-1], maple.id_label + "a", maple.id_label[:-1] + "b", "a" * 52):
        name = f"camera.{label}.home.arpa"
        with Client(h) as client:
            h.check(client.connect(f"{name}:443").status == 403, f"{name} is no household's")


STRANGER = """
import encodings.idna, os, resource, socket, ssl, sys
many = int(sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(many + 100, hard), hard))
try:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
except OSError as why:
    print("can't be another user here:", why)
    sys.exit(77)
def door():
    return socket.create_connection(("127.0.0.1", 4680), timeout=30)
def get():
    one = door()
    try:
        one.sendall(b"CONNECT camera.maple.home.arpa:443 HTTP/1.1\\r\\nHost: camera.maple.home.arpa:443\\r\\n\\r\\n")
        if b" 200 " not in one.recv(4096):
            return "refused"
        context = ssl._create_unverified_context()
        with context.wrap_socket(one, server_hostname="camera.maple.home.arpa") as inside:
            inside.sendall(b"GET / HTTP/1.1\\r\\nHost: camera.maple.home.arpa\\r\\nConnection: close\\r\\n\\r\\n")
            return inside.recv(4096)[:12].decode()
    except OSError:
        return "refused"
taken = [door() for _ in range(many)]
print(get(), flush=True)
sys.stdin.readline()
"""


def stranger(many=0):
    """Another user's program; it holds its connections until its input ends."""
    return subprocess.Popen([sys.executable, "-c", STRANGER, str(many)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, encoding="utf-8")


def wait_for(program):
    said, _ = program.communicate("\n", timeout=60)
    return said.strip(), program.returncode


def whose_proxy(h):
    """Another user is refused by a user's proxy, served by --system; and can't take all places of it."""
    own_view(h)[0].publish(h)
    camera = h.devices["camera"]
    camera.forget()
    said, code = wait_for(stranger())
    if code == 77:
        print(f"      skipped: {said}")
        return
    h.check(said == "refused" and camera.accepted == 0, f"another user, without --system: {said}")
    h.stop_proxy()
    h.start_proxy("--system")
    try:
        said, _ = wait_for(stranger())
        h.check(said == "HTTP/1.1 200", f"another user, with --system: {said}")
        greedy = stranger(1200)  # more than half of all places
        said = greedy.stdout.readline().strip()
        h.check(said == "refused", f"beyond half of all places: {said}")
        h.check(ask(h, "/", CAMERA).status == 200, "others have room")
        wait_for(greedy)
        h.check("has half of all connections" in h.said_by_proxy(), "and it is told")
        said, _ = wait_for(stranger())
        h.check(said == "HTTP/1.1 200", f"when they have gone: {said}")
    finally:
        h.stop_proxy()
        h.start_proxy()


STORIES = [view_changes.no_view, view_changes.no_word, *view_keys.STORIES, *view_changes.STORIES, id_form, whose_proxy]


def main():
    home.enter()
    h = home.Home(sys.argv[1])
    try:
        for name, number in [("camera", "20"), ("guest", "22")]:
            h.device(name, number, adopt=False, answer=site)
        h.device("impostor", "21", adopt=False)
        view_keys.watch_sessions(h.devices["guest"])
        h.start_proxy()
        if sys.argv[2:] and "no_view" not in sys.argv[2:]:
            own_view(h)[0].publish(h)
        h.run_stories(STORIES, sys.argv[2:])
    finally:
        h.close()
    return h.ending("e2e/views")


if __name__ == "__main__":
    sys.exit(main())
