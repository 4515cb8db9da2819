"""A household on a real hearthd whose every acknowledged write is remembered, and what must hold of it afterwards."""
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("daemon", "oracle"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import oracle  # noqa: E402
from hearthd import Hearthd  # noqa: E402
from owner import Owner  # noqa: E402

AAAA = 28
NAMES = 8  # of each writer


def address(number):
    return "fd00" + "%028x" % number


class Writer(threading.Thread):
    """One connection that writes names of its own, one or several at a time, until it is cut off."""

    def __init__(self, house, number):
        super().__init__(daemon=True)
        self.house, self.number = house, number

    def records(self):
        count = (1, 2, 3, NAMES)[self.house.next_number() % 4]
        return {f"w{self.number}-{(self.house.numbers + i) % NAMES}": address(self.house.next_number())
                for i in range(count)}

    def run(self):
        house = self.house
        client = house.daemon.connect()
        try:
            while not house.closing:
                records = self.records()
                house.pending[self.number] = records
                answer = client.ask("set", by="fault", records=[
                    {"name": name, "type": AAAA, "ttl": 60, "rrs": [data]} for name, data in records.items()])
                if not answer["ok"]:
                    house.refusals.append(answer)
                    break
                house.acknowledged.update(bytes.fromhex(text) for text in answer["ids"])
                house.values.update(records)
                house.pending[self.number] = {}
        except (OSError, ValueError):
            pass
        finally:
            client.close()


class House:
    def __init__(self, writers=3, directory=None):
        self.daemon = Hearthd("[resolver]\nlisten = none\n", directory=directory)
        self.writers = writers
        self.lock = threading.Lock()
        self.numbers = 0
        self.acknowledged = set()  # ids of entries
        self.values = {}           # name -> the data that was acknowledged last
        self.pending = {}          # writer -> what it asked for and heard nothing of
        self.places = {}           # (author, stream, seq) -> the one id that was ever seen there
        self.keys = {}             # key file -> what it was first seen to say
        self.refusals = []
        self.closing = False
        self.threads = []

    def next_number(self):
        with self.lock:
            self.numbers += 1
            return self.numbers

    def found(self):
        owner, daemon = Owner(), self.daemon
        node = daemon.ask("node")
        possession = daemon.ask("possess", namespace=owner.namespace.hex(), role=1, flags=0,
                                scope_commitment=None)["possession"]
        answer = daemon.ask("ingest", own=True, label="nas", entries=[owner.genesis.hex(),
                                                                      owner.grant(node, possession).hex()])
        assert answer["ok"], answer

    def write(self):
        self.closing = False
        self.pending = {}
        self.threads = [Writer(self, number) for number in range(self.writers)]
        for thread in self.threads:
            thread.start()

    def rest(self):
        """The writers stop, if nothing has cut them off yet."""
        self.closing = True
        for thread in self.threads:
            thread.join()
        assert not self.refusals, self.refusals

    def listed(self):
        records, after = {}, None
        while True:
            answer = self.daemon.ask("list", limit=1000, **({"after": after} if after else {}))
            assert answer["ok"], answer
            records.update({record["name"]: record["rrs"] for record in answer["records"]})
            after = answer["next"]
            if not after:
                return records

    def check_values(self):
        """Each name has the value that was acknowledged last, or the one that was asked for when it was cut off."""
        listed = self.listed()
        asked = {name: data for records in self.pending.values() for name, data in records.items()}
        for records in self.pending.values():
            there = [listed.get(name) == [data] for name, data in records.items()]
            assert all(there) or not any(there), f"a batch in part: {records}"
        for name in self.values.keys() | asked.keys():
            there = listed.get(name)
            allowed = [[data] for data in (self.values.get(name), asked.get(name)) if data]
            if name not in self.values:
                allowed.append(None)
            assert there in allowed, (name, there, allowed)
            if there:
                self.values[name] = there[0]

    def bundle(self):
        client = self.daemon.connect()
        try:
            answer = client.ask("bundle")
            assert answer["ok"], answer
            with os.fdopen(client.fd, "rb") as file:
                data = file.read()
            assert len(data) == answer["bytes"]
            return oracle.read_bundle(data)
        finally:
            client.close()

    def check_entries(self):
        """Every acknowledged entry is there, and no place of a stream ever had two."""
        (raws,) = self.bundle().values()
        entries = [oracle.Entry(raw) for raw in raws]
        missing = self.acknowledged - {entry.id for entry in entries}
        assert not missing, f"{len(missing)} acknowledged entries are lost"
        heads = {}
        for entry in entries:
            if entry.stream == 0:
                continue
            place = (entry.author, entry.stream, entry.seq)
            known = self.places.setdefault(place, entry.id)
            assert known == entry.id, f"signed twice: {place}"
            heads.setdefault(place[:2], set()).add(entry.seq)
        for stream, seqs in heads.items():
            assert seqs == set(range(len(seqs))), f"a gap in {stream}"
        return raws

    def check_oracle(self):
        """A second implementation comes to the same names."""
        (household,) = (oracle.Household(raws) for raws in self.bundle().values())
        names = {".".join(label.decode() for label in entry.body["name"]): [rr.hex() for rr in household.records(entry)]
                 for (_, rrtype), entry in household.winners.items() if rrtype == AAAA}
        assert not household.waiting
        assert names == self.listed(), "the oracle disagrees"

    def check_keys(self):
        """A key is whole or not there, and never another one."""
        for name, first in (("signing.key", "hearth-key 1 signing"), ("zone.key", "hearth-key 1 zone"),
                            ("tls.key", "-----BEGIN PRIVATE KEY-----")):
            path = os.path.join(self.daemon.directory, "state", name)
            if not os.path.exists(path):
                assert name not in self.keys, f"{name} is gone"
                continue
            with open(path) as file:
                text = file.read()
            assert text.startswith(first + "\n") and text.endswith("\n"), (name, len(text))
            assert self.keys.setdefault(name, text) == text, f"{name} is another one"

    def check(self, oracle=True):
        self.check_entries()
        self.check_values()
        if oracle:
            self.check_oracle()
