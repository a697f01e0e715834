"""What a town says of the law that binds its tours, from ``compliance.toml`` in its folder.

All of it may be left out; what is there is read completely or refused with every issue.
"""

from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any

from api.files.toml_section import Section, read_toml
from optimizer.compliance.rules import ComplianceRules, DriverRegime, NoiseException
from optimizer.domain.issues import InvalidInputError
from optimizer.forecasting.public_holidays import regional_holidays

COMPLIANCE_NAME = "compliance.toml"
DEFAULT_REGION = "DE-NW"

EXAMPLE = """\
[town]
holiday_region = "DE-BW"    # as in ISO 3166: a country, or a part of one

[driving_times]
# "eu561", "hausmuell_fpersv18" (FPersV section 18 (1) no. 8) or "arbzg_only"; the first is for streams not named.
default = "eu561"

[driving_times.by_stream]
residual = "hausmuell_fpersv18"

[noise]
# Container sites outside residential areas (32. BImSchV section 7); every other site counts as protected.
unprotected_sites = ["harbour"]

[[noise_permit]]
from = 2026-01-01
to = 2026-12-31
starts = 06:00:00
ends = 07:00:00
granted_by = "Untere Immissionsschutzbehörde"
condition = "not in front of the clinic"

[reversing_m_by_profile]
truck_26t = 50
"""
"""A whole file."""

_TABLES = frozenset({"town", "driving_times", "noise", "noise_permit", "reversing_m_by_profile"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TownCompliance:
    """The rules for a town's tours, and whose public holidays count."""

    rules: ComplianceRules = field(default_factory=ComplianceRules)
    holiday_region: str = DEFAULT_REGION


def read_compliance(path: Path) -> TownCompliance:
    """The rules in a file.

    Raises
    ------
    InvalidInputError
        With every issue, when the file is no TOML, or a value is missing, misspelt or of a wrong kind.
    """
    file = read_toml(path)
    town, driving = file.one("town"), file.one("driving_times")
    noise, reversing = file.one("noise"), file.one("reversing_m_by_profile")
    usual = ComplianceRules()
    region = town.text("holiday_region", DEFAULT_REGION)
    try:
        regional_holidays(region)
    except ValueError as error:
        town.add("holiday_region", "unknown_region", str(error))
    by_stream = driving.table("by_stream")
    regimes = {name: _regime(by_stream, name, by_stream.text(name)) for name in by_stream.values}
    default_regime = _regime(driving, "default", driving.text("default", usual.default_regime.value))
    unprotected = noise.texts("unprotected_sites", frozenset())
    permits = [_permit(section) for section in file.many("noise_permit")]
    reversing_m = {name: float(reversing.number(name)) for name in reversing.values}
    for section in (town, driving, noise):
        section.finish()
    file.finish(_TABLES)
    if file.issues:
        raise InvalidInputError(file.issues)
    return TownCompliance(
        rules=ComplianceRules(
            default_regime=default_regime,
            regime_by_stream={**usual.regime_by_stream, **regimes},
            unprotected_sites=unprotected,
            noise_exceptions=tuple(one for one in permits if one is not None),
            reversing_m_by_profile=reversing_m,
        ),
        holiday_region=region,
    )


def _regime(section: Section, key: str, said: str) -> DriverRegime:
    known = [one.value for one in DriverRegime]
    if said not in known:
        section.add(key, "unknown_regime", f"{key} is '{said}'. Use one of: {', '.join(known)}.")
        return DriverRegime.EU561
    return DriverRegime(said)


def _permit(section: Section) -> NoiseException | None:
    before = len(section.issues)
    first, last = (_of_kind(section, key, date, "a date, as in 2026-01-01") for key in ("from", "to"))
    starts, ends = (_of_kind(section, key, time, "a clock time, as in 06:00:00") for key in ("starts", "ends"))
    granted_by = section.text("granted_by")
    condition = section.text("condition", "")
    section.finish()
    if len(section.issues) > before:
        return None
    if last < first:
        section.add("to", "dates", "The permit ends before it begins. Correct from or to.")
    return NoiseException(
        from_date=min(first, last),
        to_date=max(first, last),
        starts_local=starts,
        ends_local=ends,
        granted_by=granted_by,
        condition=condition,
    )


def _of_kind(section: Section, key: str, kind: type, example: str) -> Any:
    value = section.raw(key, None)
    # An instant is a date to Python, but no day of a permit.
    if value is not None and type(value) is not kind:
        section.add(key, "wrong_kind", f"{key} is {value!r}; write {example}, without quotes.")
    return value
