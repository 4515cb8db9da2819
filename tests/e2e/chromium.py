"""chromium.py: Chromium by chromedriver (W3C WebDriver over HTTP). It offers what firefox.py does, and emulate(), for pictures
of small and dark screens."""
import base64
import http.client
import json
import os
import re
import subprocess

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--no-default-browser-check",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1000,800"]
WAIT_S = 60


class BrowserError(Exception):
    pass


class Chromium:
    name = "chromium"

    def __init__(self, h, pac=None, profile="chromium", home="home", more=()):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL, encoding="utf-8", env=h.environment(home))
        self.session = None
        try:
            self.port = self._port()
            flags = FLAGS + [f"--user-data-dir={h.path(home, profile)}"] + list(more)
            if pac:
                flags.append(f"--proxy-pac-url={pac}")
            options = {"binary": "/usr/bin/chromium", "args": flags}
            made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "acceptInsecureCerts": False, "goog:chromeOptions": options,
                "timeouts": {"pageLoad": WAIT_S * 500, "script": WAIT_S * 500}}}})
            self.session = made["sessionId"]
        except BaseException:
            self.quit()
            raise

    def _port(self):
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
        raise BrowserError("chromedriver did not start")

    def _call(self, method, path, body=None):
        door = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            door.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
            value = json.loads(door.getresponse().read())["value"]
        finally:
            door.close()
        if isinstance(value, dict) and "error" in value:
            raise BrowserError(f"{value['error']}: {value['message'][:400]}")
        return value

    def _ask(self, method, path, body=None):
        return self._call(method, f"/session/{self.session}{path}", body)

    def open(self, url):
        """None, or why the browser shows no page: its own word for it."""
        try:
            self._ask("POST", "/url", {"url": url})
        except BrowserError as why:
            found = re.search(r"ERR_\w+", str(why))
            if not found:
                raise
            return found.group(0)
        if self.script("return location.href").startswith("chrome-error:"):
            shown = self.script("return document.documentElement.innerHTML")
            found = re.search(r"ERR_\w+", shown)
            return found.group(0) if found else "an error page"
        return None

    def script(self, text, *arguments):
        return self._ask("POST", "/execute/sync", {"script": text, "args": list(arguments)})

    def promise(self, text, *arguments):
        """The value of an async function with this body; "error: …" when it throws."""
        return self._ask("POST", "/execute/async", {"args": list(arguments), "script":
                         f"const done = arguments[arguments.length - 1];(async (...arguments) => {{{text}}})"
                         "(...arguments).then(done, why => done('error: ' + why))"})

    def title(self):
        return self._ask("GET", "/title")

    def text(self):
        return self.script("return document.body ? document.body.innerText : ''")

    def status(self):
        return self.script("return performance.getEntriesByType('navigation')[0].responseStatus")

    def is_secure(self):
        return self.script("return isSecureContext")

    def click(self, selector):
        element = self._ask("POST", "/element", {"using": "css selector", "value": selector})
        self._ask("POST", f"/element/{next(iter(element.values()))}/click", {})

    def emulate(self, dark=False, width=None):
        self._ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}})
        if width:
            self._ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
                "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}})
        else:
            self._ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.clearDeviceMetricsOverride", "params": {}})

    def screenshot(self, path):
        """Of the whole page."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        size = self._ask("POST", "/goog/cdp/execute", {"cmd": "Page.getLayoutMetrics", "params": {}})["cssContentSize"]
        shot = self._ask("POST", "/goog/cdp/execute", {"cmd": "Page.captureScreenshot", "params": {
            "format": "png", "captureBeyondViewport": True, "clip": {**size, "scale": 1}}})
        with open(path, "wb") as out:
            out.write(base64.b64decode(shot["data"]))

    def quit(self):
        try:
            if self.session:
                self._ask("DELETE", "")
        except (BrowserError, OSError, ValueError):
            pass
        finally:
            self.driver.kill()
            self.driver.wait()
            self.driver.stdout.close()
