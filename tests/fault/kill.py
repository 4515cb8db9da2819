#!/usr/bin/env python3
"""kill -9 of the ledger process at any moment, while clients write, while it starts, and while its keys come to be:
nothing acknowledged is lost, no batch is there in part, no place of a stream is signed twice, the node's keys stay,
and whoever starts next answers.

  kill.py [KILLS]        HEARTHD names the program; JOBS (1) how many houses go on side by side
"""
import concurrent.futures
import itertools
import os
import random
import shutil
import signal
import sys
import time

import house as faults
import hearthd
from hearthd import is_running, wait_until

KILLS = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdigit() else 300
JOBS = int(os.environ.get("JOBS", "1"))
A_HOUSE = 200       # kills at most, and …
ENTRIES = 2500      # … so many entries: the oracle's time grows with their square
ENTRIES_BIG = 25000  # one house in eight, which the oracle does not judge
CHECK = 25          # kills between two looks at every entry
BIRTHS = 4          # kills before there is a household


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


def kill_all(daemon):
    """The parent too. A child that it had just made holds its lock until it has died as well."""
    pids = ledger_pid(daemon) if daemon.process.poll() is None else []
    daemon.kill()
    wait_until(lambda: not any(is_running(pid) for pid in pids), "the end of its children")


def answers(daemon, killed):
    """Another process than those answers."""
    try:
        return daemon.ask("hello")["pid"] not in killed
    except (OSError, ValueError):
        return False


def kill_starting(daemon, rng):
    daemon.start(ready=False)
    wait_until(lambda: ledger_pid(daemon), "a child")
    time.sleep(rng.random() * 0.04)
    return kill_ledger(daemon)


def kill_newborn(house, rng):
    """A key is whole or not there, and stays once it is there."""
    for _ in range(BIRTHS):
        kill_starting(house.daemon, rng)
        kill_all(house.daemon)
        house.check_keys()


def one_kill(house, number, rng):
    daemon = house.daemon
    if number % 5 == 4:
        kill_all(daemon)
        killed = kill_starting(daemon, rng)
    else:
        house.write()
        time.sleep(rng.expovariate(1 / 0.015))
        killed = kill_ledger(daemon)
        house.rest()
    daemon.wait_for("ledger ended")
    if number % 4:  # by another parent; else by the one that is there, after its pause
        kill_all(daemon)
        daemon.start()
    wait_until(lambda: answers(daemon, killed), "an answer")
    house.check_values()


def live(seed, kills):
    """One household's life: how many kills it bore, and its entries."""
    rng = random.Random(seed)
    big = seed % 8 == 7
    house = faults.House()
    daemon = house.daemon
    try:
        kill_newborn(house, rng)
        daemon.start()
        house.found()
        done = BIRTHS
        while done < kills and len(house.acknowledged) < (ENTRIES_BIG if big else ENTRIES):
            one_kill(house, done, rng)
            done += 1
            if done % CHECK == 0:
                house.check_entries()
        house.check(oracle=not big)
        house.check_keys()
        problems = [problem["text"] for problem in daemon.ask("status")["problems"]]
        assert not [text for text in problems if "ledger" in text], problems
        assert daemon.stop() == 0
    except BaseException:
        print(f"house {seed} is kept in {daemon.directory}\n" + "\n".join(daemon.lines), file=sys.stderr, flush=True)
        raise
    finally:
        daemon.kill()
    shutil.rmtree(daemon.directory)
    return done, len(house.acknowledged)


def main():
    hearthd.isolate()
    begun, killed, acknowledged, houses = time.monotonic(), 0, 0, itertools.count()
    with concurrent.futures.ProcessPoolExecutor(JOBS) as pool:
        running = set()
        while killed < KILLS or running:
            while killed < KILLS and len(running) < JOBS:
                running.add(pool.submit(live, next(houses), min(A_HOUSE, KILLS - killed)))
            ended, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for house in ended:
                kills, entries = house.result()
                killed, acknowledged = killed + kills, acknowledged + entries
            print(f"{killed} kills, {acknowledged} acknowledged entries: none lost, none signed twice; "
                  f"{time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
