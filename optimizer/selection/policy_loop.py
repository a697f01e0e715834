"""Goes through a day's containers for a policy, with the visits of each stream found once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.domain.town import Town
from optimizer.selection.duties import find_duties
from optimizer.selection.judgement import VISITS_AHEAD, Judgement, judge
from optimizer.selection.visits import find_visits


def select_each(
    decide: Callable[[Judgement], Candidate],
    containers: Sequence[Container],
    forecasts: Mapping[str, Forecast],
    *,
    policy: str,
    town: Town,
    day: date,
    rules: SelectionRules,
    force: frozenset[str],
) -> Selection:
    """One candidate per container: those with a duty must be emptied, ``decide`` judges the others."""
    visits = {
        stream: find_visits(town, stream, day, count=VISITS_AHEAD)
        for stream in sorted({container.stream for container in containers})
    }
    streams = {stream.stream_id: stream for stream in town.streams}
    candidates = []
    for container in containers:
        forecast = forecasts[container.container_id]
        own_visits = visits[container.stream]
        judgement = judge(container, forecast, stream=streams[container.stream], visits=own_visits, rules=rules)
        is_forced = container.container_id in force
        duties = find_duties(container, forecast, own_visits, rules, is_forced=is_forced)
        candidates.append(judgement.candidate(Decision.MUST, *duties) if duties else decide(judgement))
    return Selection(candidates=tuple(candidates), policy=policy)
