"""firefox.py: Firefox by Marionette, its own protocol over TCP: `LENGTH:[0, id, command, parameters]`, answered by
`LENGTH:[1, id, error, result]`."""
import base64
import json
import os
import re
import socket
import subprocess
import time

from chromium import BrowserError

PORT = 2828
WAIT_S = 60
PREFERENCES = {
    "marionette.port": PORT, "browser.shell.checkDefaultBrowser": False, "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.reportingpolicy.firstRun": False,
    "browser.startup.homepage": "about:blank", "browser.newtabpage.enabled": False,
    "browser.aboutwelcome.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "extensions.getAddons.cache.enabled": False,
    "browser.safebrowsing.malware.enabled": False, "browser.safebrowsing.phishing.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/", "dom.min_background_timeout_value": 0,
}


def make_profile(h, name="firefox", home="home"):
    """An empty profile, where Firefox itself would have made it; known to it by profiles.ini."""
    root = h.path(home, ".mozilla", "firefox")
    folder = os.path.join(root, name)
    os.makedirs(folder, 0o700, exist_ok=True)
    index = os.path.join(root, "profiles.ini")
    count = open(index).read().count("[Profile") if os.path.exists(index) else 0
    with open(index, "a") as out:
        if count == 0:
            out.write("[General]\nStartWithLastProfile=1\nVersion=2\n\n")
        out.write(f"[Profile{count}]\nName={name}\nIsRelative=1\nPath={name}\n" + ("Default=1\n" if count == 0 else "") + "\n")
    return folder


class Firefox:
    name = "firefox"

    def __init__(self, h, pac=None, profile="firefox", home="home", more=()):
        folder = h.path(home, ".mozilla", "firefox", profile)
        preferences = dict(PREFERENCES)
        if pac:
            preferences.update({"network.proxy.type": 2, "network.proxy.autoconfig_url": pac})
        # In prefs.js, so that a user.js of the installer's stands above it, and is left alone.
        with open(os.path.join(folder, "prefs.js"), "a") as out:
            for key, value in preferences.items():
                out.write(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n")
        self.log = open(h.path("firefox.log"), "ab")
        self.process = subprocess.Popen(["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", folder,
                                         "--width", "1000", "--height", "800", "about:blank", *more],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=h.environment(home))
        self.door, self.number = None, 0
        try:
            self.door = self._reach()
            self.stream = self.door.makefile("rb")
            self._message()
            self._ask("WebDriver:NewSession", {"acceptInsecureCerts": False, "timeouts": {
                "pageLoad": WAIT_S * 500, "script": WAIT_S * 500}})
        except BaseException:
            self.quit()
            raise

    def _reach(self):
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", PORT), timeout=WAIT_S)
            except OSError:
                time.sleep(0.05)
        raise BrowserError(f"firefox does not listen (exit {self.process.poll()})")

    def _message(self):
        length = b""
        while not length.endswith(b":"):
            got = self.stream.read(1)
            if not got:
                raise BrowserError("firefox has gone")
            length += got
        return json.loads(self.stream.read(int(length[:-1])))

    def _ask(self, command, parameters=None):
        self.number += 1
        data = json.dumps([0, self.number, command, parameters or {}]).encode()
        self.door.sendall(b"%d:" % len(data) + data)
        while True:
            kind, number, error, result = self._message()
            if kind == 1 and number == self.number:
                break
        if error:
            raise BrowserError(f"{error['error']}: {error['message'][:400]}")
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def open(self, url):
        """None, or why the browser shows no page: its own word for it."""
        try:
            self._ask("WebDriver:Navigate", {"url": url})
        except BrowserError as why:
            if "insecure certificate" not in str(why) and "about:" not in str(why):
                raise
            shown = self.script("return document.documentURI")
            found = re.search(r"[?&]e=([^&]+)", shown)
            code = self.script("return (document.getElementById('errorCode') || document.body).textContent")
            named = re.search(r"(SEC|SSL|MOZILLA_PKIX)_ERROR_\w+", code + self._details())
            return named.group(0) if named else found.group(1) if found else str(why)
        return None

    def _details(self):
        """What the error page was made of, as far as a script of the page may see it."""
        return str(self.script("try { const it = document.getFailedCertSecurityInfo(); return it.errorCodeString }"
                               " catch (why) { return '' }"))

    def script(self, text, *arguments):
        return self._ask("WebDriver:ExecuteScript", {"script": text, "args": list(arguments)})

    def promise(self, text, *arguments):
        """The value of an async function with this body; "error: …" when it throws."""
        return self._ask("WebDriver:ExecuteAsyncScript", {"args": list(arguments), "script":
                         f"const done = arguments[arguments.length - 1];(async (...arguments) => {{{text}}})"
                         "(...arguments).then(done, why => done('error: ' + why))"})

    def title(self):
        return self._ask("WebDriver:GetTitle")

    def text(self):
        return self.script("return document.body ? document.body.innerText : ''")

    def status(self):
        return self.script("return performance.getEntriesByType('navigation')[0].responseStatus")

    def is_secure(self):
        return self.script("return isSecureContext")

    def click(self, selector):
        element = self._ask("WebDriver:FindElement", {"using": "css selector", "value": selector})
        self._ask("WebDriver:ElementClick", {"id": next(iter(element.values()))})

    def emulate(self, dark=False, width=None):
        """Only Chromium can be told."""

    def screenshot(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shot = self._ask("WebDriver:TakeScreenshot", {"full": True, "hash": False})
        with open(path, "wb") as out:
            out.write(base64.b64decode(shot))

    def quit(self):
        try:
            if self.door:
                self._ask("Marionette:Quit", {"flags": ["eForceQuit"]})
                self.process.wait(timeout=10)
        except (BrowserError, OSError, ValueError, subprocess.TimeoutExpired):
            pass
        finally:
            if self.door:
                self.door.close()
            self.process.kill()
            self.process.wait()
            self.log.close()
