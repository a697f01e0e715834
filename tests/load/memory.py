"""Memory of a process and all that it started."""

import contextlib

import psutil

MB = 2**20


def resident_mb(pid: int) -> float:
    """Resident memory in MB: shared pages are counted once for each process, so this is an upper bound."""
    root = psutil.Process(pid)
    total = 0
    for one in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += one.memory_info().rss
    return total / MB


def open_files(pid: int) -> int:
    """Open descriptors of the process itself."""
    return int(psutil.Process(pid).num_fds())
