"""Turns hundreds of issues of one kind into a report that a person can read."""

from collections.abc import Iterable, Sequence

from optimizer.domain.issues import InvalidInputError, Issue

MAX_ISSUES = 50
"""Up to this many issues are shown one by one."""

SHOWN_PER_KIND = 3
"""Of each kind, when there are more."""


def summarise(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """All issues, or with more than ``MAX_ISSUES`` the first few of each kind and how many follow."""
    given = tuple(issues)
    if len(given) <= MAX_ISSUES:
        return given
    by_kind: dict[str, list[Issue]] = {}
    for issue in given:
        by_kind.setdefault(issue.code, []).append(issue)
    shown: list[Issue] = []
    for code, alike in sorted(by_kind.items(), key=lambda item: -len(item[1])):
        shown.extend(alike[:SHOWN_PER_KIND])
        hidden = len(alike) - SHOWN_PER_KIND
        if hidden > 0:
            where = alike[0].where.split(",")[0]
            message = f"{hidden} more of the kind '{code}'; the last at {alike[-1].where}. Correct them alike."
            shown.append(Issue(where=where, code=code, message=message))
    return tuple(shown)


def raise_if_any(issues: Sequence[Issue]) -> None:
    """Refuse the input when there are issues.

    Raises
    ------
    InvalidInputError
        With the issues, summarised.
    """
    if issues:
        raise InvalidInputError(summarise(issues))
