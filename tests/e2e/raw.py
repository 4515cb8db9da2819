#!/usr/bin/env python3
"""raw.py BUILD [STORY…]: hearth-proxy without a browser: which devices it lets through, clients and devices as hostile as
can be. What each side sees, and what it got of the other."""
import sys

import home
import hostile_clients
import hostile_devices
import verdicts
from website import site


def main():
    home.enter()
    h = home.Home(sys.argv[1])
    try:
        h.start()
        h.start_proxy()
        h.device("camera", "20", answer=site)
        h.device("nas", "21", answer=site)
        h.run_stories(verdicts.STORIES + hostile_clients.STORIES + hostile_devices.STORIES, sys.argv[2:])
    finally:
        h.close()
    return h.ending("e2e/raw")


if __name__ == "__main__":
    sys.exit(main())
