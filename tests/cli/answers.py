#!/usr/bin/env python3
"""answers.py BUILD: what `hearth` makes of a hearthd that is silent, goes away, speaks otherwise, or fails half way."""
import json
import os
import struct
import subprocess
import sys

from house import House
from script import Script

HASHES = ["00112233445566778899aabbccddeeff" * 2, "ffeeddccbbaa99887766554433221100" * 2]


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def lost(h):
    """Only who is not there, or does not answer, is unreachable."""
    for said, code, rule in [(b"", 3, "CLOSED"),
                             (frame(b'{"version":2,"ok":true}'), 5, "UPGRADE"),
                             (frame(b'{"version":1,'), 5, "MALFORMED"),
                             (frame(b"nonsense"), 5, "MALFORMED"),
                             (b"\xff\xff\xff\xff", 4, "TOO_LONG")]:
        script = Script(h, {"hello": said, "status": said})
        for words in (["ls"], ["status"]):
            answer = h.expect(code, *words, rule=rule)
            h.check("group" not in answer["hint"], f"{rule}: no group of a household of one's own: {answer['hint']}")
        script.close()
    if os.getuid() != 0:  # who may open everything
        script = Script(h, {})
        os.chmod(script.path, 0)
        answer = h.expect(3, "ls", rule="DENIED", hint="user of hearthd")
        h.check("group" not in answer["hint"], f"DENIED: {answer['hint']}")
        script.close()


def silent(h):
    """--wait ends, also while hearthd says nothing. The guard is many times what is needed."""
    script = Script(h, {"status": None})
    done = subprocess.run([os.path.join(h.bin, "hearth"), "-d", h.dir, "status", "--wait", "1", "--json"],
                          capture_output=True, encoding="utf-8", timeout=45)
    h.check(done.returncode == 3 and json.loads(done.stdout)["rule"] == "TIMEOUT", f"silence: {done}")
    script.close()


def half_way(h):
    """A key that was withdrawn before another failed is withdrawn: the error says so."""
    records = [{"name": "_443._tcp.camera", "type": 52, "rrs": ["030101" + value for value in HASHES] + ["030102" + "ab" * 64]}]
    refused = {"ok": False, "status": "FULL", "error": "no room"}
    for second, code, rule in [(refused, 4, "FULL"), (b"", 3, "CLOSED")]:
        script = Script(h, {"list": {"records": records, "next": None},
                            "withdraw": [{"id": "ab" * 32}, second]})
        answer = h.expect(code, "revoke", "camera", "--yes", rule=rule)
        h.check([row["hash"] for row in answer.get("withdrawn", [])] == HASHES[:1], f"half way: {answer}")
        h.check(answer.get("kept") == 1 and answer.get("name") == "camera.maple.home.arpa", f"half way: {answer}")
        script.close()
    only_long = [{"name": "_8443._tcp.camera", "type": 52, "rrs": ["030102" + "ab" * 64]}]
    script = Script(h, {"list": {"records": only_long, "next": None}})
    h.expect(1, "revoke", "camera", "--yes", rule="NOT_FOUND", hint="unset _8443._tcp.camera.maple.home.arpa TLSA")
    script.close()
    removed = [{"name": "_443._tcp.camera", "type": 52, "rrs": ["030102" + "ab" * 64], "removed": ["030101" + HASHES[0]]}]
    script = Script(h, {"list": {"records": removed, "next": None}})
    answer = h.expect(0, "revoke", "camera", "--yes")
    h.check(answer["already"] == HASHES[:1] and answer["withdrawn"] == [] and answer.get("kept") == 1, f"done: {answer}")
    script.close()


def main():
    h = House(sys.argv[1])
    try:
        lost(h)
        silent(h)
        half_way(h)
    finally:

        h.close()
    print("cli/answers:", "ok" if h.failed == 0 else f"{h.failed} failed")
    return 1 if h.failed else 0


if __name__ == "__main__":
    sys.exit(main())
