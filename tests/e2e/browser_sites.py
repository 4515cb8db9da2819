"""browser_sites.py: pages of other sites against the camera: one of the internet, one of a sibling device. Whatever they
try, the camera's record stays empty."""
import json
import time

from browser_pages import picture
from client import HOST
from device import page
from home import wait_until

CAMERA = f"https://{HOST}"

# Everything that a page can send to another site. Each attempt ends by itself; `tell` collects what the page saw.
ATTACKS = """
const target = arguments[0], told = {};
const frame = (name) => { const it = document.createElement("iframe"); it.name = name; document.body.append(it); return it; };
const wait = (it, attach) => new Promise(end => {
  it.onload = () => end("load"); it.onerror = () => end("error"); attach(it); setTimeout(() => end("nothing"), 4000); });
const element = (tag, set) => { const it = document.createElement(tag);
  return wait(it, it => { set(it); document.body.append(it); }); };
const form = (method, type, name) => { const inside = frame(name); const it = document.createElement("form");
  it.method = method; it.enctype = type; it.action = target + "/form"; it.target = name;
  const field = document.createElement("input"); field.name = "password"; field.value = "evil"; it.append(field);
  document.body.append(it); return wait(inside, () => it.submit()); };
const fetched = (path, how) => fetch(target + path, how).then(answer => answer.type + " " + answer.status, why => "refused");
const request = (method) => new Promise(end => { const it = new XMLHttpRequest(); it.open(method, target + "/xhr");
  it.withCredentials = true; it.onload = () => end("load " + it.status); it.onerror = () => end("error"); it.send("evil"); });
const socket = () => new Promise(end => { const it = new WebSocket(target.replace("https", "wss") + "/socket");
  it.onopen = () => end("open"); it.onerror = () => end("error"); });
const source = () => new Promise(end => { const it = new EventSource(target + "/events");
  it.onopen = () => { it.close(); end("open"); }; it.onerror = () => { it.close(); end("error"); }; });
const attempts = {
  get: () => fetched("/get", {mode: "no-cors", credentials: "include"}),
  post: () => fetched("/post", {method: "POST", mode: "no-cors", credentials: "include", body: "evil"}),
  cors: () => fetched("/cors", {credentials: "include"}),
  json: () => fetched("/json", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}),
  put: () => fetched("/put", {method: "PUT", body: "evil"}), remove: () => fetched("/delete", {method: "DELETE"}),
  hidden: () => fetched("/hidden", {mode: "no-cors", referrerPolicy: "no-referrer", referrer: ""}),
  keepalive: () => fetched("/keepalive", {method: "POST", mode: "no-cors", keepalive: true, body: "evil"}),
  xhrGet: () => request("GET"), xhrPost: () => request("POST"), beacon: async () => navigator.sendBeacon(target + "/beacon", "evil"),
  image: () => element("img", it => { it.src = target + "/image"; }),
  imageHidden: () => element("img", it => { it.referrerPolicy = "no-referrer"; it.src = target + "/image2"; }),
  script: () => element("script", it => { it.src = target + "/script"; }),
  style: () => element("link", it => { it.rel = "stylesheet"; it.href = target + "/style"; }),
  prefetch: () => element("link", it => { it.rel = "prefetch"; it.href = target + "/prefetch"; }),
  preload: () => element("link", it => { it.rel = "preload"; it.as = "image"; it.href = target + "/preload"; }),
  module: () => element("script", it => { it.type = "module"; it.src = target + "/module"; }),
  frame: () => element("iframe", it => { it.src = target + "/frame"; }),
  sandboxed: () => element("iframe", it => { it.sandbox = "allow-scripts allow-forms"; it.srcdoc =
    `<form method=post action="${target}/sandboxed"><input name=a value=evil></form><script>document.forms[0].submit()</scr` + "ipt>"; }),
  object: () => element("object", it => { it.data = target + "/object"; }),
  video: () => Promise.race([new Promise(end => { const it = document.createElement("video"); it.onerror = () => end("error");
    it.oncanplay = () => end("load"); it.src = target + "/video"; document.body.append(it); it.load(); }),
    new Promise(end => setTimeout(() => end("nothing"), 4000))]),
  formGet: () => form("get", "application/x-www-form-urlencoded", "a"), formPost: () => form("post", "application/x-www-form-urlencoded", "b"),
  formText: () => form("post", "text/plain", "c"), formFile: () => form("post", "multipart/form-data", "d"),
  socket: socket, events: source,
};
await Promise.all(Object.entries(attempts).map(async ([name, attempt]) => {
  try { told[name] = await attempt(); } catch (why) { told[name] = "thrown: " + why; } }));
return JSON.stringify(told);
"""

SUBMIT = """
const it = document.createElement("form"); it.method = "post"; it.action = arguments[0] + "/top";
const field = document.createElement("input"); field.name = "password"; field.value = "evil"; it.append(field);
document.body.append(it); it.submit();
"""


def attacker(connection, request):
    """A site of the internet: a page to attack from, one that links, one that sends the browser on."""
    if request.path == "/link":
        connection.answer(f'<!doctype html><title>link</title><a id="go" href="{CAMERA}/settings?a=1&amp;b=2">go</a>')
    elif request.path == "/redirect":
        connection.answer("", status="302 Found", more=(f"Location: {CAMERA}/redirected",))
    else:
        page(connection, request)


def attack(h, b, url, what):
    camera = h.devices["camera"]
    b.open(url)
    camera.forget()
    told = b.promise(ATTACKS, CAMERA)
    h.check(told.startswith("{"), f"{what}: {told}")
    told = json.loads(told) if told.startswith("{") else {}
    h.check(len(told) > 25, f"{what}: {told}")
    for name in ("cors", "json", "put", "remove"):
        h.check(told.get(name) == "refused", f"{what}: {name} saw {told.get(name)}")
    h.check(told.get("socket") == "error" and told.get("image") in ("error", "nothing"), f"{what}: {told}")
    h.check(not camera.requests, f"{what}: the camera saw {[(one.method, one.target) for one in camera.requests]}")
    h.check(camera.octets() == b"", f"{what}: the camera got {camera.octets()[:200]!r}")


def guard(h, b):
    """First with the camera's page never opened, then while the person is logged in there."""
    attack(h, b, "http://www.site.example/", "a site of the internet")
    attack(h, b, "https://nas.maple.home.arpa/", "a sibling")
    b.open(CAMERA + "/cookies")
    attack(h, b, "https://nas.maple.home.arpa/", "a sibling, with a login")
    b.open("https://nas.maple.home.arpa/")
    h.devices["camera"].forget()
    b.script(SUBMIT, CAMERA)
    wait_until(lambda: b.script("return location.host") == HOST, "the form has gone there")
    h.check(b.status() == 403 and "camera" != b.title(), f"a form that takes the window along: {b.status()} {b.title()}")
    h.check(h.devices["camera"].octets() == b"", "the camera gets nothing of it")
    b.open(CAMERA + "/")
    own = b.promise("return (await fetch('/echo', {method: 'POST', body: 'mine'})).status")
    h.check(own == 200, f"its own page may: {own}")


def foreign_link(h, b):
    """A link of another site leads to a page of ours, with a link to go on."""
    camera = h.devices["camera"]
    for start, path in [("http://www.site.example/link", "/settings?a=1&b=2"), ("http://www.site.example/redirect", "/redirected")]:
        camera.forget()
        b.open("about:blank")
        b.open(start)
        if path != "/redirected":
            b.click("#go")
        wait_until(lambda: b.script("return location.host") == HOST, "the link leads there")
        if path == "/redirected" and b.title() == "camera":
            continue  # what a person typed, and was sent on from, is no foreign page's doing
        h.check(b.status() == 200 and b.title() != "camera", f"{start}: {b.status()} {b.title()}")
        h.check(b.script("return getComputedStyle(document.links[0]).pointerEvents") == "none", "the link waits a second")
        h.check(camera.octets() == b"", f"{start}: the camera got {camera.octets()[:200]!r}")
        links = b.script("return Array.from(document.links, link => link.href)")
        h.check(links == [CAMERA + path], f"{start}: links {links}")
        picture(h, b, "foreign link")
        time.sleep(1.1)  # the link can't be pressed in the first second: a page might have lured a click there
        b.click("a")
        wait_until(lambda: b.title() == "camera", "going on")
        h.check([one.target for one in camera.requests if one.target != "/favicon.ico"] == [path], f"{start}: {[one.target for one in camera.requests]}")
        h.check(b.script("return location.href") == CAMERA + path and b.status() == 200, "there")


STORIES = [guard, foreign_link]
