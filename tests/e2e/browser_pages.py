"""browser_pages.py: what a person sees: the devices' own pages with a padlock, and the blocked pages."""
import hashlib
import os
import ssl
import time

import hostile_devices
from client import HOST
from home import wait_until
from verdicts import CUT_S, HOPELESS
from website import BLOCK, site

CAMERA = f"https://{HOST}/"


def shows_device(h, b, url, name, what):
    why = b.open(url)
    h.check(why is None, f"{what}: {why}")
    h.check(b.title() == name and b.text().strip() == name, f"{what}: {b.title()!r} {b.text()[:300]!r}")
    h.check(b.status() == 200, f"{what}: status {b.status()}")
    h.check(b.is_secure(), f"{what}: no secure context")


def shows_block(h, b, url, status, what, *words):
    """One of the proxy's pages, with these words; nothing on it leads to the device."""
    why = b.open(url)
    text = b.text()
    h.check(why is None and b.status() == status, f"{what}: {why}, status {b.status()}: {text[:500]!r}")
    plain = "".join(text.split())
    for word in words:
        h.check("".join(word.split()) in plain, f"{what}: no {word!r} in {text[:3000]!r}")
    h.check(b.script("return document.querySelectorAll('script, form, button, iframe').length") == 0, f"{what}: something to press")
    links = b.script("return Array.from(document.links, link => link.href)")
    h.check(not any(link.split("#")[0] for link in links), f"{what}: links {links}")
    picture(h, b, what)


def picture(h, b, what):
    """Light, dark and narrow, for people to look at."""
    folder = os.path.join(os.path.dirname(h.bin), "e2e")
    name = f"{b.name}-" + what.replace(" ", "-")
    b.screenshot(os.path.join(folder, name + ".png"))
    if b.name == "chromium":
        for suffix, manner in (("dark", {"dark": True}), ("360", {"width": 360}), ("360-dark", {"width": 360, "dark": True})):
            b.emulate(**manner)
            wide = b.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            h.check(wide <= 0, f"{what} at {suffix}: {wide} pixels too wide")
            b.screenshot(os.path.join(folder, f"{name}-{suffix}.png"))
        b.emulate()


def comes_back(h, b, url, name):
    """With the right key it is served again, at the latest after a moment: a browser may have asked ahead."""
    wait_until(lambda: b.open(url) is None and b.title() == name, f"{name} comes back", CUT_S)
    shows_device(h, b, url, name, "the right key again")


# --- what is right ---

def matching(h, b):
    """However its address is written."""
    for url in [CAMERA, f"https://{HOST}./", f"https://{HOST.upper()}/", f"http://{HOST}/", f"https://{HOST}:443/"]:
        h.devices["camera"].forget()
        shows_device(h, b, url, "camera", url)
        hosts = {request.field("host") for request in h.devices["camera"].requests}
        h.check(hosts == {HOST}, f"{url}: the device is asked for {hosts}")
    b.open(CAMERA)
    picture(h, b, "camera")


def hopeless(h, b):
    """Expired, for another name, RSA-1024, SHA-1, TLS 1.0: a padlock, since its key is the published one."""
    for number, name, newest in [("31", "fax", ssl.TLSVersion.TLSv1), ("32", "ipcam", ssl.TLSVersion.TLSv1_2)]:
        h.device(name, number, h.identity(name, *HOPELESS), oldest=ssl.TLSVersion.TLSv1, newest=newest)
        shows_device(h, b, f"https://{name}.maple.home.arpa/", name, name)


def rollover(h, b):
    device = h.device("turning", "33")
    old, new = h.identity("turning"), h.identity("next")
    h.publish("turning", "33", old.fingerprint, new.fingerprint)
    for identity in (new, old):
        device.identity = identity
        device.cut()
        shows_device(h, b, "https://turning.maple.home.arpa/", "turning", "one of two keys")
    device.identity = h.identity("impostor")
    device.cut()
    device.forget()
    shows_block(h, b, "https://turning.maple.home.arpa/secret", 502, "neither of two", old.fingerprint, new.fingerprint,
                h.identity("impostor").fingerprint)
    h.check(device.octets() == b"", "a third key gets nothing")


def websocket(h, b):
    b.open(CAMERA)
    echoed = b.promise("""
        const socket = new WebSocket("wss://" + location.host + "/socket");
        await new Promise((open, failed) => { socket.onopen = open; socket.onerror = failed; });
        const texts = ["hello", "x".repeat(200), "y".repeat(100000)], back = [];
        for (const text of texts) {
          socket.send(text);
          back.push((await new Promise(come => { socket.onmessage = come; })).data === text);
        }
        socket.close(1000);
        const end = await new Promise(come => { socket.onclose = come; });
        return back.join() + " " + end.code;""")
    h.check(echoed == "true,true,true 1000", f"WebSocket: {echoed}")


def long_bodies(h, b):
    """300 MiB down, octet for octet; 64 MiB up."""
    octets = 300 << 20
    b.open(f"https://{HOST}/count?octets={octets}")
    title = wait_until(lambda: b.title() != "counting" and b.title(), "300 MiB are counted", 120)
    h.check(title == f"counted {octets}", f"download: {title}")
    echoed = b.promise("""
        const block = new Uint8Array(65536);
        for (let i = 0; i < block.length; i++) block[i] = (i * 7 + (i >> 8)) & 255;
        const body = new Blob(Array(1024).fill(block));
        return await (await fetch("/upload", {method: "POST", body: body})).text();""")
    h.check(echoed == f"{64 << 20} {hashlib.sha256(BLOCK * 1024).hexdigest()}", f"upload: {echoed}")


def powers(h, b):
    """A secure context, and what only that has."""
    b.open(CAMERA)
    h.check(b.script("return [isSecureContext, !!crypto.subtle, !!navigator.serviceWorker].join()") == "true,true,true", "powers")
    h.check(b.promise("""
        await navigator.serviceWorker.register("/worker.js");
        await navigator.serviceWorker.ready;
        if (!navigator.serviceWorker.controller)
          await new Promise(come => { navigator.serviceWorker.oncontrollerchange = come; });
        return await (await fetch("/from-the-worker")).text();""") == "the worker's own", "the service worker answers")
    h.check(b.promise("""
        for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
        return "gone";""") == "gone", "and goes")


def cookies(h, b):
    """What one device sets, no other one gets."""
    b.open(CAMERA + "cookies")
    mine = {part.split("=")[0] for part in b.script("return document.cookie").split("; ")}
    h.check({"own", "wide", "dotted", "suffix"} <= mine and "__Host-own" not in mine, f"the page's cookies: {mine}")
    b.open(CAMERA + "echo")
    h.check("__Host-own=1" in (h.devices["camera"].requests[-1].field("cookie") or ""), "they come back to it")
    h.devices["nas"].forget()
    b.open("https://nas.maple.home.arpa/echo")
    sent = [request.field("cookie") for request in h.devices["nas"].requests]
    h.check(sent and not any(sent), f"the sibling got {sent}")
    h.check(b.script("return document.cookie") == "", "and its page sees none")


# --- what is wrong ---

def mismatch(h, b):
    victim = h.device("victim", "34")
    shows_device(h, b, "https://victim.maple.home.arpa/", "victim", "before")
    victim.identity = h.identity("impostor")
    victim.cut()
    victim.forget()
    shows_block(h, b, "https://victim.maple.home.arpa/secret?password=1", 502, "mismatch", h.identity("victim").fingerprint,
                h.identity("impostor").fingerprint, "victim.maple.home.arpa")
    h.check(b.is_secure(), "a blocked page is itself secure: why these tests look at content")
    h.check(victim.accepted > 0 and victim.octets() == b"", f"the impostor got {victim.octets()[:200]!r}")
    victim.identity = h.identity("victim")
    comes_back(h, b, "https://victim.maple.home.arpa/", "victim")


def withdrawn(h, b):
    device = h.device("lost", "35")
    shows_device(h, b, "https://lost.maple.home.arpa/", "lost", "before")
    h.expect(0, "revoke", "lost", "--reason", "stolen", "--yes")
    device.forget()
    shows_block(h, b, "https://lost.maple.home.arpa/secret", 502, "withdrawn", device.identity.fingerprint, "withdrawn")
    h.check(device.octets() == b"", "it gets nothing")


def blocked(h, b):
    """The other reasons, a device each."""
    def odd(name, number, **more):
        device = h.device(name, number, adopt=False, **more)
        h.publish(name, number, device.identity.fingerprint)
        return device, f"https://{name}.maple.home.arpa/secret"

    shows_block(h, b, "https://nobody.maple.home.arpa/", 502, "no such name", "nobody.maple.home.arpa")
    h.device("keyless", "36", adopt=False)
    h.publish("keyless", "36")
    shows_block(h, b, "https://keyless.maple.home.arpa/", 502, "no key", "keyless.maple.home.arpa")
    for name, number, what, words, more in [
            ("ssh", "39", "not TLS", ["TLS"], {"greet": hostile_devices.not_tls}),
            ("modern", "3a", "h2 only", ["HTTP/2"], {"h2_only": True}),
            ("garbled", "3b", "broken answer", [], {"answer": hostile_devices.says("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello")})]:
        device, url = odd(name, number, **more)
        shows_block(h, b, url, 502, what, f"{name}.maple.home.arpa", *words)
        h.check(name == "garbled" or b"secret" not in device.octets(), f"{what}: it gets nothing")
    h.publish("gone", "3c", "ab" * 32)
    shows_block(h, b, "https://gone.maple.home.arpa/", 504, "unreachable", "gone.maple.home.arpa")
    h.expect(0, "set", "_443._tcp.homeless", "TLSA", "3", "1", "1", "ab" * 32)
    shows_block(h, b, "https://homeless.maple.home.arpa/", 502, "no address", "homeless.maple.home.arpa")
    h.devices["nas"].forget()
    why = b.open("https://nas.maple.home.arpa:8443/")
    h.check(why in ("ERR_TUNNEL_CONNECTION_FAILED", "proxyConnectFailure", "proxyResolveFailure"), f"a port that is not published: {why}")
    h.check(h.devices["nas"].accepted == 0, "a port that is not published: nothing is dialled")


def escaped(h, b):
    """What comes from outside is text on our pages, never part of them."""
    for path in ["?<script>document.title='pwned'</script>", "%3Cimg src=x onerror=document.title='pwned'%3E", "'\"><b>bold</b>"]:
        why = b.open("https://nobody.maple.home.arpa/" + path)
        h.check(why is None and b.status() == 502 and b.title() != "pwned", f"{path}: {why} {b.title()}")
        h.check(b.script("return document.querySelectorAll('script, img[src=x]').length") == 0, f"{path}: markup")


def stubborn_worker(h, b):
    """A service worker that a device left behind must not go on speaking for it once it is blocked."""
    device = h.device("clingy", "37", answer=site)
    url = "https://clingy.maple.home.arpa/"
    b.open(url)
    h.check(b.promise("""
        await navigator.serviceWorker.register("/worker.js?stubborn");
        await navigator.serviceWorker.ready;
        if (!navigator.serviceWorker.controller)
          await new Promise(come => { navigator.serviceWorker.oncontrollerchange = come; });
        return "there";""") == "there", "a worker")
    b.open(url)
    h.check(b.title() == "stubborn", f"it answers everything: {b.title()}")
    device.identity = h.identity("impostor")
    device.cut()
    device.forget()

    def is_blocked():
        b.open(url)
        if b.title() == "stubborn":  # as a browser does by itself, at most a day later
            b.script("navigator.serviceWorker.getRegistration().then(one => one && one.update())")
            time.sleep(2.5)  # Chromium waits a while before it asks; the page is swept away with its worker
        return b.title() != "stubborn"
    wait_until(is_blocked, "the worker is gone")
    h.check(b.status() == 502 and h.identity("impostor").fingerprint in b.text().replace(" ", ""), f"blocked: {b.status()} {b.text()[:300]}")
    h.check(device.octets() == b"", "the impostor gets nothing")
    device.identity = h.identity("clingy")
    comes_back(h, b, url, "clingy")


def live_cut(h, b):
    """An open page's WebSocket ends when the device is withdrawn."""
    h.device("live", "38", answer=site)
    b.open("https://live.maple.home.arpa/")
    h.check(b.promise("""
        const socket = window.socket = new WebSocket("wss://" + location.host + "/socket");
        await new Promise((open, failed) => { socket.onopen = open; socket.onerror = failed; });
        socket.onclose = () => { document.title = "cut"; };
        socket.send("hello");
        return (await new Promise(come => { socket.onmessage = come; })).data;""") == "hello", "open")
    h.expect(0, "revoke", "live", "--yes")
    wait_until(lambda: b.title() == "cut", "the socket is cut", CUT_S)


def without_proxy(h, b):
    """No proxy, no page: nothing goes around it; and it comes back."""
    h.stop_proxy()
    h.devices["camera"].forget()
    why = b.open(CAMERA)
    h.check(why in ("ERR_PROXY_CONNECTION_FAILED", "proxyConnectFailure"), f"without the proxy: {why} {b.text()[:200]}")
    h.check(h.devices["camera"].accepted == 0, "nothing went around it")
    h.start_proxy()
    wait_until(lambda: b.open(CAMERA) is None and b.title() == "camera", "the camera's page is back")


STORIES = [matching, hopeless, rollover, websocket, long_bodies, powers, cookies, mismatch, withdrawn, blocked, escaped,
           stubborn_worker, live_cut, without_proxy]
