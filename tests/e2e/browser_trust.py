"""browser_trust.py: what the CA can vouch for, and what `hearth trust` leaves behind: as root, by policies alone, and
after it was taken away."""
import os
import subprocess

from client import HOST
from firefox import make_profile
from forged import forged_device
from home import MACHINE, address

CAMERA = f"https://{HOST}/"
GONE = {"chromium": ("ERR_NAME_NOT_RESOLVED", "ERR_INTERNET_DISCONNECTED"), "firefox": ("dnsNotFound", "netOffline")}
REFUSED = {"chromium": ("ERR_CERT_INVALID", "ERR_CERT_AUTHORITY_INVALID", "ERR_CERT_COMMON_NAME_INVALID"), "firefox": (
    "SEC_ERROR_CERT_NOT_IN_NAME_SPACE", "SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID", "SEC_ERROR_UNKNOWN_ISSUER", "nssBadCert", "nssFailure2")}


def direct(h, kind):
    """A browser that has the root, put in by hand, and goes to every name by itself."""
    folder = make_profile(h, home="direct") if kind.name == "firefox" else h.path("direct", ".local", "share", "pki", "nssdb")
    os.makedirs(folder, exist_ok=True)
    for words in (["-N", "--empty-password"], ["-A", "-n", "the CA", "-t", "C,,", "-i", h.ca()]):
        subprocess.run(["certutil", *words, "-d", "sql:" + folder], check=True, timeout=60)
    return kind(h, home="direct")


def only_home_arpa(h, kind):
    """Leaves made with the CA's own key: the right name is taken, which shows that the root is trusted; an address,
    another name, one beside the right one, and a CA below are refused."""
    h.hosts({name: address("82") for name in ("control.maple.home.arpa", "www.site.example", "control.evilhome.arpa")})
    b = direct(h, kind)
    try:
        for name, host in [("control", "control.maple.home.arpa"), ("other", "www.site.example"), ("both", "control.maple.home.arpa"),
                           ("ip", f"[{address('82')}]"), ("mixed", "control.maple.home.arpa"), ("lookalike", "control.evilhome.arpa"),
                           ("subca", "control.maple.home.arpa")]:
            device = forged_device(h, name, address("82"))
            try:
                why = b.open(f"https://{host}/{name}")
                if name == "control":
                    h.check(why is None and b.title() == "control" and b.status() == 200, f"{name}: {why} {b.title()}")
                else:
                    h.check(why in REFUSED[kind.name], f"{name}: {why}")
                    h.check(device.octets() == b"", f"{name}: it got {device.octets()[:100]!r}")
            finally:
                device.stop()
                device.cut()
    finally:
        b.quit()
        h.hosts({})


def fresh(h, kind, home):
    """A browser that has never run, told of nothing but what the machine tells it."""
    if kind.name == "firefox":
        make_profile(h, home=home)
    return kind(h, home=home)


def traces(*folders):
    """Files that have something of Hearth in their name, in what they point to, or in themselves."""
    found = set()
    for folder in folders:
        for at, _, names in os.walk(folder):
            if "Cache" in at:  # a browser keeps the certificates of the pages that it has seen
                continue
            for path in [os.path.join(at, name) for name in names]:
                if os.path.islink(path):
                    is_one = "hearth" in os.path.basename(path) + os.readlink(path)
                else:
                    is_one = os.access(path, os.R_OK) and b"Hearth CA" in open(path, "rb").read() or "hearth" in os.path.basename(path)
                if is_one:
                    found.add(path)
    return found


def policies(h, kind):
    """Root's set-up, for the whole machine: a fresh browser without a flag or a preference of ours opens the camera."""
    h.untouched = traces(*MACHINE)
    h.trust("install", home="root")
    b = fresh(h, kind, "guest")
    try:
        why = b.open(CAMERA)
        h.check(why is None and b.title() == "camera" and b.status() == 200 and b.is_secure(), f"by policy: {why} {b.title()}")
        h.check(b.open("http://www.site.example/") is None and b.title() == "www", "and the rest of the world directly")
    finally:
        b.quit()
    h.trust("status", home="root")


def removed(h, kind):
    """What was put in is taken out: of the machine, and of the user's own stores."""
    h.trust("uninstall", home="root")
    h.trust("uninstall", "--user")
    h.devices["camera"].forget()
    for home in ("newcomer", "home"):
        b = kind(h) if home == "home" else fresh(h, kind, home)
        try:
            why = b.open(CAMERA)
            h.check(why in GONE[kind.name], f"afterwards, in {home}: {why} {b.title()}")
        finally:
            b.quit()
    h.check(h.devices["camera"].accepted == 0, "afterwards nothing comes to the camera")
    left = traces(h.path("home"), h.path("root")) | (traces(*MACHINE) - h.untouched)
    h.check(not left, f"left behind: {left}")


STORIES = [only_home_arpa, policies, removed]
