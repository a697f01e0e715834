from importlib.resources import files
from pathlib import Path

import pytest

from routing.errors import BrokenProfileError, UnknownProfileError
from routing.profile import load_profile, profile_names

SHIPPED = ("truck_18t", "truck_26t", "van_3_5t")


def _text(name: str) -> str:
    return files("routing.profiles").joinpath(f"{name}.toml").read_text(encoding="utf-8")


def test_three_profiles_ship() -> None:
    assert profile_names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profile_loads_and_explains_itself(name: str) -> None:
    assert load_profile(name).name == name
    assert _text(name).count("#") > 10


def test_only_the_van_is_no_heavy_vehicle() -> None:
    assert [load_profile(name).is_heavy for name in SHIPPED] == [True, True, False]


def test_own_profile_loads_from_a_folder_or_a_path(tmp_path: Path) -> None:
    path = tmp_path / "cargo_bike.toml"
    path.write_text(_text("van_3_5t").replace("weight_kg = 3500", "weight_kg = 300"), encoding="utf-8")
    assert load_profile("cargo_bike", profiles_dir=tmp_path).weight_kg == 300
    assert load_profile(path).name == "cargo_bike"
    assert profile_names(tmp_path) == ("cargo_bike", *SHIPPED)


def test_own_profile_goes_before_a_shipped_one_of_the_same_name(tmp_path: Path) -> None:
    text = _text("truck_26t").replace("height_cm = 360", "height_cm = 400")
    (tmp_path / "truck_26t.toml").write_text(text, encoding="utf-8")
    assert load_profile("truck_26t", profiles_dir=tmp_path).height_cm == 400


@pytest.mark.parametrize("name", ["tank", "", "../truck_26t", "truck_26t.toml"])
def test_unknown_profile_names_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownProfileError, match="truck_26t") as caught:
        load_profile(name)
    assert caught.value.known == SHIPPED


def test_broken_profile_names_every_problem_at_once(tmp_path: Path) -> None:
    text = (
        _text("truck_26t")
        .replace("weight_kg = 26000", "weight_kg = 0")
        .replace("height_cm = 360\n", "")
        .replace("residential = 25", 'residential = "slow"')
        .replace("left_s = 7", "left_s = true")
        .replace("may_use_private = false", "may_use_private = 1")
        .replace('title = "Waste truck 26 t, rear loader"', "title = 3")
        .replace("[u_turns]", "[u_turns]\nspin_s = 4")
        .replace('keys = ["access"', 'keys = [1, "access"')
    )
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenProfileError) as caught:
        load_profile(path)
    for problem in (
        "[dimensions] weight_kg must be a whole number from 1",
        "[dimensions] height_cm is missing",
        "[speeds_kph] residential must be a speed",
        "[turns] left_s must be a number",
        "[access] may_use_private must be true or false",
        "title must be a text",
        "[u_turns] spin_s is unknown",
        "[access] keys must be a list of texts",
    ):
        assert problem in caught.value.detail


@pytest.mark.parametrize("content", [b"= nonsense", b"\xff\xfe", b""])
def test_unreadable_profile_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(BrokenProfileError, match=r"bad\.toml"):
        load_profile(path)


def test_reversing_rule_holds_only_where_the_profile_says_so(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    assert 'rule = "dguv"' in _text("truck_26t")
    path.write_text(_text("truck_26t").replace('rule = "dguv"', 'rule = "none"'), encoding="utf-8")
    assert load_profile(path).reversing is None
    rule = load_profile("truck_26t").reversing
    assert rule is not None
    assert (rule.max_reversing_m, rule.turning_circle_m, rule.max_rolling_m) == (150, 22, 0)
    path.write_text(_text("truck_26t").partition("[reversing]")[0], encoding="utf-8")
    assert load_profile(path).reversing is None
    assert load_profile("van_3_5t").reversing is None


def test_unknown_reversing_rule_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(_text("truck_26t").replace('rule = "dguv"', 'rule = "often"'), encoding="utf-8")
    with pytest.raises(BrokenProfileError, match=r"\[reversing\] rule must be one of none, dguv"):
        load_profile(path)
