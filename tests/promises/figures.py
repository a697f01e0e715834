"""What is promised about input, limits, isolation, ending, contents, privacy and health: measured beside its targets.

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
    g10_input,
    g11_limits,
    g12_isolation,
    g15_stop,
    g16_contents,
    g17_privacy,
    g18_health,
)
from tests.promises.place import Place, Size
from tests.promises.table import Table

PROMISES: dict[str, tuple[str, Callable[[Place, Table], None]]] = {
    "G10": ("no fault of ours by anybody's input", g10_input.measure),
    "G11": ("limits, and others meanwhile", g11_limits.measure),
    "G12": ("towns see nothing of each other", g12_isolation.measure),
    "G15": ("an end in good order", g15_stop.measure),
    "G16": ("what an installation consists of", g16_contents.measure),
    "G17": ("people leave no more traces than they must", g17_privacy.measure),
    "G18": ("health tells the truth", g18_health.measure),
}


def measured(names: list[str], *, is_postgresql: bool, size: Size, progress: Progress | None = None) -> Table:
    """The table of these promises."""
    table = Table()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuhre-promises-")))
        server = stack.enter_context(running_postgres(is_on_disk=True)) if is_postgresql else None
        for name in names:
            title, measure = PROMISES[name]
            task = None if progress is None else progress.add_task(f"{name}  {title}", total=1, detail="")

            def tell(words: str, task: object = task) -> None:
                if progress is not None:
                    progress.update(task, detail=words)  # type: ignore[arg-type]  # it is a task where there is a progress

            measure(Place(folder=folder, server=server, size=size, tell=tell), table)
            if progress is not None and task is not None:
                progress.update(task, completed=1, detail="")
    return table


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
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write the table there, too")
    asked = parser.parse_args()
    size = Size(requests=asked.requests, stops=asked.stops, seed=asked.seed)
    if asked.quick:
        size = Size(requests=600, bodies=5, stops=1, is_quick=True, seed=asked.seed)
    columns = (SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), TimeElapsedColumn())
    began_s = time.monotonic()
    with Progress(*columns, TextColumn("[dim]{task.fields[detail]}"), console=Console(stderr=True)) as progress:
        wanted = [name for name in PROMISES if name in (asked.only or PROMISES)]
        table = measured(wanted, is_postgresql=asked.postgresql, size=size, progress=progress)
    kind = "PostgreSQL" if asked.postgresql else "SQLite"
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    title = f"Promises on {kind}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {time.monotonic() - began_s:.0f} s, {load}:"
    text = f"{title}\n\n{table.markdown()}\n"
    sys.stdout.write(text)
    if asked.out is not None:
        asked.out.write_text(text, encoding="utf-8")
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
