"""The protocol of a week as a page for people: Markdown, and the same as HTML that needs nothing from outside."""

import math
from collections.abc import Sequence
from html import escape

from api.simulate.protocol import WeekResult

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1d2b26}"
    "table{border-collapse:collapse;margin:1rem 0;width:100%}td,th{border-bottom:1px solid #cfd8d3;padding:.3rem .6rem;"
    "text-align:left;vertical-align:top}th{background:#eef3f0}li{margin:.2rem 0}"
)
_HEADINGS = ("day", "town", "plans", "tours", "emptied", "blocked", "km", "due but left", "overfull", "forecast off by")
_Table = tuple[Sequence[str], Sequence[Sequence[str]]]


def as_markdown(result: WeekResult) -> str:
    """The report as Markdown."""
    lines = [f"# {_title(result)}", "", _introduction(result), "", f"**{_verdict(result)}**", "", "## Accounts", ""]
    lines += _markdown_table(_accounts(result))
    lines += ["", "## Day by day", "", *_markdown_table(_days(result)), ""]
    for heading, happenings in _happenings(result):
        lines += [f"### {heading}", "", *(f"- {one}" for one in happenings), ""]
    lines += ["## Requests", "", *_markdown_table(_requests(result)), ""]
    return "\n".join(lines)


def as_html(result: WeekResult) -> str:
    """The same as one page."""
    title = escape(_title(result))
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>',
        f"<h1>{title}</h1><p>{escape(_introduction(result))}</p><p><strong>{escape(_verdict(result))}</strong></p>",
        f"<h2>Accounts</h2>{_html_table(_accounts(result))}",
        f"<h2>Day by day</h2>{_html_table(_days(result))}",
    ]
    for heading, happenings in _happenings(result):
        items = "".join(f"<li>{escape(one)}</li>" for one in happenings)
        parts.append(f"<h3>{escape(heading)}</h3><ul>{items}</ul>")
    parts.append(f"<h2>Requests</h2>{_html_table(_requests(result))}</body></html>")
    return "\n".join(parts)


def _title(result: WeekResult) -> str:
    return f"A simulated week from {result.spec.first_day:%A, %d %B %Y}"


def _introduction(result: WeekResult) -> str:
    sizes = result.spec.sizes
    streets = "straight lines" if result.spec.map_path is None else f"the streets of {result.spec.map_path.name}"
    return (
        f"A town of {sizes[0].containers} containers and {sizes[0].vehicles} vehicles and a neighbour of "
        f"{sizes[1].containers} and {sizes[1].vehicles}, on {streets}, lived through {result.spec.n_days} days in "
        f"{result.seconds:.0f} s. All that the service learnt came to it over HTTP: "
        f"{result.journal.requests.total()} requests. Fills, crews and sensors are made up (seed {result.spec.seed}); "
        f"plans, releases, tours and answers are the service's own."
    )


def _verdict(result: WeekResult) -> str:
    wrong = [one.name for one in result.accounts if not one.is_right]
    return "Every account is right." if not wrong else f"Not right: {', '.join(wrong)}."


def _accounts(result: WeekResult) -> _Table:
    return ("", "account", "figures"), [
        ("right" if one.is_right else "WRONG", one.name, one.detail) for one in result.accounts
    ]


def _days(result: WeekResult) -> _Table:
    rows = [
        (
            f"{one.day:%a %d.%m.}",
            one.town,
            str(one.plans),
            str(one.tours),
            str(one.lifts),
            str(one.blocked),
            f"{one.km:.1f}",
            str(one.left_though_due),
            str(one.overflowing),
            "" if math.isnan(one.forecast_error) else f"{one.forecast_error:.3f}",
        )
        for one in result.days
    ]
    return _HEADINGS, rows


def _happenings(result: WeekResult) -> list[tuple[str, list[str]]]:
    return [(f"{one.day:%A}, {one.town}", [*one.happenings, *one.violations]) for one in result.days]


def _requests(result: WeekResult) -> _Table:
    rows = []
    for request, count in sorted(result.journal.requests.items()):
        what, _, status = request.rpartition(" ")
        rows.append((what, status, str(count), f"{result.journal.slowest_s[what]:.2f} s"))
    return ("request", "answered", "times", "slowest of its kind"), rows


def _markdown_table(table: _Table) -> list[str]:
    headings, rows = table
    return [
        f"| {' | '.join(headings)} |",
        f"|{'---|' * len(headings)}",
        *(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows),
    ]


def _html_table(table: _Table) -> str:
    headings, rows = table
    head = "".join(f"<th>{escape(one)}</th>" for one in headings)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
