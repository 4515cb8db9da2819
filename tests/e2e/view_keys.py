"""view_keys.py: one device's key under the names of several households; keys in conflict; keys withdrawn."""
import hashlib
import itertools

import made_views
from client import Client, Closed
from home import address, wait_until
from made_views import (CAMERA, CONFLICT, GUEST, SHARED, WITHDRAWN, View, certificate, opened, own_view, refused, served, spki,
                        spki_sha512, two_households)
from verdicts import echoes, ends, is_own_page, open_socket


def own_key_elsewhere(h):
    """Whatever hashes each publishes: the own household has its device, in both forms of each name."""
    camera, guest = h.devices["camera"], h.devices["guest"]
    key = h.identity("camera")
    guest.identity = key  # the same key at another address, as somebody would pass the handshake on
    h.check(hashlib.sha256(made_views.spki_of(key)).hexdigest() == key.fingerprint, "the test's own SPKI")
    for own, followed in itertools.product((spki, certificate, spki_sha512), repeat=2):
        view, maple, willow = two_households(h, own(key), followed(key))
        view.publish(h)
        what = f"{own.__name__} here, {followed.__name__} there"
        for name in maple.names("camera"):
            served(h, name, camera, what)
        for name in willow.names("guest"):
            refused(h, name, SHARED, guest, what, address("22"))
    view, maple, willow = two_households(h, spki(key), spki(key), followed="20")
    view.publish(h)
    for name in willow.names("guest"):
        refused(h, name, SHARED, camera, "at the own device's address")
    served(h, CAMERA, camera, "at the own device's address")
    two_households(h, spki(h.identity("other")), spki(key))[0].publish(h)
    served(h, GUEST, guest, "a key that nobody else has")
    guest.identity = h.identity("guest")


def first_followed(h):
    """Between followed ones the first has it, whatever their names or ids; the own one before all."""
    guest, key = h.devices["guest"], spki(h.identity("guest"))
    for order in (["willow", "birch", "zelkova"], ["zelkova", "birch", "willow"], ["birch", "zelkova", "willow"]):
        view, _ = own_view(h)
        made = [view.household(petname) for petname in order]
        for followed in made:
            followed.device("guest", "22", key)
        view.publish(h)
        for name in made[0].names("guest"):
            served(h, name, guest, f"first of {order}")
        for name in made[1].names("guest") + made[2].names("guest"):
            refused(h, name, SHARED, guest, f"not first of {order}")
        view.households[0].device("mine", "22", key)
        view.publish(h)
        refused(h, made[0].names("guest")[0], SHARED, guest, f"own before {order}")
        served(h, "mine.maple.home.arpa", guest, f"own before {order}")


def watch_sessions(device):
    """Its sessions can be resumed (one TLS context for all connections); device.resumed says, connection for connection,
    which were."""
    make, record, contexts = device.identity.context, device._record, {}
    device.resumed = []

    def context(**manner):
        if "one" not in contexts:
            contexts["one"] = make(**manner)
        return contexts["one"]

    def recorded(stream):
        device.resumed.append(stream.session_reused)
        return record(stream)
    device.identity.context, device._record = context, recorded


def nothing_gets_around(h):
    """Opened under the own name, asked under the followed one; and open under the followed one when the own appears:
    browser's connection, WebSocket, parked connection, TLS session."""
    guest, key = h.devices["guest"], spki(h.identity("guest"))
    view, maple = own_view(h)
    maple.device("mine", "22", key)
    view.household("willow").device("guest", "22", key)
    view.publish(h)
    mine = "mine.maple.home.arpa"
    for _ in range(3):
        served(h, mine, guest, "under the own name")  # leaves sessions and an idle connection
        refused(h, GUEST, SHARED, guest, "then under the followed one")
    own = open_socket(h, mine)
    with Client(h) as client:
        client.connect(f"{mine}:443")
        client.tls(mine)
        guest.forget()
        answer = client.get("/", GUEST)
        h.check(answer.status in (400, 403) and guest.octets() == b"", f"another Host in the own tunnel: {answer}")
    refused(h, GUEST, SHARED, guest, "while the own one is open")
    h.check(echoes(own, b"still"), "the own one stays open")
    own.close()

    two_households(h, None, key)[0].publish(h)
    served(h, GUEST, guest, "nobody else has it yet")
    guest.cut()
    guest.forget()
    served(h, GUEST, guest, "a session resumed")
    h.check(guest.resumed[-1:] == [True], f"it is not resumed: {guest.resumed}")
    other = h.devices["camera"]
    socket, idle = open_socket(h, GUEST), Client(h)
    idle.connect(f"{GUEST}:443")
    idle.tls(GUEST)
    h.check(idle.get("/", GUEST).status == 200, "a browser's connection")
    view = View()
    maple = view.household("maple", own=True)
    maple.device("camera", "20", spki(h.identity("camera")))
    maple.device("mine", "22", key)
    view.household("willow").device("guest", "22", key)
    guest.forget()
    view.publish(h)
    try:
        answer = idle.get("/secret", GUEST)
        is_own_page(h, answer, 502, "the browser's connection", SHARED, GUEST)
    except Closed:
        pass
    ends(h, socket, "the own one appears")
    wait_until(lambda: not opened(guest), "the device has read all there was")
    h.check(guest.octets() == b"", f"it got {guest.octets()[:100]!r}")
    refused(h, GUEST, SHARED, guest, "with a session of before")
    h.check(guest.resumed[-1:] == [True], f"it is not resumed: {guest.resumed}")
    served(h, "mine.maple.home.arpa", guest, "under the own name")
    served(h, CAMERA, other, "another device")
    idle.close()


def conflict(h):
    """Two writes: the winner is served; anything else gets the page about both."""
    camera, impostor = h.devices["camera"], h.devices["impostor"]
    view, maple = own_view(h, conflicts=1)
    maple.device("victim", "21", spki(h.identity("victim")), conflicts=2)
    willow = view.household("willow")
    willow.device("victim", "21", spki(h.identity("guest")), conflicts=1)
    view.publish(h)
    for name in maple.names("camera"):
        served(h, name, camera, "the winner")
    for name in maple.names("victim"):
        refused(h, name, CONFLICT, impostor, "not the winner", h.identity("victim").fingerprint,
                h.identity("impostor").fingerprint)
    for name in willow.names("victim"):
        refused(h, name, CONFLICT, impostor, "a followed one's", "Ask somebody of that household")


def withdrawn(h):
    """By whichever hash it was published, alone or beside others."""
    camera, key = h.devices["camera"], h.identity("camera")
    by_key, whole, long = spki(key), certificate(key), spki_sha512(key)
    for standing, removed, gone in [((), (by_key,), by_key), ((whole,), (by_key,), by_key), ((long,), (by_key,), by_key),
                                    ((whole, long), (by_key,), by_key), ((by_key,), (), by_key),
                                    ((by_key,), (whole,), whole), ((long,), (whole,), whole)]:
        view, maple = own_view(h, *(standing or ["3 1 1 " + "ab" * 32]), removed=removed)
        if not standing:
            view, maple = View(), None
            maple = view.household("maple", own=True)
            maple.device("camera", "20", removed=removed)
        maple.withdrawn(gone)
        view.publish(h)
        for name in maple.names("camera"):
            refused(h, name, WITHDRAWN, camera, f"{gone} with {standing}", key.fingerprint, "as stolen", "made-node")
    view, maple = own_view(h, spki(h.identity("next")), removed=[by_key])
    maple.withdrawn(by_key)
    view.publish(h)
    refused(h, CAMERA, WITHDRAWN, camera, "the old key after the next was published", key.fingerprint)
    camera.identity = h.identity("next")
    served(h, CAMERA, camera, "the next key")
    camera.identity = key
    view, maple = own_view(h)
    view.household("willow").withdrawn(by_key)
    view.publish(h)
    served(h, CAMERA, camera, "a followed household withdrew it: not its device")
    view, maple, willow = two_households(h, None, by_key, followed="20")
    maple.withdrawn(by_key)
    view.publish(h)
    served(h, GUEST, camera, "withdrawn here, passed on to the followed one")


STORIES = [own_key_elsewhere, first_followed, nothing_gets_around, conflict, withdrawn]
