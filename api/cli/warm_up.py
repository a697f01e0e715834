"""`fuhre warm-up`: compile once what all later commands use."""

import json as json_module
import time

import typer
from rich.console import Console

from api.cli.inputs import JsonOption
from api.cli.progress import progress_bars


def warm_up(json: JsonOption = False) -> None:
    """Compile all kernels now, on two cores, instead of during the first plan; `make` does it after installing.

    The first time takes about 40 s, and a few seconds when everything is compiled already. Compiled kernels lie beside
    the code, or in your cache folder where that is not writable; set NUMBA_CACHE_DIR to keep them elsewhere. Needed
    again after an update only.

    Example: fuhre warm-up
    """
    from api.warm_up.compile_ahead import compile_ahead

    started_s = time.perf_counter()
    with progress_bars(is_shown=not json) as progress:
        seconds = compile_ahead(progress)
    total_s = round(time.perf_counter() - started_s, 1)
    if json:
        typer.echo(json_module.dumps({"seconds": total_s, "seconds_by_step": seconds}))
        return
    steps = ", ".join(f"{step} {step_s:.1f} s" for step, step_s in seconds.items())
    Console().print(f"Everything is compiled and kept: {total_s:.1f} s ({steps}).")
