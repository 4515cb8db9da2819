#!/usr/bin/env python3
"""kill -9 of the ledger process at any moment, while clients write: nothing acknowledged is lost, no place of a
stream is signed twice, and whoever starts next answers.

  kill.py [KILLS]        HEARTHD names the program
"""
import os
import random
import signal
import sys
import time

import house as faults
import hearthd
from hearthd import wait_until

KILLS = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdigit() else 300
A_HOUSE = 250  # kills; then another household, so that starts stay quick
CHECK = 40     # kills between two looks at every entry


def ledger_pid(daemon):
    """Without the daemon's help, which may not be up yet."""
    children = f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children"
    with open(children) as file:
        return [int(pid) for pid in file.read().split()]


def kill_ledger(daemon):
    pids = ledger_pid(daemon)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return pids


def answers(daemon, killed):
    """Another process than those answers."""
    try:
        return daemon.ask("hello")["pid"] not in killed
    except (OSError, ValueError):
        return False


def one_kill(house, number):
    daemon = house.daemon
    if number % 5 == 4:  # while it starts
        daemon.kill()
        daemon.start(ready=False)
        wait_until(lambda: ledger_pid(daemon), "a child")
        time.sleep(random.random() * 0.05)
        killed = kill_ledger(daemon)
    else:
        house.write()
        time.sleep(random.expovariate(1 / 0.03))
        killed = kill_ledger(daemon)
        house.rest()
    daemon.wait_for("ledger ended")
    if number % 3:  # by another parent; else by the one that is there, after its pause
        daemon.kill()
        daemon.start()
    wait_until(lambda: answers(daemon, killed), "an answer")
    house.check_values()


def live(kills):
    house = faults.House()
    house.daemon.start()
    house.found()
    for number in range(kills):
        one_kill(house, number)
        if number % CHECK == CHECK - 1:
            house.check_entries()
    house.check()
    problems = [problem["text"] for problem in house.daemon.ask("status")["problems"]]
    assert not [text for text in problems if "ledger" in text], problems
    assert house.daemon.stop() == 0
    return len(house.acknowledged)


def main():
    random.seed(KILLS)
    hearthd.isolate()
    done, acknowledged = 0, 0
    while done < KILLS:
        kills = min(A_HOUSE, KILLS - done)
        acknowledged += live(kills)
        done += kills
        print(f"{done} kills, {acknowledged} acknowledged entries: none lost, none signed twice", flush=True)


if __name__ == "__main__":
    main()
