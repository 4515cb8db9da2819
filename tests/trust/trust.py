#!/usr/bin/env python3
"""`hearth trust` for real: install, install again, status, uninstall, and the HOME is as it was; with real NSS databases,
and with Chromium and Firefox themselves. Everything happens in a scratch HOME and in namespaces of its own.

Usage: trust.py BUILD
"""
import os
import shutil
import subprocess
import sys

from front import Front
from scratch import Scratch, enter_namespaces

PROFILES = """[Install4F96D1932A9F858E]
Default=a.default-esr

[Profile0]
Name=default-esr
IsRelative=1
Path=a.default-esr

[Profile1]
Name=proxied
IsRelative=1
Path=b.proxied

[Profile2]
Name=gone
IsRelative=1
Path=c.gone

[Profile3]
Name=password
IsRelative=0
Path={home}/d.password

[General]
StartWithLastProfile=1
"""
FIREFOX = ".mozilla/firefox"
CHROMIUM = "Chromium and Chrome"


def furnish(scratch):
    """A HOME with four profiles: plain, with a proxy of its own, gone, and with a primary password."""
    scratch.write(PROFILES.format(home=scratch.home), FIREFOX, "profiles.ini")
    scratch.write('user_pref("mine", true); // no newline at the end', FIREFOX, "a.default-esr", "user.js")
    scratch.write('user_pref("a", 1);\nuser_pref("network.proxy.type", 1);\nuser_pref("network.proxy.http", "proxy.corp");\n',
                  FIREFOX, "b.proxied", "prefs.js")
    os.mkdir(scratch.path("d.password"))
    with open(os.path.join(scratch.dir, "empty"), "w") as out:
        out.write("\n")
    with open(os.path.join(scratch.dir, "password"), "w") as out:
        out.write("some words\n")
    scratch.certutil(scratch.path("d.password"), "-N", "-f", os.path.join(scratch.dir, "empty"))
    scratch.certutil(scratch.path("d.password"), "-W", "-f", os.path.join(scratch.dir, "empty"), "-@",
                     os.path.join(scratch.dir, "password"))


def test_user(build):
    scratch = Scratch(build)
    furnish(scratch)
    before = scratch.picture(scratch.home)
    names = {CHROMIUM: "installed", "Firefox profile default-esr": "installed", "Firefox profile proxied": "refused",
             "Firefox profile password": "refused"}
    _, answer = scratch.trust(1, "status", "--user")
    scratch.check("no CA" in answer.get("error", ""), f"status before: {answer}")
    rows, answer = scratch.trust(4, "install", "--user")
    scratch.states(rows, names, "install")
    scratch.check("Firefox profile gone" not in rows, "a profile that is gone is none")
    scratch.check(not os.path.exists(scratch.path(".pki")), "~/.pki is not made")
    rows, _ = scratch.trust(4, "install", "--user")
    scratch.states(rows, names | {CHROMIUM: "already", "Firefox profile default-esr": "already"}, "install again")
    text = scratch.read(FIREFOX, "a.default-esr", "user.js")
    scratch.check(text.startswith('user_pref("mine", true); // no newline at the end\n'), f"user.js: {text}")
    scratch.check(answer["pac"] in text and text.count("network.proxy.type") == 1, f"user.js: {text}")
    scratch.check(not os.path.exists(scratch.path(FIREFOX, "b.proxied", "user.js")), "its own proxy stays")
    flags = scratch.certutil(scratch.path(".local/share/pki/nssdb"), "-L")
    scratch.check("C,," in flags and "Hearth CA" in flags, flags)
    rows, _ = scratch.trust(1, "status", "--user")
    scratch.states(rows, {CHROMIUM: "good", "Firefox profile default-esr": "good", "Firefox profile proxied": "bad",
                          "Firefox profile password": "bad"}, "status")
    for name, inside in ((CHROMIUM, "accepted"), ("Firefox profile proxied", "accepted"), ("Firefox profile password", "refused")):
        scratch.check((rows[name]["inside"], rows[name]["outside"]) == (inside, "refused"), f"status: {rows[name]}")
    scratch.check(rows["Firefox profile default-esr"]["proxy"] and rows["Firefox profile proxied"]["proxy"] is False,
                  "status: proxy")
    rows, _ = scratch.trust(0, "uninstall", "--user")
    scratch.states(rows, {CHROMIUM: "removed", "Firefox profile default-esr": "removed", "Firefox profile proxied": "removed",
                          "Firefox profile password": "absent"}, "uninstall")
    scratch.same(before, scratch.picture(scratch.home), "after uninstall")
    rows, _ = scratch.trust(0, "uninstall", "--user")
    scratch.states(rows, {name: "absent" for name in names}, "uninstall again")
    rows, _ = scratch.trust(1, "status", "--user")
    scratch.check(all(row["state"] in ("bad", "absent") for row in rows.values()), f"status after: {rows}")
    scratch.same(before, scratch.picture(scratch.home), "after all")
    scratch.close()
    return scratch.failed


def test_foreign_roots_stay(build):
    """Databases that were there keep what is theirs; a root of a former CA goes."""
    scratch = Scratch(build)
    folder = scratch.path(".pki/nssdb")
    os.makedirs(folder)
    scratch.certutil(folder, "-N", "--empty-password")
    theirs = os.path.join(scratch.dir, "theirs")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                    "-subj", "/CN=Hearthstone Insurance", "-keyout", theirs + ".key", "-out", theirs + ".pem"], check=True,
                   capture_output=True)
    scratch.certutil(folder, "-A", "-n", "Hearthstone Insurance", "-t", "C,,", "-i", theirs + ".pem")
    before = scratch.certutil(folder, "-L")
    scratch.trust(0, "install", "--user")
    scratch.check(not os.path.exists(scratch.path(".local/share/pki")), "~/.pki/nssdb is the one")
    first = scratch.certutil(folder, "-L")
    shutil.rmtree(scratch.ca)
    rows, _ = scratch.trust(0, "install", "--user")
    scratch.states(rows, {CHROMIUM: "installed"}, "another CA")
    second = scratch.certutil(folder, "-L")
    scratch.check(first != second and second.count("Hearth CA") == 1, f"the former root is gone: {second}")
    shutil.rmtree(scratch.ca)
    rows, _ = scratch.trust(0, "uninstall", "--user")
    scratch.states(rows, {CHROMIUM: "removed"}, "uninstall without a CA")
    scratch.check(scratch.certutil(folder, "-L") == before, "only ours are gone")
    scratch.check(sorted(os.listdir(scratch.home)) == [".pki"], f"{os.listdir(scratch.home)}")
    scratch.close()
    return scratch.failed


def test_desktop(build):
    """GNOME's setting, by its keyfile backend."""
    scratch = Scratch(build)
    gnome = "Desktop proxy setting (GNOME)"

    def gsettings(*words):
        return subprocess.run(["gsettings", *words], env=scratch.environment(GSETTINGS_BACKEND="keyfile"), check=True,
                              capture_output=True, encoding="utf-8").stdout.strip()

    schema = "org.gnome.system.proxy"
    gsettings("set", schema, "ignore-hosts", "['corp']")
    rows, answer = scratch.trust(0, "install", "--user", GSETTINGS_BACKEND="keyfile")
    scratch.states(rows, {gnome: "installed"}, "GNOME")
    scratch.check(gsettings("get", schema, "mode") == "'auto'", "GNOME: mode")
    scratch.check(gsettings("get", schema, "autoconfig-url") == f"'{answer['pac']}'", "GNOME: PAC")
    rows, _ = scratch.trust(0, "install", "--user", GSETTINGS_BACKEND="keyfile")
    scratch.states(rows, {gnome: "already"}, "GNOME again")
    rows, _ = scratch.trust(0, "status", "--user", GSETTINGS_BACKEND="keyfile")
    scratch.states(rows, {gnome: "good"}, "GNOME status")
    rows, _ = scratch.trust(0, "uninstall", "--user", GSETTINGS_BACKEND="keyfile")
    scratch.states(rows, {gnome: "removed"}, "GNOME removed")
    scratch.check(gsettings("get", schema, "mode") == "'none'", "GNOME: mode back")
    scratch.check(gsettings("get", schema, "autoconfig-url") == "''", "GNOME: PAC gone")
    gsettings("set", schema, "mode", "manual")
    rows, _ = scratch.trust(4, "install", "--user", GSETTINGS_BACKEND="keyfile")
    scratch.states(rows, {gnome: "refused"}, "GNOME with another setting")
    scratch.check(gsettings("get", schema, "mode") == "'manual'", "GNOME: mode stays")
    scratch.close()
    return scratch.failed


def chromium_sees(scratch, *options):
    """The page in Chromium, under a new profile of its own."""
    data = os.path.join(scratch.dir, "chromium")
    shutil.rmtree(data, ignore_errors=True)
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                           "--disable-background-networking", "--disable-component-update", "--disable-sync",
                           "--disable-dev-shm-usage", f"--user-data-dir={data}", *options, "--dump-dom",
                           "https://camera.maple.home.arpa/"], env=scratch.environment(), stdin=subprocess.DEVNULL,
                          capture_output=True, encoding="utf-8", timeout=120)
    return "the page of the house" in done.stdout


def firefox_asks(scratch, front, profile):
    """Does Firefox ask for the page, over TLS that it trusts? Nothing is set but by the profile itself."""
    asked = len(front.asked)
    subprocess.run(["firefox-esr", "--headless", "--no-remote", "--profile", profile, "--screenshot",
                    os.path.join(scratch.dir, "shot.png"), "https://camera.maple.home.arpa/"],
                   env=scratch.environment(MOZ_HEADLESS="1"), stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    return any(line.startswith("GET / ") for line in front.asked[asked:])


def test_browsers(build):
    scratch = Scratch(build)
    front = Front(scratch.dir)
    with open(os.path.join(scratch.house, "hearth.conf"), "w") as out:
        out.write(f"[proxy]\nlisten = 127.0.0.1@{front.port}\n")
    profile = scratch.path(FIREFOX, "a.default-esr")
    scratch.write("[Profile0]\nName=default-esr\nIsRelative=1\nPath=a.default-esr\n", FIREFOX, "profiles.ini")
    os.mkdir(profile)
    _, answer = scratch.trust(0, "install", "--user")
    front.certify(scratch.ca, "camera.maple.home.arpa")
    scratch.trust(0, "status", "--user")
    pac = "--proxy-pac-url=" + answer["pac"]
    scratch.check(chromium_sees(scratch, pac), "Chromium opens the page")
    scratch.check(firefox_asks(scratch, front, profile), "Firefox opens the page")
    scratch.check("autoconfig_url" in scratch.read(FIREFOX, "a.default-esr", "prefs.js"), "Firefox copies the setting")
    rows, _ = scratch.trust(0, "uninstall", "--user")
    scratch.states(rows, {CHROMIUM: "removed", "Firefox profile default-esr": "removed"}, "uninstall")
    scratch.check(not chromium_sees(scratch, pac), "Chromium refuses the page")
    scratch.check("network.proxy" not in scratch.read(FIREFOX, "a.default-esr", "prefs.js"), "prefs.js is clean")
    scratch.check("Hearth" not in scratch.certutil(profile, "-L"), "cert9.db is clean")
    # Firefox keeps the key of its saved passwords there: whoever made the file, it is Firefox's now.
    scratch.check(os.path.exists(os.path.join(profile, "key4.db")), "key4.db stays")
    front.close()
    scratch.close()
    return scratch.failed


def test_boxed(build):
    scratch = Scratch(build)
    os.makedirs(scratch.path("snap", "firefox"))
    os.makedirs(scratch.path(".local/share/flatpak/app/org.chromium.Chromium"))
    rows, _ = scratch.trust(0, "install", "--user")
    scratch.states(rows, {"Firefox (snap)": "not-covered", "Chromium (flatpak)": "not-covered"}, "boxes")
    scratch.close()
    return scratch.failed


# --- root ---

def cover():
    """Machine-wide folders under a file system of their own, in this test's mounts only."""
    top = "/run"
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", top], check=True)
    for number, folder in enumerate(("/etc", "/usr/local/share", "/var/lib")):
        upper, work = f"{top}/upper{number}", f"{top}/work{number}"
        os.mkdir(upper)
        os.mkdir(work)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={folder},upperdir={upper},workdir={work}",
                        folder], check=True)


MACHINE = ("/etc/chromium", "/etc/firefox", "/etc/opt", "/usr/local/share/ca-certificates")


def test_machine(build):
    scratch = Scratch(build)
    os.makedirs("/etc/firefox/policies", exist_ok=True)
    with open("/etc/firefox/policies/policies.json", "w") as out:
        out.write('{"policies": { "DisableTelemetry" :true }}')
    os.makedirs("/etc/chromium/policies/managed", exist_ok=True)
    with open("/etc/chromium/policies/managed/corp.json", "w") as out:
        out.write('{"HomepageLocation": "https://example.com"}')
    before = scratch.picture(*MACHINE, scratch.home)
    bundle = open("/etc/ssl/certs/ca-certificates.crt").read()
    names = {"System bundle", "Chromium policy", "Firefox policy"}
    rows, _ = scratch.trust(0, "install")
    scratch.states(rows, {name: "installed" for name in names}, "machine")
    rows, _ = scratch.trust(0, "install")
    scratch.states(rows, {name: "already" for name in names}, "machine again")
    rows, _ = scratch.trust(0, "status")
    scratch.states(rows, {name: "good" for name in names}, "machine status")
    rows, _ = scratch.trust(0, "uninstall")
    scratch.states(rows, {name: "removed" for name in names}, "machine removed")
    scratch.same(before, scratch.picture(*MACHINE, scratch.home), "machine")
    scratch.check(open("/etc/ssl/certs/ca-certificates.crt").read() == bundle, "the bundle is as it was")
    scratch.check(not os.path.exists("/var/lib/hearth-trust"), "no list is left")
    # Somebody else's proxy.
    with open("/etc/chromium/policies/managed/corp.json", "w") as out:
        out.write('{"ProxyMode": "system"}')
    with open("/etc/firefox/policies/policies.json", "w") as out:
        out.write('{"policies": {"Proxy": {"Mode": "system"}}}')
    before = scratch.picture(*MACHINE, scratch.home)
    rows, _ = scratch.trust(4, "install")
    scratch.states(rows, {"System bundle": "installed", "Chromium policy": "refused", "Firefox policy": "refused"}, "proxies")
    with open("/etc/firefox/policies/policies.json") as file:
        policies = file.read()
    scratch.check('"Mode": "system"' in policies and "hearth-" in policies, f"the root is there nevertheless: {policies}")
    rows, _ = scratch.trust(1, "status")
    scratch.check(rows["Firefox policy"]["inside"] == "accepted" and rows["Firefox policy"]["proxy"] is False, f"{rows}")
    scratch.trust(0, "uninstall")
    scratch.same(before, scratch.picture(*MACHINE, scratch.home), "proxies")
    # A CA of a person's account is not for the machine.
    scratch.trust(0, "install", "--user")
    for folder, _, files in os.walk(scratch.house):
        for path in [folder] + [os.path.join(folder, name) for name in files]:
            os.chown(path, 12345, 12345)
    rows, _ = scratch.trust(4, "install")
    scratch.states(rows, {"Stores of the machine": "refused", CHROMIUM: "already"}, "a person's CA")
    scratch.close()
    return scratch.failed


def test_machine_browsers(build):
    """Policies alone, in the browsers; and the root that Firefox copies out of its policy goes too."""
    scratch = Scratch(build)
    front = Front(scratch.dir)
    for path in ("/etc/firefox/policies/policies.json", "/etc/chromium/policies/managed/corp.json"):
        if os.path.exists(path):
            os.unlink(path)
    with open(os.path.join(scratch.house, "hearth.conf"), "w") as out:
        out.write(f"[proxy]\nlisten = 127.0.0.1@{front.port}\n")
    profile = scratch.path(FIREFOX, "p")
    scratch.write("[Profile0]\nName=p\nPath=p\n", FIREFOX, "profiles.ini")
    os.mkdir(profile)
    scratch.trust(0, "install")
    front.certify(scratch.ca, "camera.maple.home.arpa")
    scratch.trust(0, "uninstall", "--user")
    scratch.check(chromium_sees(scratch), "Chromium goes by its policies")
    scratch.check(firefox_asks(scratch, front, profile), "Firefox goes by its policies")
    scratch.check("Hearth" in scratch.certutil(profile, "-L"), "Firefox has copied the root")
    rows, _ = scratch.trust(0, "uninstall")
    scratch.states(rows, {"Firefox profile p": "removed", "Firefox policy": "removed", CHROMIUM: "absent"}, "copied root")
    scratch.check("Hearth" not in scratch.certutil(profile, "-L"), "the copy is gone")
    scratch.check(not chromium_sees(scratch), "Chromium does not go there any more")
    front.close()
    scratch.close()
    return scratch.failed


def test_another_users_home(build):
    """root with a HOME of somebody else: done with that user's rights, so that links of his lead nowhere."""
    scratch = Scratch(build)
    secret = os.path.join(scratch.dir, "roots")
    os.mkdir(secret, 0o700)
    os.makedirs(scratch.path(".local/share"))
    os.symlink(secret, scratch.path(".local/share/pki"))
    scratch.write("[Profile0]\nName=p\nPath=p\n", FIREFOX, "profiles.ini")
    os.mkdir(scratch.path(FIREFOX, "p"))
    for folder, folders, files in os.walk(scratch.home):
        for name in [""] + folders + files:
            os.chown(os.path.join(folder, name), 12345, 12345, follow_symlinks=False)
    rows, _ = scratch.trust(5, "install", "--user")
    scratch.states(rows, {CHROMIUM: "failed", "Firefox profile p": "installed"}, "another's HOME")
    scratch.check(os.listdir(secret) == [], "nothing was written through the link")
    owners = {os.lstat(os.path.join(folder, name)).st_uid for folder, folders, files in os.walk(scratch.home)
              for name in folders + files}
    scratch.check(owners == {12345}, f"owners: {owners}")
    scratch.close()
    return scratch.failed


def main():
    enter_namespaces()
    build = sys.argv[1]
    failed = sum(test(build) for test in (test_user, test_foreign_roots_stay, test_desktop, test_boxed, test_browsers))
    if os.environ["HEARTH_TRUST_INSIDE"] == "root":
        cover()
        failed += test_machine(build) + test_machine_browsers(build) + test_another_users_home(build)
    sys.exit(1 if failed else 0)


main()
