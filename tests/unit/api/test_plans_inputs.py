from dataclasses import replace
from datetime import timedelta

import numpy as np

from api.plans.inputs import dump_inputs, inputs_of, inputs_of_edit, sensor_ages
from routing.crow_flight import CrowFlightRouter
from tests.flow.http_samples import NOW, one_stop_plan, rising_history, small_town


def test_ages_are_of_the_last_reading_before_the_plan() -> None:
    town = small_town()
    history = dict(rising_history(town, until=NOW))
    del history["P-000"]
    old = history["P-002"]
    history["P-002"] = replace(
        old,
        observed_at_s=old.observed_at_s[:-24],
        fill_fraction=old.fill_fraction[:-24],
        quality=old.quality[:-24],
        emptied_at_s=old.emptied_at_s,
    )
    ages = sensor_ages(town, history, streams=frozenset({"paper", "glass"}), as_of=NOW)
    assert (ages.sensors, ages.silent) == (12, 1)
    assert ages.oldest_s == 25 * 3600
    assert ages.oldest_at == NOW - timedelta(hours=25)
    assert ages.median_s == 3600
    # What came in after the cut-off is not what the plan rests on.
    before = sensor_ages(town, history, streams=frozenset({"glass"}), as_of=NOW - timedelta(hours=5))
    assert (before.sensors, before.median_s) == (6, 0)
    nothing = sensor_ages(town, {}, streams=frozenset({"glass"}), as_of=NOW)
    assert (nothing.silent, nothing.oldest_at, nothing.median_s) == (6, None, None)


def test_edited_plan_rests_on_the_same_readings_and_its_own_digest() -> None:
    town, plan = small_town(), one_stop_plan("a" * 32)
    info = CrowFlightRouter().map_info
    first = inputs_of(plan, town, rising_history(town), info)
    changed = inputs_of_edit(dump_inputs(first), replace(plan, inputs_digest="e" * 16), info)
    assert changed == dump_inputs(replace(first, snapshot_id="e" * 16))
    assert inputs_of_edit(None, plan, info) is None
    assert np.isfinite(first.sensors.median_s or 0)
