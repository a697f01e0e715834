"""Starts the season benchmark: ``python -m benchmarks.season``."""

import sys

from benchmarks.season.command import main

if __name__ == "__main__":
    sys.exit(main())
