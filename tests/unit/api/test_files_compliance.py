from datetime import date, time
from pathlib import Path

import pytest

from api.files.compliance_file import EXAMPLE, TownCompliance, read_compliance
from optimizer.compliance.rules import DriverRegime
from optimizer.domain.issues import InvalidInputError


def written(folder: Path, content: str) -> Path:
    path = folder / "compliance.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_compliance_file_says_regimes_permits_and_reversing(tmp_path: Path) -> None:
    found = read_compliance(written(tmp_path, EXAMPLE))
    assert found.holiday_region == "DE-BW"
    assert found.rules.regime(frozenset({"residual"})) is DriverRegime.HAUSMUELL_FPERSV18
    assert found.rules.regime(frozenset({"glass"})) is DriverRegime.EU561
    assert found.rules.unprotected_sites == frozenset({"harbour"})
    assert found.rules.reversing_m_by_profile == {"truck_26t": 50.0}
    (permit,) = found.rules.noise_exceptions
    assert permit.permits(date(2026, 3, 2), time(6), time(6, 30))
    assert not permit.permits(date(2027, 3, 2), time(6), time(6, 30))


def test_empty_compliance_file_is_the_usual_law(tmp_path: Path) -> None:
    assert read_compliance(written(tmp_path, "# nothing else\n")) == TownCompliance()


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("[noise\n", "toml_syntax", "no valid TOML"),
        ('[driving_times]\ndefault = "none"\n', "unknown_regime", "arbzg_only"),
        ('[driving_times.by_stream]\nglass = "none"\n', "unknown_regime", "eu561"),
        ('[town]\nholiday_region = "XX-1"\n', "unknown_region", "DE-NW"),
        ('[town]\nholidays = "DE"\n', "unknown_key", "holiday_region"),
        ("[noises]\n", "unknown_table", "noise"),
        ("[noise]\nunprotected_sites = 3\n", "wrong_kind", "list of texts"),
        ("[[noise_permit]]\nfrom = 2026-01-01\n", "missing_key", "is missing"),
        (
            '[[noise_permit]]\nfrom = "2026"\nto = 2026-02-01\nstarts = 06:00:00\nends = 07:00:00\ngranted_by = "X"\n',
            "wrong_kind",
            "2026-01-01",
        ),
        (
            '[[noise_permit]]\nfrom = 2026-03-01\nto = 2026-02-01\nstarts = 06:00:00\nends = 07:00:00\ngranted_by="X"',
            "dates",
            "before it begins",
        ),
        ("[reversing_m_by_profile]\ntruck_26t = true\n", "not_a_number", "plain number"),
    ],
)
def test_wrong_compliance_file_is_refused_in_words(tmp_path: Path, content: str, code: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_compliance(written(tmp_path, content))
    assert any(issue.code == code and said in issue.message for issue in caught.value.issues), caught.value.issues
