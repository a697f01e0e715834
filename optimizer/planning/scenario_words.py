"""Scenarios in the two languages of dispatchers."""

from optimizer.domain.plan import Plan, Totals
from optimizer.domain.relaxation import Text
from optimizer.domain.scenario import (
    AddContainer,
    AddVehicleLike,
    Change,
    ChangeServiceLevel,
    ChangeShift,
    CloseDisposalSite,
    CloseRoad,
    LoseSensors,
    RemoveContainers,
    RemoveVehicle,
    ReplaceVehicle,
    ScaleDemand,
    Scenario,
)

MOST_NAMED = 5
"""Containers that a heading names."""


def words_of_change(change: Change) -> Text:  # noqa: PLR0911, C901 - one case for each kind
    """The change in words, e.g. for a report's heading."""
    match change:
        case RemoveVehicle():
            return Text(en=f"without vehicle {change.vehicle_id}", de=f"ohne Fahrzeug {change.vehicle_id}")
        case AddVehicleLike():
            return Text(
                en=f"with {change.new_vehicle_id}, another vehicle like {change.vehicle_id}",
                de=f"mit {change.new_vehicle_id}, einem weiteren Fahrzeug wie {change.vehicle_id}",
            )
        case ReplaceVehicle():
            return Text(
                en=f"vehicle {change.vehicle_id} replaced by one like {change.like_vehicle_id}",
                de=f"statt Fahrzeug {change.vehicle_id} eines wie {change.like_vehicle_id}",
            )
        case CloseDisposalSite():
            return Text(
                en=f"disposal site {change.disposal_site_id} closed",
                de=f"Entsorgungsanlage {change.disposal_site_id} geschlossen",
            )
        case ChangeShift():
            hours = (f"{change.starts_local:%H:%M}", f"{change.ends_local:%H:%M}")
            return Text(
                en=f"vehicle {change.vehicle_id} working {hours[0]} to {hours[1]}",
                de=f"Fahrzeug {change.vehicle_id} im Dienst von {hours[0]} bis {hours[1]}",
            )
        case ChangeServiceLevel():
            risk = change.must_collect_probability
            return Text(
                en=f"must be emptied from {risk:.0%} risk of overflow",
                de=f"Leerungspflicht ab {risk * 100:.0f} % Überlaufrisiko",
            )
        case CloseRoad():
            return _words_of_road(change)
        case AddContainer():
            one = change.container
            return Text(
                en=f"with another container {one.container_id} ({one.stream})",
                de=f"mit einem weiteren Behälter {one.container_id} ({one.stream})",
            )
        case RemoveContainers():
            return Text(
                en=f"without {_named(change.container_ids, 'container', 'containers', 'more')}",
                de=f"ohne {_named(change.container_ids, 'Behälter', 'Behälter', 'weitere')}",
            )
        case ScaleDemand():
            of = ", ".join(change.streams)
            return Text(
                en=f"{of or 'all containers'} filling {change.factor:g} times as fast",
                de=f"{of or 'alle Behälter'} mit {_comma(f'{change.factor:g}')}-facher Füllgeschwindigkeit",
            )
        case LoseSensors():
            if change.container_ids:
                return Text(
                    en=f"without the sensors of {_named(change.container_ids, 'container', 'containers', 'more')}",
                    de=f"ohne die Sensoren an {_named(change.container_ids, 'Behälter', 'Behältern', 'weiteren')}",
                )
            return Text(
                en=f"without {change.lost_fraction:.0%} of the sensors",
                de=f"ohne {change.lost_fraction * 100:.0f} % der Sensoren",
            )


def words_of_comparison(
    scenario: Scenario,
    base: Plan,
    changed: Plan,
    difference: Totals,
    *,
    newly_unserved: tuple[str, ...],
    newly_served: tuple[str, ...],
) -> tuple[Text, ...]:
    """What would be different, sentence by sentence."""
    changes = [words_of_change(change) for change in scenario.changes]
    due = {one.container_id for one in changed.unserved if one.is_due}
    late = sum(container_id in due for container_id in newly_unserved)
    en, de = _figures(difference)
    sentences = [
        Text(
            en=f"{scenario.name}: {'; '.join(one.en for one in changes) or 'no change'}.",
            de=f"{scenario.name}: {'; '.join(one.de for one in changes) or 'keine Änderung'}.",
        ),
        Text(
            en=f"{len(changed.tours)} tours instead of {len(base.tours)}; {en}.",
            de=f"{len(changed.tours)} Touren statt {len(base.tours)}; {de}.",
        ),
    ]
    if newly_unserved:
        en, de = _counted(len(newly_unserved), ("loses its", "lose their"), ("verliert seine", "verlieren ihre"))
        sentences.append(Text(en=f"{en} pickup, {late} of them due.", de=f"{de} Leerung, {late} davon fällig."))
    if newly_served:
        en, de = _counted(len(newly_served), ("more is", "more are"), ("mehr wird", "mehr werden"))
        sentences.append(Text(en=f"{en} emptied.", de=f"{de} geleert."))
    if not newly_unserved and not newly_served:
        sentences.append(Text(en="The same containers are emptied.", de="Dieselben Behälter werden geleert."))
    return tuple(sentences)


def _counted(count: int, en: tuple[str, str], de: tuple[str, str]) -> tuple[str, str]:
    is_many = count != 1
    return f"{count} container{'s' if is_many else ''} {en[is_many]}", f"{count} Behälter {de[is_many]}"


def _words_of_road(change: CloseRoad) -> Text:
    if change.street:
        return Text(en=f"{change.street} closed", de=f"{change.street} gesperrt")
    if change.center is not None:
        return Text(
            en=f"streets within {change.radius_m:.0f} m of a point closed",
            de=f"Straßen im Umkreis von {change.radius_m:.0f} m um einen Punkt gesperrt",
        )
    return Text(en="streets in an area closed", de="Straßen in einem Gebiet gesperrt")


def _named(names: tuple[str, ...], one: str, many: str, more: str) -> str:
    rest = len(names) - MOST_NAMED
    listed = ", ".join(names[:MOST_NAMED]) + (f" + {rest} {more}" if rest > 0 else "")
    return f"{one if len(names) == 1 else many} {listed}"


def _figures(one: Totals) -> tuple[str, str]:
    km, hours = f"{one.distance_m / 1000:+.1f} km", f"{one.working_s / 3600:+.1f}"
    rest = f"{one.co2e_kg:+.1f} kg CO2e, {one.cost_eur:+.2f} EUR"
    en = f"{km}, {hours} working hours, {one.diesel_l:+.1f} l diesel, {rest}"
    return en, _comma(f"{km}; {hours} Arbeitsstunden; {one.diesel_l:+.1f} l Diesel; {rest.replace(', ', '; ')}")


def _comma(figures: str) -> str:
    """With a decimal comma."""
    return figures.replace(".", ",")
