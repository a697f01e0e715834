from dataclasses import replace
from datetime import timedelta

import numpy as np

from optimizer.domain.request import DayRequest
from optimizer.planning.inputs_digest import digest_inputs


def test_digest_is_stable_for_equal_inputs(request_for_day: DayRequest) -> None:
    again = replace(request_for_day, history=dict(reversed(request_for_day.history.items())))
    assert digest_inputs(request_for_day, map_digest="m") == digest_inputs(again, map_digest="m")


def test_digest_changes_with_anything_that_matters(request_for_day: DayRequest) -> None:
    first = next(iter(request_for_day.history))
    series = request_for_day.history[first]
    one_reading_other = series.fill_fraction.copy()
    one_reading_other[3] += 0.01
    variants = [
        request_for_day,
        replace(request_for_day, day=request_for_day.day + timedelta(days=1)),
        replace(request_for_day, force=frozenset({"P-00"})),
        replace(request_for_day, limits=replace(request_for_day.limits, seed=2)),
        replace(request_for_day, town=replace(request_for_day.town, vehicles=request_for_day.town.vehicles[:1])),
        replace(
            request_for_day,
            history={**request_for_day.history, first: replace(series, fill_fraction=one_reading_other)},
        ),
    ]
    digests = {digest_inputs(one, map_digest="m") for one in variants}
    digests.add(digest_inputs(request_for_day, map_digest="other"))
    assert len(digests) == len(variants) + 1


def test_digest_ignores_readings_after_the_cut_off(request_for_day: DayRequest) -> None:
    first = next(iter(request_for_day.history))
    series = request_for_day.history[first]
    later_s = int(request_for_day.as_of.timestamp()) + 60
    longer = replace(
        series,
        observed_at_s=np.append(series.observed_at_s, later_s),
        fill_fraction=np.append(series.fill_fraction, np.float32(0.5)),
        quality=np.append(series.quality, np.int8(0)),
    )
    changed = replace(request_for_day, history={**request_for_day.history, first: longer})
    assert digest_inputs(changed, map_digest="m") == digest_inputs(request_for_day, map_digest="m")
