"""Starts the command line; nothing is imported here otherwise, because every solver's process reads this file too."""

import sys

if __name__ == "__main__":
    from benchmarks.solver.command import main

    sys.exit(main())
