"""Starts the command line; nothing is imported here otherwise, because every peer's process reads this file too."""

import sys

if __name__ == "__main__":
    from benchmarks.routing.command import main

    sys.exit(main())
