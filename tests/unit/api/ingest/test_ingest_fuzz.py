"""No body makes the intake fail: each message is accepted, known, ignored or kept with a reason.

``INGEST_FUZZ_CASES=100000 pytest tests/unit/api/ingest/test_ingest_fuzz.py`` makes the long run.
"""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from api.ingest.arrival import MAX_AGE, MAX_CLOCK_LEAD, REASONS
from api.ingest.formats import FORMATS
from api.ingest.intake import Outcome
from tests.unit.api.ingest.intake_setup import NOW, bench, device
from tests.unit.api.ingest.mutations import bodies

CASES = int(os.environ.get("INGEST_FUZZ_CASES", "6000"))


def test_changed_messages_never_fail_and_never_store_nonsense() -> None:
    others = ("sta:4711", "urn:dev:mac:0024befffe804ff1", "urn:dev:ops:bin-7")
    decoders = ("", "plain_percent", "sensoneo_single3", "netvox_r718x", "dragino_ldds75")
    fed = [bench(device(decoder=decoder), *(device(name) for name in others)) for decoder in decoders]
    outcomes = dict.fromkeys(Outcome, 0)
    for number, (format_name, body) in enumerate(bodies(CASES, seed=20261122)):
        one = fed[number % len(fed)]
        report = one.intake.take_in(format_name, body, content_type="application/json")
        assert report.results
        for result in report.results:
            outcomes[result.outcome] += 1
            assert result.code or result.outcome in {Outcome.ACCEPTED, Outcome.DUPLICATE}
            assert set(result.reasons) <= set(REASONS)
    stored = [reading for one in fed for reading in one.store.readings.kept.values()]
    assert all(0 <= reading.fill_fraction <= 2 for reading in stored)
    assert all(NOW - MAX_AGE <= reading.observed_at <= NOW + MAX_CLOCK_LEAD for reading in stored)
    for one in fed:
        for message in one.store.quarantine.kept.values():
            assert message.reason
            assert 0 < len(message.detail) <= 1_000
            assert message.device_id is None or len(message.device_id) <= 64
    # The run is worth something only if every fate is met often.
    fates = (outcomes[Outcome.ACCEPTED] + outcomes[Outcome.DUPLICATE], outcomes[Outcome.IGNORED])
    assert outcomes[Outcome.ACCEPTED] > 50
    assert min(*fates, outcomes[Outcome.QUARANTINED]) > CASES // 50, outcomes


@given(st.sampled_from(sorted(FORMATS)), st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_answered(format_name: str, body: bytes) -> None:
    fed = bench()
    assert fed.intake.take_in(format_name, body).results
    assert fed.levels() == []


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [
                    "data",
                    "value",
                    "id",
                    "type",
                    "fillingLevel",
                    "observedAt",
                    "metadata",
                    "unitCode",
                    "bn",
                    "n",
                    "v",
                    "t",
                    "bt",
                    "vb",
                    "vs",
                    "Datastream",
                    "result",
                    "phenomenonTime",
                    "@iot.id",
                    "unitOfMeasurement",
                    "symbol",
                    "end_device_ids",
                    "uplink_message",
                    "dev_eui",
                    "frm_payload",
                    "decoded_payload",
                    "rx_metadata",
                    "rssi",
                    "deviceInfo",
                    "devEui",
                    "object",
                    "notifiedAt",
                    "status",
                ]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


@given(st.sampled_from(sorted(FORMATS)), _JSON)
@settings(max_examples=300, deadline=None)
def test_any_document_is_answered(format_name: str, document: object) -> None:
    import json

    body = json.dumps(document).encode()
    fed = bench()
    report = fed.intake.take_in(format_name, body)
    assert report.results
    for message in list(fed.store.quarantine.kept.values()):
        assert fed.intake.replay(message).results
