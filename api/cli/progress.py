"""Progress of long work on the terminal, on standard error so that pipes stay clean."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from optimizer.ports import ReportsProgress


class _Bars:
    """One bar per step, in the order the steps begin."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, share: float, detail: str = "") -> None:
        """Move the bar of a step."""
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=1.0, detail="")
        self._progress.update(self._tasks[step], completed=share, detail=detail)


@contextmanager
def progress_bars(*, is_shown: bool) -> Iterator[ReportsProgress | None]:
    """Bars while the block runs; nothing at all when not shown."""
    if not is_shown:
        yield None
        return
    columns = (
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=28),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        yield _Bars(progress)
