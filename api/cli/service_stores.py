"""The databases of a service on the command line: those of one town's folder, or of a service of several towns."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.domain.issues import InvalidInputError, Issue

if TYPE_CHECKING:
    from api.store.tenant_ports import TenantStores

TownOption = Annotated[Path, typer.Option("--town", help="Folder of the town that is served alone.")]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="Data folder of a service of several towns [default: FUHRE_DATA_FOLDER].")
]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="The tenant, where there are several.")]
DEFAULT_TOWN = Path("demo-town")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedStores:
    """The stores, and where the towns' files lie.

    Attributes
    ----------
    data_folder
        None for a service of one town.
    """

    stores: "TenantStores"
    data_folder: Path | None

    def tenant_id(self, asked: str | None) -> str:
        """The tenant that is meant.

        Raises
        ------
        InvalidInputError
            When there is no such tenant, or several to choose from.
        """
        known = [tenant.tenant_id for tenant in self.stores.tenants()]
        if asked is None and len(known) == 1:
            return known[0]
        if asked in known:
            return str(asked)
        names = f"There are: {', '.join(known)}." if known else "There is none yet: see fuhre tenant add."
        raise InvalidInputError([Issue(where="--tenant", code="unknown_tenant", message=f"Name a tenant. {names}")])


@contextmanager
def opened_stores(town: Path, data: Path | None) -> Iterator[OpenedStores]:
    """The databases, also while a service runs on them; a town that was never served is made ready for it.

    Raises
    ------
    StoreError
        When they cannot be used.
    InvalidInputError
        When the town's files are needed and cannot be used.
    """
    from api.http.first_start import only_tenant
    from api.settings import read_settings
    from api.store.sql_tenants import open_tenant_stores

    if data is not None and ":/" in str(data):
        message = "This is a database, and a folder is asked for. Set FUHRE_DATABASE_URL to the database instead."
        raise InvalidInputError([Issue(where="--data", code="no_folder", message=message)])
    settings = read_settings()
    data_folder = data or settings.data_folder
    folder = data_folder or settings.town_folder or town
    stores = open_tenant_stores(settings.database_url or str(folder.absolute()))
    try:
        if data_folder is None:
            only_tenant(stores, folder.absolute())
        yield OpenedStores(stores=stores, data_folder=data_folder)
    finally:
        stores.close()
