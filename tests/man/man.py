#!/usr/bin/env python3
"""The manual pages say what the programs do: each page is held against the parser that it describes, both ways.

Usage: man.py SOURCE BUILD [--selftest]. Exit 1 with one line a fault. With --selftest each thing that is compared is
changed once, on one of its sides, and the check must notice. Everything is compared as text, gathered by `gather`:
files of the tree, what the programs say of themselves, and what the libraries export.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

PAGES = ("hearth.1", "hearthd.8", "hearth-proxy.8", "hearth.conf.5", "libnss_hearth.8", "libhearth-dane.3")
FILES = ("resolver/cli/verbs.c", "resolver/cli/cli.h", "resolver/daemon/main.c", "dane/proxy/main.c", "resolver/daemon/config.c",
         "resolver/daemon/config.h", "docs/configuration.md", "docs/cli.md", "dane/hearth-dane.h", "dane/hearth-dane.map",
         "nss-module/nss_hearth.h")
# Where each page's program reads its environment.
ENVIRONMENT = {
    "hearth.1": ("resolver/cli", "resolver/daemon/paths.c", "dane/proxy/trust.c"),
    "hearthd.8": ("resolver/daemon",),
    "hearth-proxy.8": ("dane/proxy/main.c", "resolver/daemon/paths.c", "resolver/daemon/notify.c"),
    "libnss_hearth.8": ("nss-module",),
    "libhearth-dane.3": ("dane",),
}
# Read for the proxy's folder, which hearthd does not use; and named where it is not read, because its reader looks there.
ENVIRONMENT_HIDDEN = {("hearthd.8", "XDG_DATA_HOME"), ("hearthd.8", "HOME")}
ENVIRONMENT_NAMED = {("hearth.1", "HEARTH_VIEW")}
# Programs whose page lists options and exit codes: where they read their command line.
DAEMONS = {"hearthd": "resolver/daemon/main.c", "hearth-proxy": "dane/proxy/main.c"}
NSSWITCH = "hosts: files hearth [NOTFOUND=return] dns"


class Faults(list):
    def say(self, where, what):
        self.append(f"{where}: {what}")

    def same(self, where, page, program):
        """Two sets or maps: what only one of them has, or has otherwise, is a fault."""
        for item in sorted(set(page) - set(program)):
            self.say(where, f"{item} is described, and does not exist")
        for item in sorted(set(program) - set(page)):
            self.say(where, f"{item} exists, and is not described")
        if isinstance(page, dict):
            for item in sorted(set(page) & set(program)):
                if page[item] != program[item]:
                    self.say(where, f"{item}: described as '{page[item]}', is '{program[item]}'")


# --- gathering ---

def run(*words, **more):
    return subprocess.run(words, capture_output=True, encoding="utf-8", timeout=60, **more)


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return file.read()


def environment_read(source, places):
    names = set()
    for place in places:
        path = os.path.join(source, place)
        files = [path] if path.endswith(".c") else [os.path.join(path, name) for name in os.listdir(path)]
        for name in files:
            if name.endswith(".c"):
                names |= set(re.findall(r'getenv\("(\w+)"\)', read(name)))
    return "\n".join(sorted(names))


def exported(build, library):
    done = run("nm", "-D", "--defined-only", os.path.join(build, "lib", library))
    names = [line.split() for line in done.stdout.splitlines()]
    return "\n".join(name[2].split("@")[0] for name in names if len(name) == 3 and name[1] in "TWDBR")


def gather(source, build):
    """Name → text of everything that is compared."""
    facts = {page: read(source, "docs/man", page) for page in PAGES}
    facts |= {name: read(source, name) for name in FILES}
    facts |= {f"environment of {page}": environment_read(source, places) for page, places in ENVIRONMENT.items()}
    hearth = os.path.join(build, "bin", "hearth")
    facts["hearth help"] = run(hearth, "help").stdout
    facts["hearth --json help"] = run(hearth, "--json", "help").stdout
    for verb in json.loads(facts["hearth --json help"])["verbs"]:
        facts[f"hearth help {verb['verb']}"] = run(hearth, "help", verb["verb"]).stdout
    for program in DAEMONS:
        facts[f"{program} --help"] = run(os.path.join(build, "bin", program), "--help").stdout
    facts["symbols of libhearth-dane"] = exported(build, "libhearth-dane.so")
    facts["symbols of libnss_hearth"] = exported(build, "libnss_hearth.so.2")
    return facts


# --- reading mdoc ---

def section(page, title):
    found = re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", page, re.S | re.M)
    return found[1] if found else ""


def items(text):
    """(head, body) of each item of the outermost list."""
    depth, found = 0, []
    for line in text.splitlines():
        depth += line.startswith(".Bl ")
        if depth == 1 and line.startswith(".It"):
            found.append([line[3:].strip(), ""])
        elif found and depth >= 1:
            found[-1][1] += line + "\n"
        depth -= line.startswith(".El")
    return found


def macro_words(text, macro):
    """The words that a macro marks, at the start of a line or within one."""
    words = []
    for line in text.splitlines():
        if not line.startswith("."):
            continue
        on = False
        for word in line[1:].split():
            if re.fullmatch(r"[A-Z][a-z]", word):
                on = word == macro
            elif on and re.fullmatch(r"\w+", word):
                words.append(word)
    return words


def head_usage(head):
    """'Cm set Ar NAME Op Fl -ttl Ar S' as people see it: 'set NAME [--ttl S]'."""
    words, closing = [], 0
    for word in head.split():
        if word == "Op":
            words.append("[")
            closing += 1
        elif word == "Oo":
            words.append("[")
        elif word == "Oc":
            words.append("]")
        elif word == "Fl":
            words.append("-\0")
        elif word not in ("Cm", "Ar"):
            words.append(word)
    text = " ".join(words + ["]"] * closing)
    return text.replace("-\0 ", "-").replace("[ ", "[").replace(" ]", "]")


def examples(page):
    blocks = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", section(page, "EXAMPLES"), re.S | re.M)
    return [block.replace("\\e", "\\") for block in blocks]


# --- hearth(1) ---

def program_usages(facts):
    """From `hearth --json help` and `hearth help VERB`."""
    usages = {}
    for verb in json.loads(facts["hearth --json help"])["verbs"]:
        lines = facts[f"hearth help {verb['verb']}"].splitlines()
        options = [line.strip() for line in lines if re.match(r"  --", line)]
        usages[verb["verb"]] = " ".join([verb["verb"], verb["arguments"]] + [f"[{o}]" for o in options]).replace("  ", " ")
    return usages


def table_usages(facts):
    """From the table in verbs.c: rows whose last word is a function."""
    usages = {}
    for row in re.findall(r'^    \{("[a-z-]+",.*?)\},?\n(?=    \{|\};)', facts["resolver/cli/verbs.c"], re.S | re.M):
        if not re.search(r"\bverb_\w+$", row.strip()):
            continue
        name, arguments = re.findall(r'"([^"]*)"', row)[:2]
        options = re.findall(r'\{"(--[a-z-]+)",\s*("([^"]*)"|NULL)', row)
        parts = [name, arguments] + [f"[{o} {v}]" if v else f"[{o}]" for o, _, v in options]
        usages[name] = " ".join(part for part in parts if part)
    return usages


def document_rows(facts):
    """docs/cli.md: verb → (usage, JSON cell); a row may hold two verbs."""
    rows = {}
    for cell, fields in re.findall(r"^\| (`.*?) \| (.*) \|$", facts["docs/cli.md"], re.M):
        for usage in re.findall(r"`([^`]*)`", cell):
            usage = usage.replace("\\|", "|").replace("…", "...")
            rows[usage.split()[0]] = (usage, fields)
    return rows


def check_hearth(facts, faults):
    page = facts["hearth.1"]
    verbs = items(section(page, "VERBS"))
    usages = {head_usage(head).split()[0]: head_usage(head) for head, _ in verbs}
    faults.same("hearth.1, hearth help", usages, program_usages(facts))
    faults.same("hearth.1, verbs.c", usages, table_usages(facts))
    rows = document_rows(facts)
    faults.same("hearth.1, docs/cli.md", set(usages), set(rows))
    for head, body in verbs:
        verb = head_usage(head).split()[0]
        usage, fields = rows.get(verb, ("", ""))
        if "--reason ..." not in usage and usage != usages[verb]:
            faults.say("docs/cli.md", f"'{usage}' is '{usages[verb]}'")
        marked = set(re.findall(r"`(\w+)`", fields)) if not fields.startswith("as op") else set()
        if fields.startswith("the same, and"):
            marked |= set(re.findall(r"`(\w+)`", rows["unset"][1]))
        faults.same(f"hearth.1, {verb}, docs/cli.md", set(macro_words(body, "Va")), marked - {"log"})
    common = {option for option in re.findall(r"^  (-\S+)", facts["hearth help"], re.M)}
    flags = {f"-{word}" for head, _ in items(section(page, "DESCRIPTION")) for word in
             re.findall(r"(?:Fl|,) (-?\w+)", head.split(" Ar ")[0])}
    faults.same("hearth.1, common options", flags - {"-y", "-h", "--help"}, common)


def check_exit_codes(facts, faults):
    enum = re.search(r"enum exit_code \{(.*?)\};", facts["resolver/cli/cli.h"], re.S)[1]
    codes = set(re.findall(r"^ *EXIT_\w+ = (\d+)", enum, re.M))
    said = re.search(r"^Exit codes: (.*)$", facts["hearth help"], re.M)
    page = {head for head, _ in items(section(facts["hearth.1"], "EXIT STATUS"))}
    faults.same("hearth.1, exit codes", page, codes)
    faults.same("hearth help, exit codes", set(re.findall(r"\d+", said[1] if said else "")), codes)
    faults.same("docs/cli.md, exit codes", set(re.findall(r"^\| (\d+) \|", facts["docs/cli.md"], re.M)), codes)


def check_environment(facts, faults):
    for page in ENVIRONMENT:
        described = {head.split()[1] for head, _ in items(section(facts[page], "ENVIRONMENT"))}
        described -= {name for where, name in ENVIRONMENT_NAMED if where == page}
        read_there = {name for name in facts[f"environment of {page}"].split() if (page, name) not in ENVIRONMENT_HIDDEN}
        faults.same(f"{page}, environment", described, read_there)


# --- hearthd(8), hearth-proxy(8), hearth.conf(5) ---

def check_daemon(facts, faults, program, main):
    name = f"{program}.8"
    page, said = facts[name], facts[f"{program} --help"]
    described = {head_usage(head) for head, _ in items(section(page, "DESCRIPTION"))}
    faults.same(f"{name}, {program} --help", described,
                set(re.findall(r"^  (-\S+(?: [A-Z@]+)?) ", said, re.M)))
    source = facts[main]
    short = re.search(r'getopt_long\(argc, argv, "([^"]*)"', source)[1]
    known = {f"-{letter}" for letter in short.replace(":", "")}
    known |= {f"--{option}" for option in re.findall(r'^        \{"([a-z-]+)", \w+_argument', source, re.M)}
    faults.same(f"{name}, main.c", {option.split()[0] for option in described}, known)
    codes = re.search(r"Exit status:(.*)", said, re.S)
    page_codes = {head for head, _ in items(section(page, "EXIT STATUS"))}
    faults.same(f"{name}, exit codes", page_codes, set(re.findall(r"\b\d\b", codes[1] if codes else "")))


def page_keys(facts):
    """(section, key) → whether it is a list, and the text."""
    keys = {}
    for name, text in re.findall(r"^\.Ss Section (\w+)\n(.*?)(?=^\.Ss |^\.Sh |\Z)", facts["hearth.conf.5"], re.S | re.M):
        for head, body in items(text):
            keys[f"[{name}] {head.split()[1]}"] = ("list" if "..." in head else "one", body)
    return keys


def ini_keys(text):
    keys, name = set(), ""
    for line in text.splitlines():
        if re.match(r"\[(\w+)\]", line):
            name = line.strip()
        elif re.match(r"[a-z-]+ =", line):
            keys.add(f"{name} {line.split()[0]}")
    return keys


def check_config(facts, faults, build):
    rows = re.findall(r'^    \{"(\w+)", "([a-z-]+)", (true|false), take', facts["resolver/daemon/config.c"], re.M)
    table = {f"[{name}] {key}": "list" if many == "true" else "one" for name, key, many in rows}
    page = page_keys(facts)
    faults.same("hearth.conf.5", {key: kind for key, (kind, _) in page.items()}, table)
    block = re.search(r"```ini\n(.*?)```", facts["docs/configuration.md"], re.S)[1]
    faults.same("docs/configuration.md", ini_keys(block), set(table))
    numbers = dict(re.findall(r"^    (CONFIG_\w+) = (\d+)", facts["resolver/daemon/config.h"], re.M))
    limits = {"[resolver] listen": ("LISTEN_MAX", "DNS_PORT", "DNS_PORT_UNPRIVILEGED"), "[resolver] allow": ("ALLOW_MAX",),
              "[resolver] forward": ("FORWARD_MAX", "DNS_PORT"), "[resolver] threads": ("THREADS_MAX",),
              "[resolver] local-upstream": ("DNS_PORT",), "[ledger] sync-listen": ("LISTEN_MAX", "SYNC_PORT"),
              "[proxy] listen": ("LISTEN_MAX", "PROXY_PORT")}
    faults.same("hearth.conf.5, limits", set(limits), set(page))
    for key in set(limits) & set(page):
        for name in limits[key]:
            if not re.search(rf"\b{numbers['CONFIG_' + name]}\b", page[key][1]):
                faults.say("hearth.conf.5", f"{key}: {name} is {numbers['CONFIG_' + name]}, and not said")
    if numbers["CONFIG_LINE_MAX"] not in section(facts["hearth.conf.5"], "DESCRIPTION"):
        faults.say("hearth.conf.5", "the longest line")
    check_ini(faults, build, "docs/configuration.md", block)
    for example in examples(facts["hearth.conf.5"]):
        check_ini(faults, build, "hearth.conf.5", example)


def check_ini(faults, build, where, text):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "hearth.conf"), "w", encoding="utf-8") as out:
            out.write(text)
        done = run(os.path.join(build, "bin", "hearthd"), "-d", folder, "-n")
        if done.returncode != 0:
            faults.say(where, f"its example is refused: {done.stderr.strip()}")


# --- libraries ---

def squeeze(text):
    """C text with blanks only where they part words."""
    return re.sub(r" ?([^\w ]) ?", r"\1", " ".join(text.split()))


def page_prototypes(page):
    text, found, kind, parts = section(page, "SYNOPSIS"), {}, "", None
    for line in text.splitlines():
        words = re.findall(r'"[^"]*"|\S+', line)
        if words[0] == ".Ft":
            kind = line[4:]
        elif words[0] == ".Fn":
            found[words[1]] = squeeze(f"{kind} {words[1]}({', '.join(w.strip(chr(34)) for w in words[2:])})")
        elif words[0] == ".Fo":
            parts = [words[1]]
        elif words[0] == ".Fa" and parts:
            parts.append(words[1].strip('"'))
        elif words[0] == ".Fc" and parts:
            found[parts[0]] = squeeze(f"{kind} {parts[0]}({', '.join(parts[1:])})")
            parts = None
    return found


def header_prototypes(header):
    found = {}
    for text in re.findall(r"^HEARTH_DANE_API ([^;]*);", header, re.M):
        text = text.replace("HEARTH_DANE_CHECK", "")
        found[re.search(r"(\w+)\s*\(", text)[1]] = squeeze(text)
    return found


def check_dane(facts, faults, source, compiler):
    page, header = facts["libhearth-dane.3"], facts["dane/hearth-dane.h"]
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    prototypes = page_prototypes(page)
    faults.same("libhearth-dane.3, hearth-dane.h", prototypes, header_prototypes(code))
    symbols = {name for name in facts["symbols of libhearth-dane"].split() if name != "HEARTH_DANE_1"}
    faults.same("libhearth-dane.3, exported", set(prototypes), symbols)
    faults.same("libhearth-dane.3, hearth-dane.map", set(prototypes), set(re.findall(r"(hearth_\w+);", facts["dane/hearth-dane.map"])))
    faults.same("libhearth-dane.3, NAME", set(macro_words(section(page, "NAME"), "Nm")), set(prototypes))
    enums = "".join(re.findall(r"^enum[^;{]*\{(.*?)\};", code, re.S | re.M))
    constants = {word for word in macro_words(page, "Dv") if word.startswith("HEARTH_DANE_")}
    faults.same("libhearth-dane.3, constants", constants, set(re.findall(r"\b(HEARTH_DANE_\w+)\s*=", enums)))
    result = re.search(r"^struct hearth_dane_result \{(.*?)^\};", code, re.S | re.M)[1]
    fields = {re.search(r"(\w+)(\s*\[\w+\])*\s*$", part)[1] for part in result.split(";") if part.strip()}
    described = {word for head, _ in items(section(page, "DESCRIPTION").split(".Ss Result")[1]) for word in macro_words("." + head, "Va")}
    faults.same("libhearth-dane.3, result", described, fields)
    for example in examples(page):
        done = run(compiler, "-x", "c", "-std=c99", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I",
                   os.path.join(source, "dane"), "-", input=example)
        if done.returncode != 0:
            faults.say("libhearth-dane.3", f"its example does not compile: {done.stderr.strip()}")


def check_nss(facts, faults):
    page = facts["libnss_hearth.8"]
    functions = set(re.findall(r"^\.Fn (\w+)$", page, re.M))
    faults.same("libnss_hearth.8, exported", functions, set(facts["symbols of libnss_hearth"].split()))
    faults.same("libnss_hearth.8, nss_hearth.h", functions, set(re.findall(r"\b(_nss_hearth_\w+)\(", facts["nss-module/nss_hearth.h"])))
    if NSSWITCH not in section(page, "SYNOPSIS").splitlines():
        faults.say("libnss_hearth.8", f"'{NSSWITCH}' is not in it")


def check_lint(facts, faults):
    for page in PAGES:
        # Which other pages are installed is the machine's business.
        for line in run("mandoc", "-Tlint", "-Wstyle", input=facts[page]).stdout.splitlines():
            if "referenced manual not found" not in line:
                faults.say(page, line)


def check(facts, source, build):
    faults = Faults()
    check_lint(facts, faults)
    check_hearth(facts, faults)
    check_exit_codes(facts, faults)
    check_environment(facts, faults)
    for program, main in DAEMONS.items():
        check_daemon(facts, faults, program, main)
    check_config(facts, faults, build)
    check_dane(facts, faults, source, os.environ.get("CC", "cc"))
    check_nss(facts, faults)
    return faults


# --- does it notice? ---

# (what, text, text instead, where the fault must be)
CHANGES = (
    ("hearth.1", ".It Cm forget Ar NAME", ".It Cm forgot Ar NAME", "hearth.1, hearth help"),
    ("hearth.1", "Op Fl -ttl Ar S", "Op Fl -ttl Ar T", "hearth.1, verbs.c"),
    ("hearth.1", " Op Fl -force", "", "hearth.1, verbs.c"),
    ("resolver/cli/verbs.c", '"--limit", "N"', '"--limits", "N"', "hearth.1, verbs.c"),
    ("hearth --json help", '"verb":"log"', '"verb":"status"', "hearth.1, hearth help"),
    ("hearth help import", "--format", "--form", "hearth.1, hearth help"),
    ("docs/cli.md", "`ls [NAME] [--all]`", "`ls [NAME]`", "docs/cli.md"),
    ("docs/cli.md", "`replaced_key`", "`replaced_keys`", "hearth.1, adopt"),
    ("hearth.1", ".Va file , bytes .", ".Va file .", "hearth.1, backup"),
    ("hearth.1", ".It Fl -json", ".It Fl -jason", "hearth.1, common options"),
    ("hearth.1", ".It 3\n", ".It 6\n", "hearth.1, exit codes"),
    ("resolver/cli/cli.h", "EXIT_BROKEN = 5", "EXIT_BROKEN = 7", "hearth.1, exit codes"),
    ("hearth help", "4 refused", "refused", "hearth help, exit codes"),
    ("docs/cli.md", "| 5 | input", "| 6 | input", "docs/cli.md, exit codes"),
    ("hearth.1", ".It Ev NO_COLOR", ".It Ev NO_COLOUR", "hearth.1, environment"),
    ("environment of libnss_hearth.8", "HEARTH_VIEW", "HEARTH_VUE", "libnss_hearth.8, environment"),
    ("hearthd.8", ".It Fl v", ".It Fl w", "hearthd.8, hearthd --help"),
    ("resolver/daemon/main.c", '"d:nv"', '"d:nvx"', "hearthd.8, main.c"),
    ("resolver/daemon/main.c", '{"version", no', '{"release", no', "hearthd.8, main.c"),
    ("hearth-proxy.8", ".It Fl -system", ".It Fl -everybody", "hearth-proxy.8, hearth-proxy --help"),
    ("dane/proxy/main.c", '{"listen", req', '{"hear", req', "hearth-proxy.8, main.c"),
    ("environment of hearth-proxy.8", "NOTIFY_SOCKET", "TELL_SOCKET", "hearth-proxy.8, environment"),
    ("hearthd --help", "1 could not", "could not", "hearthd.8, exit codes"),
    ("resolver/daemon/config.c", '"resolver", "allow", true', '"resolver", "permit", true', "hearth.conf.5"),
    ("resolver/daemon/config.c", '"threads", false', '"threads", true', "hearth.conf.5"),
    ("resolver/daemon/config.h", "CONFIG_ALLOW_MAX = 64", "CONFIG_ALLOW_MAX = 65", "hearth.conf.5"),
    ("resolver/daemon/config.h", "CONFIG_SYNC_PORT = 4653", "CONFIG_SYNC_PORT = 4654", "hearth.conf.5"),
    ("docs/configuration.md", "sync-listen = ", "sync = ", "docs/configuration.md"),
    ("docs/configuration.md", "threads = 1", "threads = none", "docs/configuration.md"),
    ("hearth.conf.5", "allow = 192.168.1.0/24", "allow = 192.168.1.1/24", "hearth.conf.5"),
    ("libhearth-dane.3", '.Fn hearth_dane_wrong_text "unsigned bit"', '.Fn hearth_dane_wrong_text "int bit"', "libhearth-dane.3, hearth-dane.h"),
    ("symbols of libhearth-dane", "hearth_dane_version", "hearth_dane_revision", "libhearth-dane.3, exported"),
    ("dane/hearth-dane.map", "hearth_dane_close;", "", "libhearth-dane.3, hearth-dane.map"),
    ("dane/hearth-dane.h", "HEARTH_DANE_STALE =", "HEARTH_DANE_OLD =", "libhearth-dane.3, constants"),
    ("dane/hearth-dane.h", "int64_t withdrawn_ms;", "int64_t withdrawn_s;", "libhearth-dane.3, result"),
    ("libhearth-dane.3", "if (!dane)", "if (!done)", "libhearth-dane.3"),
    ("libnss_hearth.8", ".Fn _nss_hearth_gethostbyname4_r", ".Fn _nss_hearth_gethostbyname5_r", "libnss_hearth.8, exported"),
    ("nss-module/nss_hearth.h", "_nss_hearth_gethostbyaddr2_r(", "_nss_hearth_gethostbyaddr9_r(", "libnss_hearth.8, nss_hearth.h"),
    ("symbols of libnss_hearth", "_nss_hearth_gethostbyname_r", "name_find", "libnss_hearth.8, exported"),
    ("libnss_hearth.8", "[NOTFOUND=return] dns", "dns", "libnss_hearth.8"),
    ("hearthd.8", ".Sh SIGNALS", ".Sh SIGNALS\n.Zz", "hearthd.8"),
)


def selftest(facts, source, build):
    failed = 0
    for where, old, new, expected in CHANGES:
        if old not in facts[where]:
            print(f"selftest: '{old}' is not in {where}")
            failed += 1
            continue
        faults = check(facts | {where: facts[where].replace(old, new, 1)}, source, build)
        if not any(fault.startswith(expected) for fault in faults):
            print(f"selftest: not noticed: {where}: '{old}' became '{new}'; {faults}")
            failed += 1
    return failed


def main():
    source, build = sys.argv[1:3]
    facts = gather(source, build)
    if sys.argv[3:] == ["--selftest"]:
        sys.exit(1 if selftest(facts, source, build) else 0)
    faults = check(facts, source, build)
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


main()
