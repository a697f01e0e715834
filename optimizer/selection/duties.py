"""Reasons to empty a container that hold whatever its fill: asked for, hygiene, too long unseen."""

from datetime import datetime

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.relaxation import Text
from optimizer.domain.request import SelectionRules
from optimizer.selection.visits import Visits
from optimizer.series.area_outage import OUTAGE_REASON

DAY_S = 86_400


def find_duties(
    container: Container, forecast: Forecast, visits: Visits, rules: SelectionRules, *, is_forced: bool
) -> tuple[Text, ...]:
    """Sentences that say why the container must be emptied today; empty when none holds."""
    duties: list[Text] = []
    if is_forced:
        duties.append(Text(en="asked for in the request", de="in der Anfrage verlangt"))
    if container.max_days_between_visits is not None:
        duties.extend(_hygiene(container.max_days_between_visits, forecast.last_emptied_at, visits))
    blind_days = _days(forecast.origin_at, visits.today_at)
    # A gateway that is down says nothing of its containers: to look at all of them would fill the day.
    is_area_out = any(reason.startswith(OUTAGE_REASON) for reason in forecast.reasons)
    if blind_days > rules.max_blind_days and not is_area_out:
        duties.append(
            Text(
                en=f"no trusted reading or emptying for {blind_days:.0f} days (at most {rules.max_blind_days})",
                de=f"seit {blind_days:.0f} Tagen kein brauchbarer Messwert und keine Leerung "
                f"(höchstens {rules.max_blind_days})",
            )
        )
    return tuple(duties)


def _hygiene(max_days: int, last_emptied_at: datetime | None, visits: Visits) -> list[Text]:
    if last_emptied_at is None:
        return [
            Text(
                en=f"must be emptied every {max_days} days, and its last emptying is not known",
                de=f"muss alle {max_days} Tage geleert werden, und die letzte Leerung ist nicht bekannt",
            )
        ]
    if _days(last_emptied_at, visits.next_at[0]) > max_days:
        waited = _days(last_emptied_at, visits.today_at)
        return [
            Text(
                en=f"must be emptied every {max_days} days; {waited:.0f} have passed, "
                "and the next visit would be too late",
                de=f"muss alle {max_days} Tage geleert werden; {waited:.0f} sind vergangen, "
                "der nächste Besuch käme zu spät",
            )
        ]
    return []


def _days(start: datetime, end: datetime) -> float:
    return (end.timestamp() - start.timestamp()) / DAY_S
