#!/usr/bin/env python3
"""records.py BUILD: a household by hand: init, set, ls, show, import, unset, forget, log, backup, export, and every wrong input."""
import os
import shlex
import shutil
import stat
import subprocess
import sys

from house import House

HASH = "00112233445566778899aabbccddeeff" * 2
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
MANY = int(os.environ.get("HEARTH_MANY", "100000"))


def before_there_is_a_household(h):
    h.expect(3, "ls")
    h.expect(3, "init", "maple", rule="UNREACHABLE", hint="hearthd")
    h.expect(3, "status", "--wait", "0")
    h.expect(1, "verify", "camera")
    h.start()
    early = h.expect(1, "status")
    h.check(early["household"] is None and early["problems"] == [{"text": "no household yet",
                                                                  "hint": "hearth init LABEL"}], f"status: {early}")
    text = h.run("status").stdout
    nss = [line for line in text.splitlines() if line.startswith("nss ")]
    h.check(len(nss) == 1 and nss[0].endswith("no household yet"), f"the NSS door: {nss}")
    h.check("taken by another" not in text and "init LABEL" in text.splitlines()[-1], f"status: {text}")
    h.expect(4, "ls", rule="NO_HOUSEHOLD", hint="init")
    h.expect(4, "set", "camera", "A", "192.168.1.1", rule="NO_HOUSEHOLD")


def init(h):
    for label, rule in [("hearth", "RESERVED"), ("a" * 52, "RESERVED"), ("_x", "RESERVED"),
                        ("a" * 64, "LABEL_TOO_LONG"), ("a.b", "MALFORMED"), ("a b", "NAME_CHARACTER"),
                        ("", None)]:
        h.expect(4, "init", label, rule=rule)
    h.expect(4, "init", "küche", rule="NAME_U_LABEL", hint="xn--kche-0ra")
    taken = h.path("taken")
    open(taken, "w").write("mine")
    h.expect(4, "init", "maple", "--recovery-out", taken, rule="EXISTS")
    h.check(open(taken).read() == "mine", "an existing FILE is not touched")
    h.check(not os.path.exists(h.path("owner", "owner.key")), "and no key was made")
    os.mkdir(h.path("forgetful"))
    lost = h.path("forgetful", "paper")
    forgetful = {**os.environ, "FORGETFUL": h.path("forgetful"), "LD_PRELOAD": os.path.join(sys.argv[1], "lib", "libcli_folder_fsync.so"),
                 "ASAN_OPTIONS": "verify_asan_link_order=0"}
    h.expect(5, "init", "maple", "--recovery-out", lost, rule="IO", env=forgetful)
    h.check(not os.path.exists(lost) and h.expect(1, "status")["household"] is None,
            "no household before its recovery key is durable")
    shutil.rmtree(h.path("owner"))
    paper = h.path("paper")
    made = h.expect(0, "init", "Maple", "--recovery-out", paper)
    h.check(made.get("zone") == "maple.home.arpa" and made.get("label") == "maple", "zone and label")
    h.check(len(made.get("id", "")) == 52, "id")
    h.check("recovery" not in made, "the words are in FILE alone")
    h.check(len(open(paper).read().split()) == 18, "18 words")
    h.check(stat.S_IMODE(os.stat(paper).st_mode) == 0o600, "FILE is 0600")
    h.check(stat.S_IMODE(os.stat(h.path("owner", "owner.key")).st_mode) == 0o600, "owner.key is 0600")
    again = h.expect(4, "init", "oak", rule="EXISTS")
    h.check(again.get("id") == made.get("id"), "the household that is there is named")
    status = h.expect(0, "status")
    h.check(status.get("healthy") is True and len(status.get("nodes", [])) == 1, "healthy, one node")
    h.check(status.get("household") == made["id"], "status and init spell the household alike")
    return made["id"]


def init_goes_on(h):
    """Where an earlier `init` was cut off: the owner's key without a household, a household without its name."""
    other = House(sys.argv[1], "[resolver]\nlisten = none\n")
    try:
        shutil.copytree(h.path("owner"), other.path("owner"))
        other.start()
        text = other.run("init", "oak")
        other.check(text.returncode == 0 and "void" in text.stdout, f"goes on with the owner's key: {text}")
        key = open(other.path("owner", "owner.key")).read()
        other.check(key == open(h.path("owner", "owner.key")).read(), "which is not replaced")
        other.ask({"op": "set", "by": "test", "records": [{"name": "oak._peer", "type": 65280, "ttl": 300, "rrs": []}]})
        other.expect(0, "set", "x", "A", "192.168.1.1")
        other.check(other.data().popitem()[0][0].split(".")[1] != "oak", "the id form without a petname")
        named = other.expect(0, "init", "elm")
        other.check(named.get("zone") == "elm.home.arpa" and "recovery" not in named, "only the name was missing")
        other.check(list(other.data()) == [("x.elm.home.arpa", "A")], "named")
        os.chmod(other.path("owner", "owner.key"), 0o644)
        other.expect(4, "init", "ash", rule="EXISTS")
    finally:
        other.close()
    h.failed += other.failed


def set_and_ls(h, household):
    h.expect(0, "set", "camera", "AAAA", "fd68:6561:7274::10", "fd68:6561:7274::11")
    h.expect(0, "set", "Camera.", "A", "192.168.1.20", "--ttl", "60")
    h.expect(0, "set", "camera.maple.home.arpa", "TXT", "two words", "v=1")
    h.expect(0, "set", f"nas.{household}.home.arpa", "A", "192.168.1.9")
    h.expect(0, "set", "_443._tcp.camera", "TLSA", "3", "1", "1", HASH)
    h.expect(0, "set", "_ipp._tcp.printer", "SRV", "0 0 631 nas", "1 0 631 other.oak.home.arpa.")
    h.expect(0, "set", "printer", "TYPE28", "fd68:6561:7274::30")
    h.expect(0, "set", "cam1.garage", "HTTPS", "1", ".", "alpn=h2")
    h.expect(0, "--json", "set", "lit", "TXT", "--", "--json")
    h.expect(0, "set", "camera", "NOTE", "model A \x41cme 5")
    rows = h.expect(0, "ls")["names"]
    h.check(all(isinstance(row["time"], int) and len(row["author"]) == 64 for row in rows), "time, author")
    h.check([row["type"] for row in rows if row["type"] == "NOTE"] == [], "no internal types")
    names = [row["name"] for row in rows]
    key = lambda name: [label.encode() for label in reversed(name.split("."))]
    h.check(names == sorted(names, key=key), "canonical order")
    data = h.data()
    h.check(data.get(("camera.maple.home.arpa", "AAAA")) == ["fd68:6561:7274::10", "fd68:6561:7274::11"], "AAAA")
    h.check(data.get(("camera.maple.home.arpa", "A")) == ["192.168.1.20"], "A")
    h.check(sorted(data.get(("camera.maple.home.arpa", "TXT"), [])) == ['"two words"', '"v=1"'], "TXT")
    h.check(data.get(("_443._tcp.camera.maple.home.arpa", "TLSA")) == ["3 1 1 " + HASH], "TLSA")
    h.check(data.get(("_ipp._tcp.printer.maple.home.arpa", "SRV")) ==
            ["0 0 631 nas.maple.home.arpa.", "1 0 631 other.oak.home.arpa."], "SRV")
    h.check(data.get(("lit.maple.home.arpa", "TXT")) == ['"--json"'], "-- ends the options")
    h.check(len(h.expect(0, "ls", "--all")["names"]) > len(rows), "--all has notes")
    h.check(set(h.data("garage")) == {("cam1.garage.maple.home.arpa", "HTTPS")}, "ls NAME")
    h.expect(1, "ls", "nothing.here")
    shown = h.expect(0, "show", "camera")
    h.check(len(shown["records"]) == 5 and len(shown["history"]) >= 5, "show has records and history")
    h.expect(1, "show", "nobody")
    for door in [["why", "camera"], ["why", "camera:443"]]:
        why = h.expect(0, *door)
        h.check(why["problems"] == [] and len(why["records"]) == 4, "why")
    h.expect(1, "why", "nobody")
    every_type(h)
    h.expect(4, "set", "camera.oak.home.arpa", "A", "192.168.1.1", rule="FOREIGN")


def every_type(h):
    """`why` has what is published, whatever its type and size, and compares it with what each door says."""
    h.expect(0, "set", "nas", "TXT", *[f"{i}" + "x" * 199 for i in range(8)])  # more than UDP takes
    h.expect(0, "set", "nas", "SSHFP", "4", "2", HASH)
    h.expect(0, "set", "nas", "CAA", "0", "issue", '";"')
    h.expect(0, "set", "_dns.nas", "SVCB", "1", "nas", "alpn=dot")
    for name, types in [("_ipp._tcp.printer", ["SRV"]), ("cam1.garage", ["HTTPS"]), ("_dns.nas", ["SVCB"]),
                        ("nas", ["A", "TXT", "SSHFP", "CAA"]), ("_443._tcp.camera", ["TLSA"])]:
        why = h.expect(0, "why", name)
        h.check(why["problems"] == [] and [row["type"] for row in why["records"]] == types, f"why {name}: {why}")
        doors = [door for row in why["records"] for door in row["doors"] if door["door"].startswith("DNS ")]
        h.check(len(doors) == len(types) and all(door["agrees"] for door in doors), f"why {name}: {doors}")
    apex = h.expect(0, "why", "@")
    h.check({"SOA", "NS"} <= {row["type"] for row in apex["records"]}, f"why @: {apex}")
    for words, code, last in [(["why", "_x._tcp.nobody"], 1, "set _x._tcp.nobody TYPE RDATA"),
                              (["why", "nobody:8443"], 1, "adopt nobody ADDR:8443"),
                              (["why", "_8443._tcp.nobody"], 1, "set _8443._tcp.nobody TYPE RDATA"),
                              (["why", "_443._tcp.camera"], 0, "verify camera, to ask the device itself"),
                              (["why", "_ipp._tcp.printer"], 0, "show _ipp._tcp.printer"),
                              (["set", "_8443._tcp.tv", "TLSA", "3", "1", "1", HASH], 0, "verify tv:8443")]:
        done = h.run(*words)
        h.check(done.returncode == code and done.stdout.rstrip().endswith(last), f"{words}: {done}")
    h.expect(0, "unset", "_8443._tcp.tv")


def origins(h):
    """Which sites may use a device: a fact of the household that no DNS answer has."""
    first, second = "https://panel.maple.home.arpa", "https://[fd00::1]:8443"
    h.expect(0, "set", "camera", "ORIGINS", first, second)
    kept = [row["data"] for row in h.expect(0, "ls", "camera", "--all")["names"] if row["type"] == "ORIGINS"]
    h.check(sorted(kept) == sorted([first, second]), f"ls --all: {kept}")
    shown = [row["data"] for row in h.expect(0, "show", "camera")["records"] if row["type"] == "ORIGINS"]
    h.check(shown and sorted(shown[0]) == sorted([first, second]), f"show: {shown}")
    h.check(not any(row["type"] == "ORIGINS" for row in h.expect(0, "ls")["names"]), "ls has what DNS has")
    h.check("panel" not in h.expect(0, "export", "zone")["text"], "nor is it in the zone")
    for rrtype in ("TYPE65281", "ANY"):
        said = subprocess.run(["dig", "@127.0.0.1", "-p", "15301", "camera.maple.home.arpa", rrtype, "+tcp"],
                              capture_output=True, encoding="utf-8", timeout=60).stdout
        h.check("status: " in said and "panel" not in said and "65281\t" not in said.split("ANSWER SECTION")[-1],
                f"{rrtype} is answered without it: {said}")
    for wrong, meant, why in [("https://panel.example/", "https://panel.example", "no path"),
                              ("https://panel.example/x?y#z", "https://panel.example", "no path"),
                              ("http://panel.example", "https://panel.example", "https://"),
                              ("panel.example", "https://panel.example", "https://"),
                              ("https://Panel.Example", "https://panel.example", "lower case"),
                              ("https://panel.example:443", "https://panel.example", "the port"),
                              ("https://me:x@panel.example:8443", "https://panel.example:8443", "user"),
                              ("https://panel.example.", "https://panel.example", "dot at its end"),
                              ("https://[FD00:0::1]:8443", "https://[fd00::1]:8443", "lower case"),
                              ("https://b\u00fccher.example", "https://xn--bcher-kva.example", "as browsers do"),
                              ("https://*.example", None, "wildcard"), ("*", None, "wildcard"), ("null", None, "null"),
                              ("https://", None, "as browsers do"), ("https://" + "a" * 300, None, "255 octets"),
                              ("https://a.example https://b.example/", None, "one origin"), ("", None, "https://")]:
        refused = h.expect(4, "set", "camera", "ORIGINS", wrong)
        h.check(why in refused["error"], f"{wrong}: {refused}")
        h.check(refused["hint"] == (meant or "https://panel.example, or https://panel.example:8443"), f"{wrong}: {refused}")
        if meant:
            h.expect(0, "set", "camera", "ORIGINS", meant)
    said = h.run("set", "camera", "ORIGINS", first).stdout
    h.check("hearth-proxy" in said and said.rstrip().endswith("unset camera ORIGINS"), f"what it does, and how to undo it: {said}")
    h.expect(0, "unset", "camera", "ORIGINS")
    h.check(not any(row["type"] == "ORIGINS" for row in h.expect(0, "ls", "--all")["names"]), "unset")


def words_for_the_shell(h):
    """A hint can be typed: it has the folder as the shell takes it."""
    odd = h.path("it's a folder")
    os.mkdir(odd)
    done = subprocess.run([os.path.join(h.bin, "hearth"), "-d", odd, "ls"], capture_output=True, encoding="utf-8")
    hint = done.stderr.split("Try: ")[-1].strip()
    h.check(shlex.split(hint) == ["hearthd", "-d", odd], f"hint: {hint}")
    done = h.run("--version")
    h.check(done.returncode == 0 and done.stdout.startswith("hearth ") and done.stdout.count(".") == 2, f"{done}")
    h.check(h.expect(0, "--version")["release"] == done.stdout.split()[1], "release")


def wrong_input(h):
    long_label, long_name = "a" * 64, ".".join(["a" * 60] * 3)
    before = h.expect(0, "status")["entries"]
    for words, code, rule, hint in [
        (["set", long_label, "A", "192.168.1.1"], 4, "LABEL_TOO_LONG", None),
        (["set", long_name, "A", "192.168.1.1"], 4, "NAME_TOO_LONG", None),
        (["set", "a" * 2000, "A", "192.168.1.1"], 4, "NAME_TOO_LONG", None),
        (["set", "a..b", "A", "192.168.1.1"], 4, "LABEL_EMPTY", None),
        (["set", "", "A", "192.168.1.1"], 4, "LABEL_EMPTY", None),
        (["set", "a b", "A", "192.168.1.1"], 4, "NAME_CHARACTER", None),
        (["set", "küche", "A", "192.168.1.1"], 4, "NAME_U_LABEL", "xn--kche-0ra"),
        (["set", "x._peer", "A", "192.168.1.1"], 4, None, None),
        (["set", "x", "PEER", "a"], 4, "RESERVED", None),
        (["set", "x", "A", "192.168.1"], 4, "RDATA", None),
        (["set", "x", "AAAA", "banana"], 4, "RDATA", None),
        (["set", "x", "A", "192.168.1.1", "banana"], 4, "RDATA", None),
        (["set", "x", "A", "127.0.0.1"], 4, "ADDRESS_LOOPBACK", None),
        (["set", "x", "AAAA", "::1"], 4, "ADDRESS_LOOPBACK", None),
        (["set", "x", "AAAA", "::ffff:127.0.0.1"], 4, "ADDRESS_LOOPBACK", None),
        (["set", "x", "AAAA", "fe80::1"], 4, "ADDRESS_LINK_LOCAL", None),
        (["set", "x", "A", "169.254.1.1"], 4, "ADDRESS_LINK_LOCAL", None),
        (["set", "x", "A", "224.0.0.251"], 4, "ADDRESS_MULTICAST", None),
        (["set", "x", "AAAA", "ff02::fb"], 4, "ADDRESS_MULTICAST", None),
        (["set", "x", "A", "0.0.0.0"], 4, "ADDRESS_UNSPECIFIED", None),
        (["set", "x", "AAAA", "::"], 4, "ADDRESS_UNSPECIFIED", None),
        (["set", "_443._tcp.x", "TLSA", "3", "1", "1", "00"], 4, "TLSA_LENGTH", "64"),
        (["set", "_443._tcp.x", "TLSA", "3", "1", "1", EMPTY], 4, "TLSA_EMPTY", None),
        (["set", "_443._tcp.x", "TLSA", "3", "1", "0", "00"], 4, "TLSA_MATCHING", "3 1 1"),
        (["set", "_443._tcp.x", "TLSA", "3 1 300 " + HASH], 4, "RDATA", None),
        (["set", "_443._tcp.x", "TLSA", "3", "1", "1", "zz"], 4, "RDATA", None),
        (["set", "x", "MX", "10 mail"], 4, "TYPE_UNSUPPORTED", None),
        (["set", "x", "BANANA", "1"], 4, "TYPE_UNSUPPORTED", None),
        (["set", "x", "TXT", "a" * 2000], 4, "TOO_LONG", None),
        (["set", "x", "A", *[f"192.168.1.{i}" for i in range(1, 10)]], 4, "FULL", None),
        (["set", "x", "A", "192.168.1.1", "--ttl", "-1"], 2, "RANGE", None),
        (["set", "x", "A", "192.168.1.1", "--ttl", "4294967296"], 2, "RANGE", None),
        (["set", "x", "A"], 2, None, "help set"),
        (["unset", "x", "A"], 1, "NOT_FOUND", None),
        (["forget", "nobody"], 1, "NOT_FOUND", None),
        (["revoke", "nobody", "--yes"], 1, "NOT_FOUND", None),
        (["revoke", "camera"], 2, None, "--yes"),
        (["revoke", "camera", "--reason", "bored"], 2, None, "stolen"),
        (["adopt", "x", "banana", "--yes"], 2, "MALFORMED", None),
        (["adopt", "x", "127.0.0.1", "--yes"], 4, "ADDRESS_LOOPBACK", None),
        (["adopt", "_x", "192.168.1.1", "--yes"], 4, "RESERVED", None),
        (["adopt", "x", "192.168.1.1", "--fingerprint", "00"], 2, "MALFORMED", None),
        (["verify", "x:0"], 2, "RANGE", None),
        (["verify", "küche"], 4, "NAME_U_LABEL", "xn--kche-0ra"),
        (["import", "/nonexistent"], 2, None, "standard input"),
        (["import", "/"], 5, "IO", "standard input"),
        (["ls", "nobody"], 1, "NOT_FOUND", "ls"),
        (["show", "nobody"], 1, "NOT_FOUND", "ls"),
        (["log", "nobody"], 1, "NOT_FOUND", "log"),
        (["import", "-", "--format", "xls"], 2, None, "csv"),
        (["export", "everything"], 2, None, None),
        (["export", "anchor"], 2, None, None),
        (["log", "--limit", "x"], 2, "RANGE", "--limit 100"),
        (["verify", "camera", "--timeout", "0"], 2, "RANGE", "--timeout 10"),
        (["status", "--wait", "86401"], 2, "RANGE", "--wait 10"),
        (["status", "--wait", ""], 2, "RANGE", "--wait 10"),
        (["rotate", "camera"], 2, None, None),
        (["node", "ls"], 2, None, None),
        (["doctor"], 2, None, None),
        (["verfy", "camera"], 2, None, "verify"),
        (["ls", "--al"], 2, None, "--all"),
    ]:
        h.expect(code, *words, rule=rule, hint=hint)
    h.check(h.expect(0, "status")["entries"] == before, "nothing was written by wrong input")


def take_away(h):
    h.expect(0, "unset", "camera", "TXT")
    h.check(("camera.maple.home.arpa", "TXT") not in h.data(), "unset NAME TYPE")
    h.expect(0, "unset", "nas")
    h.check(("nas.maple.home.arpa", "A") not in h.data(), "unset NAME")
    h.expect(1, "unset", "nas")
    gone = h.expect(0, "forget", "camera")
    h.check({(row["name"], row["type"]) for row in gone["removed"]} >=
            {("camera.maple.home.arpa", "A"), ("camera.maple.home.arpa", "AAAA"),
             ("_443._tcp.camera.maple.home.arpa", "TLSA")}, "forget takes addresses and keys")
    h.check(not [name for name, _ in h.data() if "camera" in name], "forget NAME")
    h.expect(1, "show", "camera")
    entries = h.expect(0, "log", "camera")["entries"]
    h.check(len(entries) > 5 and entries == sorted(entries, key=lambda e: -e["time"]), "log, newest first")
    h.expect(0, "log")
    h.expect(1, "log", "nobody")


def many(h):
    lines = [f"d{i}.bulk,10.{i // 62500}.{i // 250 % 250}.{i % 250 + 1}" for i in range(MANY)]
    bad = MANY * 2 // 3
    wrong = list(lines)
    wrong[bad] = f"d{bad}.bulk,127.0.0.1"
    path = h.path("bulk.csv")
    open(path, "w").write("\n".join(wrong) + "\n")
    before = h.expect(0, "status")["entries"]
    refused = h.expect(4, "import", path, rule="ADDRESS_LOOPBACK")
    h.check(refused.get("line") == bad + 1, f"the line is named: {refused.get('line')}")
    h.check(h.expect(0, "status")["entries"] == before, "nothing of it was imported")
    open(path, "w").write("\n".join(lines) + "\n")
    done = h.expect(0, "import", path)
    h.check(done.get("records") == MANY, "all of it was imported")
    h.check(len(h.data("bulk")) == MANY, "and is there")
    for text, line in [("x A 192.168.1.1\ny A 1.2.3\n", 2), ("x A 192.168.1.1\nkü A 192.168.1.1\n", 2)]:
        refused = h.expect(4, "import", "-", "--format", "zone", text=text)
        h.check(refused.get("line") == line, "line of a master file")
    h.expect(0, "import", "-", "--format", "hosts", text="127.0.0.1 localhost\n192.168.1.77 tv\n")
    h.check(h.data("tv") == {("tv.maple.home.arpa", "A"): ["192.168.1.77"]}, "hosts")


def copies(h):
    backup = h.path("backup.hlb")
    done = h.expect(0, "backup", backup)
    h.check(stat.S_IMODE(os.stat(backup).st_mode) == 0o600, "backup is 0600")
    h.check(done.get("bytes") == os.path.getsize(backup), "its size")
    h.check(open(backup, "rb").read(4) == b"HLB1", "its magic")
    h.expect(4, "backup", backup, rule="EXISTS")
    h.expect(0, "backup", backup, "--force")
    h.expect(5, "backup", h.path("no", "folder"))
    h.check([name for name in os.listdir(h.dir) if name.startswith("backup.hlb.")] == [], "no rest")
    hosts = h.expect(0, "export", "hosts")
    h.check("192.168.1.77\ttv.maple.home.arpa\n" in hosts["text"], "export hosts")
    zone = h.expect(0, "export", "zone")["text"].splitlines()
    h.check("\tSOA\t" in zone[0], "a master file begins with its SOA")
    h.check(len(zone) > MANY, "the whole zone")
    other = h.run("export", "zone", "--id")
    h.check(other.returncode == 0 and "maple" not in other.stdout.splitlines()[0], "by id")
    h.expect(0, "import", "-", "--format", "zone", text="\n".join(zone[:50]) + "\n")


def text_for_people(h):
    """Without --json: errors on standard error, nothing odd on standard output."""
    refused = h.run("set", "x", "A", "127.0.0.1")
    h.check(refused.returncode == 4 and refused.stdout == "" and "ADDRESS_LOOPBACK" in refused.stderr, "error text")
    h.expect(0, "set", "odd", "TXT", "a\033[2Jb\u202ec")
    for verb in (["ls", "odd"], ["show", "odd"], ["log", "odd"], ["status"], ["help"], ["help", "set"],
                 ["why", "odd"]):
        done = h.run(*verb, env={**os.environ, "TERM": "xterm-256color"})
        h.check(done.returncode == 0, f"{verb}: {done.returncode} {done.stderr}")
        h.check("\033" not in done.stdout and "\u202e" not in done.stdout, f"{verb}: escaped")
    with open("/dev/full", "w") as full:
        done = subprocess.run([os.path.join(h.bin, "hearth"), "-d", h.dir, "ls"], stdout=full, stderr=subprocess.PIPE)
    h.check(done.returncode == 5, "a full disk is said")
    done = subprocess.run(f"{h.bin}/hearth -d {h.dir} help | true; exit ${{PIPESTATUS[0]}}", shell=True,
                          executable="/bin/bash", stderr=subprocess.PIPE)
    h.check(done.returncode == 0 and done.stderr == b"", "a reader that went away is no failure")
    done = h.run("ls", env={**os.environ, "TERM": "", "LC_ALL": "C"})
    h.check(done.returncode == 0, "without TERM")


def main():
    h = House(sys.argv[1], "[resolver]\nlisten = 127.0.0.1@15301\n")
    try:
        before_there_is_a_household(h)
        household = init(h)
        init_goes_on(h)
        set_and_ls(h, household)
        origins(h)
        words_for_the_shell(h)
        wrong_input(h)
        take_away(h)
        text_for_people(h)
        many(h)
        copies(h)
    finally:
        h.close()
    print("cli/records:", "ok" if h.failed == 0 else f"{h.failed} failed")
    return 1 if h.failed else 0


if __name__ == "__main__":
    sys.exit(main())
