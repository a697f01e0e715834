import json
import logging
from collections.abc import Iterator

import pytest

from api.log_setup import configure_logging


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_log_lines_are_json_objects_with_their_facts(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(is_json=True)
    logging.getLogger("routing.osm").warning("map is old", extra={"age_days": 40})
    record = json.loads(capsys.readouterr().err)
    assert record["event"] == "map is old"
    assert record["age_days"] == 40
    assert record["level"] == "warning"
    assert record["logger"] == "routing.osm"


def test_line_break_in_a_value_stays_inside_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(is_json=True)
    logging.getLogger("api").warning("name\ninjected: yes")
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_quiet_level_hides_information(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(is_json=True, level=logging.WARNING)
    logging.getLogger("api").info("started")
    assert capsys.readouterr().err == ""
