"""From the start of hearthd to answers, with a ledger that is there already."""
import threading
import time

import common
import house
import peers
from common import Table


class Restart:
    """Seconds from the start of the process, once."""

    def __init__(self, home, devices):
        self.begin = time.monotonic()
        self.answered = 0.0
        asker = threading.Thread(target=self.ask, args=(home.port, f"{house.device(devices - 1)}.{house.ZONE}"))
        asker.start()
        self.ready = home.start()
        asker.join()
        home.stop()

    def ask(self, port, name):
        def answered():
            answer = peers.ask(port, name, 28)
            return answer and answer[3] & 15 == 0 and answer[7] == 1
        common.wait_until(answered, f"an answer for {name}")
        self.answered = time.monotonic() - self.begin


def bench_restart(bench):
    table = Table("Restart",
                  "From the start of the process until the last device is answered for (from the view of before, which "
                  "needs no ledger), and until it is ready: database checked, ledger replayed, a new view published.",
                  "entries", "devices", "s to the first answer", "s to ready")
    for devices in sorted({bench.sizes[0], bench.sizes[-1] // 2, bench.sizes[-1]}):
        home = house.copy_house(bench, devices, "restart")
        restarts = [Restart(home, devices) for _ in range(bench.rounds)]
        table.add(f"{2 * devices:,}", f"{devices:,}", common.spread([once.answered for once in restarts], 2),
                  common.spread([once.ready for once in restarts], 2))
    return [table]
