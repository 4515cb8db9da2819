#!/usr/bin/env python3
"""browsers.py BUILD chromium|firefox [STORY…]: hearth-proxy under a real browser, which was told of it by `hearth trust`
alone, in a HOME of the test's own. Stories assert on content and status: a blocked page is itself secure, and drivers
call error pages a success. Pictures of all blocked pages are left in BUILD/e2e/."""
import base64
import os
import re
import sys

import browser_pages
import browser_sites
import browser_trust
import home
from chromium import Chromium
from device import Device
from firefox import Firefox, make_profile
from website import site

BROWSERS = {"chromium": Chromium, "firefox": Firefox}


def pac_of(profile):
    """The PAC that the installer gave to Firefox; Chromium has its own setting only from a desktop or a policy."""
    for name in ("user.js", "prefs.js"):
        path = os.path.join(profile, name)
        found = re.search(r'"network\.proxy\.autoconfig_url", "(data:[^"]+)"', open(path).read()) if os.path.exists(path) else None
        if found:
            return found.group(1)
    return None


def trust(h):
    """For the user alone; the PAC."""
    profile = make_profile(h)
    h.trust("install", "--user")
    pac = pac_of(profile)
    h.check(pac is not None, "trust install gave Firefox no PAC")
    if pac:
        text = base64.b64decode(pac.split(",", 1)[1]).decode()
        h.check("PROXY 127.0.0.1:4680" in text and "DIRECT" not in text.split("PROXY")[1].split("\n")[0], f"PAC: {text}")
    return pac


def main():
    home.enter()
    kind = BROWSERS[sys.argv[2]]
    h = home.Home(sys.argv[1])
    browser = None
    try:
        h.start()
        h.start_proxy()
        h.device("camera", "20", answer=site)
        h.device("nas", "21", answer=site)
        h.devices["www"] = Device("www", home.address("80"), None, plain=True, port=80, answer=browser_sites.attacker)
        pac = trust(h)
        browser = kind(h, pac if kind is Chromium else None)
        h.run_stories(browser_pages.STORIES + browser_sites.STORIES, sys.argv[3:], browser)
        browser.quit()
        browser = None
        h.run_stories(browser_trust.STORIES, sys.argv[3:], kind)
    finally:
        if browser:
            browser.quit()
        h.close()
    return h.ending(f"e2e/{kind.name}")


if __name__ == "__main__":
    sys.exit(main())
