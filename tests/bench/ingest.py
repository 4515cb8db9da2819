"""How fast signed entries come in, beside what libsodium needs to verify them and LMDB to keep them."""
import os

import common
from common import Table

LABELS = {"verify": "libsodium alone: verify, one thread",
          "verify-all": "libsodium alone: verify, a thread for each processor",
          "put": "LMDB alone: all in one commit",
          "ingest": "ledger_ingest, one batch",
          "import": "a bundle, by backup_import",
          "put-alone": "LMDB alone: a commit each",
          "index-alone": "LMDB alone: a commit each, with an index by id",
          "ingest-alone": "ledger_ingest, a commit each"}
# Of a bundle, the signatures are verified on all processors; an entry handed over by itself is in one thread.
FLOORS = {"ingest": "verify", "import": "verify-all", "index-alone": "put-alone", "ingest-alone": "put-alone"}


def bench_ingest(bench):
    count = bench.sizes[-1]
    alone = min(count, 500 * bench.seconds)
    rates = {what: [] for what in LABELS}
    efforts = {what: [] for what in LABELS}
    for number in range(bench.rounds):
        folder = bench.folder("ingest", str(number))
        said = common.run([bench.program("bench_ingest"), folder, str(count), str(alone), "1"])
        common.run(["rm", "-r", folder])
        for line in said.splitlines():
            what, entries, seconds, processor = line.split()
            rates[what].append(int(entries) / float(seconds))
            efforts[what].append(float(processor) / int(entries) * 1e6)
    cores = len(os.sched_getaffinity(0))
    table = Table("Ledger ingest",
                  f"{count:,} entries (SETs of one AAAA) in bulk, {alone:,} one by one; {cores} cores. What other "
                  "work on the machine takes is in the rate, but not in the processor time.",
                  "what", "entries a second", "by its floor", "µs of processor an entry", "its floor's by it")
    for what, label in LABELS.items():
        floor = FLOORS.get(what)
        table.add(label, common.spread(rates[what]), common.ratio(rates[what], rates[floor]) if floor else "",
                  common.spread(efforts[what], 1), common.ratio(efforts[floor], efforts[what]) if floor else "")
    return [table]
