"""A town's master data as JSON documents: the town without its containers, and each container for itself."""

from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from api.store.errors import BrokenDatabaseError
from optimizer.domain.container import Container
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import SelectionRules
from optimizer.domain.town import Town


@dataclass(frozen=True, slots=True, kw_only=True)
class TownRecord:
    """A town and the selection rules that hold where a request names none."""

    town: Town
    rules: SelectionRules = field(default_factory=SelectionRules)


_RECORD = TypeAdapter(TownRecord)
_CONTAINER = TypeAdapter(Container)


def dump_record(record: TownRecord) -> bytes:
    """The record without the containers, which are stored one by one."""
    return _RECORD.dump_json(replace(record, town=replace(record.town, containers=())))


def load_record(document: bytes, containers: tuple[Container, ...]) -> TownRecord:
    """The record with its containers.

    Raises
    ------
    BrokenDatabaseError
        When a stored document does not fit the code any more.
    """
    try:
        record = _RECORD.validate_json(document)
        return replace(record, town=replace(record.town, containers=containers))
    except (ValidationError, InvalidInputError) as error:
        raise BrokenDatabaseError(source="(town document)", detail="the stored town does not hold together") from error


def dump_container(container: Container) -> bytes:
    """One container as JSON."""
    return _CONTAINER.dump_json(container)


def load_container(document: bytes) -> Container:
    """The container in a stored document.

    Raises
    ------
    BrokenDatabaseError
        When the document does not fit the code any more.
    """
    try:
        return _CONTAINER.validate_json(document)
    except (ValidationError, InvalidInputError) as error:
        raise BrokenDatabaseError(source="(container document)", detail="a stored container is invalid") from error
