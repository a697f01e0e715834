"""Starts the command line."""

import sys

if __name__ == "__main__":
    from benchmarks.forecast.command import main

    sys.exit(main())
