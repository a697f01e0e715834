"""Waste streams: what is collected separately."""

from dataclasses import dataclass

from optimizer.domain.issues import IssueCollector


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One kind of waste; a trip between two tippings carries one stream.

    Attributes
    ----------
    stream_id
        E.g. ``"paper"``.
    density_kg_per_l
        Loose density in the container.
    is_fast
        Whether containers usually fill within days (litter, paper) rather than weeks (glass, plastic).
    """

    stream_id: str
    density_kg_per_l: float
    is_fast: bool = False

    def __post_init__(self) -> None:
        issues = IssueCollector(f"stream {self.stream_id}")
        issues.require(bool(self.stream_id.strip()), "empty_id", "The stream needs a name.")
        issues.require_number("density_kg_per_l", self.density_kg_per_l, low=0.001, high=2.0)
        issues.raise_if_any()
