"""`fuhre serve`: the HTTP service for dispatchers, tablets and scripts."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    town: Annotated[Path, typer.Option("--town", help="The town's folder; its files fill an empty database.")] = Path(
        "demo-town"
    ),
    host: Annotated[str, typer.Option("--host", help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes for planning.")] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Let everybody on this machine do everything; for trying things out.")
    ] = False,
) -> None:
    """Serve plans, tours, containers and readings over HTTP; the documentation is at /docs.

    The first start writes a dispatcher's key into the town's folder, as api-key; fuhre key add makes others.
    For several towns set FUHRE_DATA_FOLDER, and see fuhre tenant.

    Example: fuhre serve --town demo-town
    """
    from api.http.serve import run_server

    run_server(town, host=host, port=port, workers=workers, has_keys=not without_keys)
