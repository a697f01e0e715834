"""Answers about messages, worded by hand, against the models that document them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from api.http.ingest import IngestAnswer, IngestResult, answer_of
from api.ingest.intake import IntakeReport, Outcome, Result
from optimizer.domain.reading import Quality

ACCEPTED = Result(device_id="bin-1", outcome=Outcome.ACCEPTED, quality=Quality.ACCEPTED)
DOUBTED = Result(
    device_id="bin-2", outcome=Outcome.ACCEPTED, quality=Quality.SUSPICIOUS, reasons=("no_instant", "low_battery")
)
REPEATED = Result(device_id='Tonne "ü"\u2028\\', outcome=Outcome.DUPLICATE, quality=Quality.ACCEPTED)
NAMELESS = Result(device_id=None, outcome=Outcome.QUARANTINED, code="not_json", detail='Send "JSON", größer als 0.')
UNKNOWN = Result(device_id="bin-3", outcome=Outcome.QUARANTINED, code="unknown_device", detail="Register it.")
OF_NO_CONCERN = Result(device_id="bin-4", outcome=Outcome.IGNORED, code="no_level")


def answered(results: Sequence[Result]) -> bytes:
    return bytes(answer_of(IntakeReport(results=tuple(results))).body)


def modelled(results: Sequence[Result]) -> IngestAnswer:
    """The answer by its models, one field after the other."""
    counts: dict[str, Any] = {word.value: sum(one.outcome is word for one in results) for word in Outcome}
    told = [
        IngestResult(
            index=index,
            device_id=one.device_id,
            status=one.outcome.value,
            code=one.code,
            detail=one.detail,
            quality=None if one.quality is None else int(one.quality),
            reasons=list(one.reasons),
        )
        for index, one in enumerate(results[:1_000])
    ]
    return IngestAnswer(**counts, results=told)


@pytest.mark.parametrize(
    "results",
    [
        [],
        [NAMELESS],
        [ACCEPTED, ACCEPTED, DOUBTED, ACCEPTED, DOUBTED, DOUBTED],
        [ACCEPTED, REPEATED, UNKNOWN, UNKNOWN, OF_NO_CONCERN, NAMELESS, UNKNOWN, ACCEPTED],
        [UNKNOWN, UNKNOWN._replace(detail="Register it, then replay."), UNKNOWN._replace(code="foreign_device")],
        [ACCEPTED] * 999 + [DOUBTED, NAMELESS, REPEATED],
    ],
)
def test_answer_has_the_fields_of_its_model_in_their_order(results: list[Result]) -> None:
    expected = modelled(results)
    assert json.loads(answered(results), object_pairs_hook=list) == json.loads(
        expected.model_dump_json(), object_pairs_hook=list
    )
    assert IngestAnswer.model_validate_json(answered(results)) == expected


def test_answer_can_be_sent_whatever_a_device_is_called() -> None:
    [told] = json.loads(answered([UNKNOWN._replace(device_id="\ud800\0")]))["results"]
    assert told["device_id"] == "\ud800\0"
