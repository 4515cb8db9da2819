"""view_changes.py: views that are missing, stale, frozen, replaced, damaged: what is served then, and what of the open ends."""
import os
import shutil
import ssl
import threading
import time

import made_views
from client import Client, Closed, ask
from home import wait_until
from made_views import (CAMERA, GUEST, MISMATCH, NO_VIEW, STALE, own_view, now_ms, refused, served, spki, two_households)
from verdicts import CUT_S, echoes, ends, is_own_page, open_socket

BY_TIME_S = 12  # what is open is held against the clock every few seconds


def no_view(h):
    """Before there is one, and when it has gone."""
    camera = h.devices["camera"]
    refused(h, CAMERA, NO_VIEW, camera, "no folder")
    os.makedirs(made_views.folder(h))
    refused(h, CAMERA, NO_VIEW, camera, "an empty folder")
    own_view(h)[0].publish(h)
    served(h, CAMERA, camera, "the first view")
    for what, octets in [("empty", b""), ("short", made_views.read_view(h)[:300]), ("no view", b"hello " * 1000),
                         ("too long", made_views.read_view(h) + b"\0")]:
        good = made_views.read_view(h)
        made_views.put(h, octets)
        refused(h, CAMERA, NO_VIEW, camera, what)
        made_views.put(h, good)
        served(h, CAMERA, camera, f"after: {what}")
    client = open_socket(h, CAMERA)
    os.unlink(made_views.view_file(h))
    ends(h, client, "the view is deleted")
    refused(h, CAMERA, NO_VIEW, camera, "deleted")
    shutil.rmtree(made_views.folder(h))
    refused(h, CAMERA, NO_VIEW, camera, "the folder is deleted")
    own_view(h)[0].publish(h)
    wait_until(lambda: ask(h, "/", CAMERA).status == 200, "a new folder is found", CUT_S)


def no_word(h):
    """Without the generation page the file itself is looked at, once a second."""
    own_view(h)[0].publish(h)
    served(h, CAMERA, h.devices["camera"], "with the page")
    os.unlink(h.path("view", "generation"))
    served(h, CAMERA, h.devices["camera"], "without it")
    good = made_views.read_view(h)
    client = open_socket(h, CAMERA)
    own_view(h, "3 1 1 " + "ab" * 32)[0].publish(h)
    os.unlink(h.path("view", "generation"))
    ends(h, client, "another key, without the page")
    refused(h, CAMERA, MISMATCH, h.devices["camera"], "without the page", "ab" * 4)
    made_views.put(h, good, move=False)
    wait_until(lambda: ask(h, "/", CAMERA).status == 200, "the view is replaced without the page", CUT_S)
    own_view(h, "3 1 1 " + "ab" * 32)[0].publish(h)  # makes a page again, which is found within a second
    wait_until(lambda: ask(h, "/", CAMERA).status == 502, "the view after that", CUT_S)
    own_view(h)[0].publish(h)
    served(h, CAMERA, h.devices["camera"], "with a new page")


def stale(h):
    """Hard: nothing is passed, in both forms, said by the state or by the time. A followed one's age is not one's own."""
    camera, guest = h.devices["camera"], h.devices["guest"]
    for state, hard in [("hard", 0), ("hard", now_ms() + made_views.WITHIN_MS), ("fresh", now_ms() - 1),
                        ("soft", now_ms() - 1), ("frozen", now_ms() - 1)]:
        view, maple, willow = two_households(h, spki(h.identity("camera")), spki(h.identity("guest")))
        willow.state(state, 1, hard)
        view.publish(h)
        accepted = guest.accepted
        for name in willow.names("guest"):
            refused(h, name, STALE, guest, f"{state} {hard}")
        h.check(guest.accepted <= accepted, "and it is not even dialled")
        served(h, CAMERA, camera, f"followed {state} {hard}")
        maple.state(state, 1, hard)
        view.publish(h)
        for name in maple.names("camera"):
            refused(h, name, STALE, camera, f"own {state} {hard}")


def soft_and_frozen(h):
    """Served; what is open stays open; the page of a mismatch says so."""
    camera, impostor = h.devices["camera"], h.devices["impostor"]
    socket = None
    for state, soft, words in [("soft", 0, "has not heard from the household's own machines for a while"),
                               ("fresh", now_ms() - 1, "has not heard from the household's own machines for a while"),
                               ("frozen", 0, "has signed two histories that contradict each other")]:
        view, maple = own_view(h)
        maple.state(state, soft, now_ms() + made_views.WITHIN_MS)
        maple.device("victim", "21", spki(h.identity("victim")))
        view.publish(h)
        for name in maple.names("camera"):
            served(h, name, camera, state)
        socket = socket or open_socket(h, CAMERA)
        h.check(echoes(socket, state.encode()), f"{state}: the socket of before")
        for name in maple.names("victim"):
            refused(h, name, MISMATCH, impostor, state, words, h.identity("victim").fingerprint,
                    h.identity("impostor").fingerprint, "made-node")
    view, maple = own_view(h)
    maple.state("hard")
    view.publish(h)
    ends(h, socket, "hard at last")


def hard_by_time(h):
    """The hard time comes while a view stands unchanged: new requests are refused at once, what is open ends soon."""
    camera = h.devices["camera"]
    view, maple = own_view(h)
    hard = now_ms() + 2000
    maple.state("fresh", 0, hard)
    view.publish(h)
    socket, idle = open_socket(h, CAMERA), Client(h)
    idle.connect(f"{CAMERA}:443")
    idle.tls(CAMERA)
    h.check(idle.get("/", CAMERA).status == 200, "before")
    h.check(echoes(socket, b"before"), "before")
    wait_until(lambda: now_ms() > hard + 50, "the hard time")
    refused(h, CAMERA, STALE, camera, "after it")
    try:
        answer = idle.get("/secret", CAMERA)
        is_own_page(h, answer, 502, "the browser's connection", STALE, CAMERA)
    except Closed:
        pass
    socket.stream.settimeout(BY_TIME_S)
    try:
        h.check(socket.rest() == b"", "octets after the cut")
    except TimeoutError:
        h.check(False, f"still open {BY_TIME_S} s after the hard time")
    print(f"      what was open ended {(now_ms() - hard) / 1000:.1f} s after the hard time")
    h.check(b"/secret" not in camera.octets(), "nothing is passed")
    socket.close()
    idle.close()


def live_cut(h):
    """Each change of the view ends what is open to that device, and nothing else."""
    camera, guest, key = h.devices["camera"], h.devices["guest"], spki(h.identity("guest"))

    def made(change):
        view, maple = own_view(h)
        willow = view.household("willow")
        change(view, maple, willow)
        return view

    def as_before(_, __, willow):
        willow.device("guest", "22", key)
    changes = {
        "another key": lambda view, maple, willow: willow.device("guest", "22", spki(h.identity("next"))),
        "moved": lambda view, maple, willow: willow.device("guest", "23", key),
        "no key": lambda view, maple, willow: willow.device("guest", "22"),
        "withdrawn": lambda view, maple, willow: (willow.device("guest", "22", removed=[key]), willow.withdrawn(key)),
        "hard": lambda view, maple, willow: (willow.device("guest", "22", key), willow.state("hard")),
        "another's": lambda view, maple, willow: (willow.device("guest", "22", key), maple.device("mine", "22", key)),
        "name gone": lambda view, maple, willow: None,
        "not followed any more": lambda view, maple, willow: view.households.remove(willow),
    }
    made(as_before).publish(h)
    bystander, slowest = open_socket(h, CAMERA), 0
    for what, change in changes.items():
        made(as_before).publish(h)
        petname, by_id = (open_socket(h, name) for name in made_views.Made("willow", False).names("guest"))
        made(as_before).publish(h)
        time.sleep(0.3)  # longer than the proxy needs to see the change; nothing is to happen
        h.check(echoes(petname, b"same") and echoes(by_id, b"same"), f"{what}: a view that says the same cuts nothing")
        made(change).publish(h)
        began = time.monotonic()
        ends(h, petname, what)
        ends(h, by_id, f"{what}, by id")
        slowest = max(slowest, time.monotonic() - began)
        guest.forget()
        answer = ask(h, "/secret", GUEST)
        h.check(answer.status in (403, 502, 504) and guest.octets() == b"", f"{what}: afterwards {answer}")
    h.check(echoes(bystander, b"bystander"), "another device's stays")
    bystander.close()
    served(h, CAMERA, camera, "afterwards")
    print(f"      cut within {slowest:.2f} s")


def replaced_under_load(h):
    """Two views by turns, as fast as they can be written, while four programs ask. No answer but what one of the two says."""
    camera, impostor = h.devices["camera"], h.devices["impostor"]
    views = []
    for key in (spki(h.identity("camera")), "3 1 1 " + "ab" * 32):
        view, maple = own_view(h)
        maple.device("turning", "20", key)
        maple.device("victim", "21", spki(h.identity("victim")))
        maple.device("late", "20", key)
        views.append(view)
    views[0].publish(h)
    socket = open_socket(h, CAMERA)
    impostor.forget()
    wrong, counts = [], {}

    def load(number):
        for i in range(40):
            name, statuses = [("camera", {200}), ("turning", {200, 502}), ("victim", {502})][(i + number) % 3]
            try:
                answer = ask(h, "/seen", f"{name}.maple.home.arpa")
                counts[name, answer.status] = counts.get((name, answer.status), 0) + 1
                if answer.status not in statuses or NO_VIEW.replace(" ", "") in answer.words or \
                        (answer.status == 200 and "<h1>camera</h1>" not in answer.text):
                    wrong.append(f"{name}: {answer}")
            except Closed:  # cut between handshake and answer
                if name != "turning":
                    wrong.append(f"{name}: closed")
            except Exception as why:  # noqa: BLE001
                if name != "turning":
                    wrong.append(f"{name}: {why!r}")
    programs = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for program in programs:
        program.start()
    replaced = 0
    while any(program.is_alive() for program in programs):
        views[replaced % 2].publish(h)
        replaced += 1
    for program in programs:
        program.join()
    h.check(not wrong, f"{len(wrong)} wrong answers, {wrong[:3]}")
    h.check(replaced > 3, "replaced meanwhile")
    h.check(impostor.octets() == b"", "the impostor got nothing")
    h.check(echoes(socket, b"after"), "a device that both views know alike stays open")
    socket.close()
    views[1].publish(h)
    refused(h, "turning.maple.home.arpa", MISMATCH, camera, "by the last view")
    views[0].publish(h)
    served(h, "turning.maple.home.arpa", camera, "by the first one again")
    print(f"      {replaced} views, {counts}")


def told_status(h, name):
    try:
        return ask(h, "/", name).status
    except (Closed, OSError, ssl.SSLError) as why:
        return type(why).__name__


def damaged(h):
    """Bits turned in every table while the proxy runs. With wrong checksums nothing is served; with right ones whatever
    the view now says, but no octet to a device whose key is in none."""
    camera, impostor = h.devices["camera"], h.devices["impostor"]
    view, maple = own_view(h)
    maple.device("victim", "21", spki(h.identity("victim")), removed=["3 1 1 " + "cd" * 32])
    maple.withdrawn("3 1 1 " + "cd" * 32)
    view.household("willow").device("guest", "22", spki(h.identity("guest")))
    view.publish(h)
    good = made_views.read_view(h)
    parts = [made_views.Table("header", 0, made_views.HEADER_SIZE), *made_views.tables(good)]
    h.check(all(part.size > 0 for part in parts), f"a table is empty: {parts}")
    places = sorted({part.offset + at for part in parts for at in {0, part.size - 1, *range(0, part.size, part.size // 9 + 1)}})
    for at in places:
        made_views.put(h, made_views.flipped(good, at))
        refused(h, CAMERA, NO_VIEW, camera, f"octet {at} of {len(good)}")
    impostor.forget()
    told = {}
    for at in places:
        made_views.put(h, made_views.flipped(good, at, mended=True))
        for name in (CAMERA, "victim.maple.home.arpa", GUEST):
            status = told_status(h, name)
            told[status] = told.get(status, 0) + 1
            h.check(not (name.startswith("victim") and status == 200), f"octet {at}: the impostor is served")
        h.check(h.proxy.poll() is None, f"octet {at}: the proxy has ended")
        if h.proxy.poll() is not None:
            return
    h.check(impostor.octets() == b"", "the impostor got nothing")
    made_views.put(h, good)
    served(h, CAMERA, camera, "the good one again")
    print(f"      {len(places)} places twice; with right checksums: {told}")


STORIES = [stale, soft_and_frozen, hard_by_time, live_cut, replaced_under_load, damaged]
