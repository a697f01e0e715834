"""The compliance of a stored plan by the rules of its town's folder."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from api.export.texts import Language
from api.files.compliance_file import COMPLIANCE_NAME, TownCompliance, read_compliance
from optimizer.compliance.judge_plan import TourCompliance, judge_compliance
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town
from optimizer.forecasting.public_holidays import regional_holidays

COMPLIANCE_MEDIA_TYPE = "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCompliance:
    """Every tour's sheet, and where the rules come from.

    Attributes
    ----------
    digest
        Changes with what the sheets say.
    """

    tours: tuple[TourCompliance, ...]
    holiday_region: str
    is_from_file: bool
    digest: str


def compliance_of(plan: Plan, town: Town, folder: Path | None) -> PlanCompliance:
    """The plan judged by the folder's ``compliance.toml``, or by the usual rules where there is none.

    Raises
    ------
    InvalidInputError
        When the file cannot be used.
    """
    path = None if folder is None else folder / COMPLIANCE_NAME
    is_from_file = path is not None and path.is_file()
    said = read_compliance(path) if path is not None and is_from_file else TownCompliance()
    tours = judge_compliance(plan, said.rules, regional_holidays(said.holiday_region), town.zone)
    return PlanCompliance(
        tours=tours,
        holiday_region=said.holiday_region,
        is_from_file=is_from_file,
        digest=hashlib.sha256(repr(tours).encode()).hexdigest()[:8],
    )


def compliance_pdf(plan: Plan, judged: PlanCompliance, town: Town, language: Language) -> bytes:
    """The sheets as A4 pages."""
    from api.export.pdf_sheets import compliance_sheet_pdf  # noqa: PLC0415 - slow to load, and seldom asked for

    return compliance_sheet_pdf(plan, judged.tours, town=town, language=language)
