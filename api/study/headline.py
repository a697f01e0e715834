"""The study in one sentence that claims no more than the intervals allow."""

from api.study.comparison import Comparison
from api.study.written import Language, number, percent, percent_span, span, words

MARGIN_SHARE = 0.10
"""Overflows count as *no more* when even the upper end of the interval is at most so much above the baseline's."""


def headline(comparison: Comparison, language: Language) -> str:
    """Kilometres with their interval, and what became of the overflows."""
    ours = comparison.row(comparison.ours)
    distance = ours.figure("distance").change
    names = {
        "ours": words(f"policy_{comparison.ours.policy}", language),
        "baseline": words(f"policy_{comparison.baseline.policy}", language),
    }
    if distance is None:
        return words("headline_no_driving", language, **names)
    if distance.low is None or distance.high is None:
        more = words("fewer" if distance.value < 0 else "more", language)
        figure = percent(abs(distance.value), language)
        key = "headline_one_seed" if len(comparison.record.seeds) == 1 else "headline_some_idle"
        return words(key, language, figure=figure, more=more, **names)
    overflows = words(f"overflows_{overflow_verdict(comparison)}", language, **_overflow_values(comparison, language))
    if distance.low < 0 < distance.high:
        between = percent_span(distance, language, is_signed=True)
        return words("headline_open", language, interval=between, overflows=overflows, **names)
    low, high = sorted((abs(distance.low), abs(distance.high)))
    return words(
        "headline",
        language,
        figure=percent(abs(distance.value), language),
        more=words("fewer" if distance.value < 0 else "more", language),
        interval=words("span", language, low=number(low * 100, 0, language), high=percent(high, language)),
        overflows=overflows,
        **names,
    )


def overflow_verdict(comparison: Comparison) -> str:
    """``fewer``, ``no_more``, ``more``, ``open``, or ``unknown`` with one seed."""
    theirs = comparison.row(comparison.baseline).figure("overflows").per_day.value
    difference = comparison.row(comparison.ours).figure("overflows").difference
    if difference is None or difference.low is None or difference.high is None:
        return "unknown"
    if difference.high < 0:
        return "fewer"
    if difference.high <= MARGIN_SHARE * theirs:
        return "no_more"
    return "more" if difference.low > 0 else "open"


def _overflow_values(comparison: Comparison, language: Language) -> dict[str, str]:
    theirs = comparison.row(comparison.baseline).figure("overflows").per_day
    one = comparison.row(comparison.ours).figure("overflows")
    assert one.difference is not None
    return {
        "theirs": number(theirs.value, 1, language),
        "ours_a_day": number(one.per_day.value, 1, language),
        "difference": span(one.difference, 1, language, is_signed=True),
        "margin": percent(MARGIN_SHARE, language),
    }
