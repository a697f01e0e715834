"""What is promised of repetition, recovery, input, limits, isolation, ending, contents, privacy and health, measured.

Every figure is measured on real services in processes of their own, over HTTP; nothing is taken from a test's memory.

    python -m tests.promises.figures                         # all of them, on SQLite files: about a quarter of an hour
    python -m tests.promises.figures --postgresql            # the same on a PostgreSQL of its own
    python -m tests.promises.figures --only G11 --only G15   # two of them
    python -m tests.promises.figures --requests 5000         # fewer fuzzed requests (the promise is about 100,000)
    python -m tests.promises.figures --quick                 # seconds for each, to see that they work
    python -m tests.promises.figures --out promises.md       # the table into a file, too

The command ends with 1 when a figure is beyond its target. Times are of the clock on the wall: on a machine that has
other work to do, those of G11 and G18 say more about the machine; its load is printed below the table.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tests.postgres import running_postgres
from tests.promises import (
    g02_once,
    g03_recovery,
    g10_input,
    g11_limits,
    g12_isolation,
    g13_disaster,
    g15_stop,
    g16_contents,
    g17_privacy,
    g18_health,
)
from tests.promises.place import Place, Size, Tells
from tests.promises.table import Table

PROMISES: dict[str, tuple[str, Callable[[Place, Table], None]]] = {
    "G2": ("once and only once", g02_once.measure),
    "G3": ("soon back after a fault", g03_recovery.measure),
    "G10": ("no fault of ours by anybody's input", g10_input.measure),
    "G11": ("limits, and others meanwhile", g11_limits.measure),
    "G12": ("towns see nothing of each other", g12_isolation.measure),
    "G13": ("back after a disaster", g13_disaster.measure),
    "G15": ("an end in good order", g15_stop.measure),
    "G16": ("what an installation consists of", g16_contents.measure),
    "G17": ("people leave no more traces than they must", g17_privacy.measure),
    "G18": ("health tells the truth", g18_health.measure),
}


def measured(
    names: list[str],
    *,
    is_postgresql: bool,
    size: Size,
    progress: Progress | None = None,
    keep: Callable[[Table], None] = lambda _: None,
) -> Table:
    """The table of these promises.

    Parameters
    ----------
    keep
        Called with the table after each of them: what was measured outlives what breaks off later.
    """
    table = Table()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuhre-promises-")))
        server = stack.enter_context(running_postgres(is_on_disk=True)) if is_postgresql else None
        for name in names:
            title, measure = PROMISES[name]
            tell = _teller(progress, f"{name}  {title}")
            try:
                measure(Place(folder=folder, server=server, size=size, tell=tell), table)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other promises can still be measured
                table.says(name, "the measurement comes to its end", "yes", f"no: {error!r}"[:600], is_met=False)
            tell("")
            keep(table)
    return table


def _teller(progress: Progress | None, title: str) -> Tells:
    """Shows what is being done beside a promise; with no words it is done."""
    if progress is None:
        return lambda _: None
    task = progress.add_task(title, total=1, detail="")
    return lambda words: progress.update(task, detail=words, completed=0 if words else 1)


def main() -> int:
    """Print the table; 1 when a figure is beyond its target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ", ".join(f"{name} {title}" for name, (title, _) in PROMISES.items())
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own instead of SQLite files")
    parser.add_argument("--only", action="append", choices=list(PROMISES), metavar="Gn", help=f"of {names}")
    parser.add_argument("--requests", type=int, default=Size().requests, help="fuzzed requests of G10")
    parser.add_argument("--stops", type=int, default=Size().stops, help="services that G15 tells to end")
    parser.add_argument("--seed", type=int, default=1, help="what chance begins with")
    parser.add_argument("--quick", action="store_true", help="a little of everything, to see that it works")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write the table there, too, after each promise")
    asked = parser.parse_args()
    size = Size(requests=asked.requests, stops=asked.stops, seed=asked.seed)
    if asked.quick:
        size = Size(requests=600, bodies=5, stops=1, is_quick=True, seed=asked.seed)
    began_s = time.monotonic()
    wanted = [name for name in PROMISES if name in (asked.only or PROMISES)]

    def text_of(table: Table) -> str:
        kind = "PostgreSQL" if asked.postgresql else "SQLite"
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        took_s = time.monotonic() - began_s
        title = f"Promises on {kind}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {took_s:.0f} s, {load}:"
        return f"{title}\n\n{table.markdown()}\n"

    def keep(table: Table) -> None:
        if asked.out is not None:
            asked.out.write_text(text_of(table), encoding="utf-8")

    columns = (SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, TextColumn("[dim]{task.fields[detail]}"), console=Console(stderr=True)) as progress:
        table = measured(wanted, is_postgresql=asked.postgresql, size=size, progress=progress, keep=keep)
    sys.stdout.write(text_of(table))
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
