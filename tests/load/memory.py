"""Memory of a process and all that it started."""

import contextlib
from pathlib import Path

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


def proportional_mb(pid: int) -> float:
    """Memory in MB where pages that several processes share count once (PSS); what a machine really spends."""
    root = psutil.Process(pid)
    total_kb = 0
    for one in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess, OSError):
            lines = Path(f"/proc/{one.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total_kb * 1024 / MB


def open_files(pid: int) -> int:
    """Open descriptors of the process itself."""
    return int(psutil.Process(pid).num_fds())
