"""Why a container is in or out, per vehicle, in the words of a dispatcher, German and English."""

from optimizer.domain.container import Container
from optimizer.domain.plan import Collection, Stop, Unserved
from optimizer.domain.relaxation import Text
from optimizer.domain.vehicle import Vehicle
from optimizer.planning.insertion_option import Option, Rule
from optimizer.planning.shortage_words import euros_de, euros_en


def served(container_id: str, vehicle_id: str, stop: Stop, collection: Collection, saving: Option | None) -> Text:
    """It is in: where, when, why, and what its vehicle would save without the stop."""
    reasons = "; ".join(collection.reasons)
    kind_en, kind_de = ("due", "fällig") if collection.is_must else ("taken along", "mitgenommen")
    en = f"{container_id} is emptied by {vehicle_id} at {stop.starts_at:%H:%M}, stop {stop.sequence}: {kind_en}"
    de = f"{container_id} wird um {stop.starts_at:%H:%M} Uhr von {vehicle_id} geleert, Halt {stop.sequence}: {kind_de}"
    en += f" ({reasons})." if reasons else "."
    reasons_de = "; ".join(collection.reasons_de)
    de += f" ({reasons_de})." if reasons_de else f" ({_fill_de(collection)})."
    if saving is not None:
        others = len(stop.collections) - 1
        with_en = f" with its {others} neighbour{'' if others == 1 else 's'}" if others else ""
        with_de = f" mit {others} Nachbar{'' if others == 1 else 'n'}" if others else ""
        en += f" Without this stop{with_en} the tour would save {_figures_en(saving)}."
        de += f" Ohne diesen Halt{with_de} würde die Tour {_figures_de(saving)} sparen."
    return Text(en=en, de=de)


def _fill_de(collection: Collection) -> str:
    """For plans that were made before reasons were written in German, too."""
    share, risk = f"{collection.expected_fraction:.0%}", f"{collection.overflow_probability:.0%}"
    return f"voraussichtlich {share} voll, Überlaufrisiko {risk}".replace("%", " %")


def unserved(one: Unserved) -> Text:
    """It is out, and why."""
    kind = Text(en="due, but in no tour", de="fällig, aber in keiner Tour")
    if not one.is_due:
        kind = Text(en="not collected today, and may wait", de="heute nicht geleert und darf warten")
    return Text(
        en=f"{one.container_id} is {kind.en}: {one.message}",
        de=f"{one.container_id} ist {kind.de}: {one.message_de or one.message}",
    )


def force(container_id: str, cheapest: Option, one: Unserved) -> Text:
    """It would fit: what it costs to take it in, and from when it would come in by itself."""
    en = f"Plan again with --force {container_id}: {cheapest.vehicle_id} takes it for {_figures_en(cheapest)} more."
    de = f"Neu planen mit --force {container_id}: {cheapest.vehicle_id} nimmt ihn für {_figures_de(cheapest)} mehr mit."
    if not one.is_due:
        waiting = one.cost_of_waiting_eur
        en += f" Waiting costs {euros_en(waiting)}; above {euros_en(cheapest.cost_eur)} it would be taken by itself."
        de += f" Warten kostet {euros_de(waiting)}; ab {euros_de(cheapest.cost_eur)} käme er von selbst in die Tour."
    return Text(en=en, de=de)


OBSTACLES = {
    Rule.NOT_DRIVING: Text(en="does not drive", de="fährt an diesem Tag nicht"),
    Rule.STREAM: Text(en="does not collect {stream}", de="sammelt die Abfallart {stream} nicht"),
    Rule.LIFTING_SYSTEM: Text(en="has no lifting system '{system}'", de="hat keine Schüttung '{system}'"),
    Rule.ACCESS: Text(
        en="cannot stop there with the profile {profile}", de="kann dort mit dem Profil {profile} nicht halten"
    ),
    Rule.DISPOSAL_CLOSED: Text(
        en="no disposal site for {stream} is open in its shift",
        de="keine Entladestelle für {stream} ist in der Schicht offen",
    ),
    Rule.SIZE: Text(en="the container alone is more than it loads", de="der Behälter allein ist mehr, als es lädt"),
    Rule.SIZE_KG: Text(
        en="the container alone is {missing} kg too heavy", de="der Behälter allein ist {missing} kg zu schwer"
    ),
    Rule.SIZE_L: Text(
        en="the container alone is {missing} l too much", de="der Behälter allein ist {missing} l zu viel"
    ),
    Rule.CAPACITY_KG: Text(en="overloaded by {missing} kg", de="um {missing} kg überladen"),
    Rule.CAPACITY_L: Text(en="overfull by {missing} l", de="um {missing} l übervoll"),
    Rule.TRIPS: Text(en="would need one more trip than allowed", de="bräuchte eine Fahrt mehr als erlaubt"),
    Rule.DAY_KG: Text(
        en="would collect {missing} kg more than it may in a day",
        de="würde {missing} kg mehr sammeln, als es an einem Tag darf",
    ),
    Rule.CONTAINER_HOURS: Text(
        en="cannot be there within the container's hours ({hours})",
        de="kann in den Zeiten des Behälters ({hours}) nicht dort sein",
    ),
    Rule.DISPOSAL_HOURS: Text(
        en="the disposal site closes before it could tip", de="die Entladestelle schließt, bevor es entladen könnte"
    ),
    Rule.BREAK: Text(en="the breaks due by law leave no time", de="die vorgeschriebenen Pausen lassen keine Zeit"),
    Rule.SHIFT: Text(en="its shift is {minutes} min too short", de="die Schicht ist {minutes} min zu kurz"),
    Rule.WORKING_TIME: Text(
        en="{minutes} min beyond the legal working time", de="{minutes} min über der erlaubten Arbeitszeit"
    ),
    Rule.SEVERAL: Text(en="more than one rule stands against it", de="mehr als eine Regel steht dagegen"),
}
"""What keeps a container off a vehicle."""


def option(one: Option, vehicle: Vehicle, container: Container, why: str) -> Text:
    """What serving it would add on a vehicle, or what keeps it off; ``why`` says more of a vehicle left out."""
    name = one.vehicle_id
    if one.rule is None:
        return Text(en=f"{name}: {_figures_en(one)} more.", de=f"{name}: {_figures_de(one)} mehr.")
    values = {
        "stream": container.stream,
        "system": container.system,
        "profile": vehicle.profile,
        "hours": container.hours.expression,
        "missing": one.missing,
        "minutes": max(1, -(-one.missing // 60)),
    }
    obstacle = OBSTACLES[one.rule]
    en, de = obstacle.en.format(**values), obstacle.de.format(**values)
    if one.extra_s:
        # Lifting this one rule would do: what would serving it then add?
        en += f"; otherwise {_figures_en(one)} more"
        de += f"; sonst {_figures_de(one)} mehr"
    more = f" {why}" if one.rule is Rule.NOT_DRIVING and why else ""
    return Text(en=f"{name}: {en}.{more}", de=f"{name}: {de}.")


def _figures_en(one: Option) -> str:
    return f"{euros_en(one.cost_eur)}, {round(one.extra_s / 60)} min, {one.extra_m / 1000:.1f} km"


def _figures_de(one: Option) -> str:
    km = f"{one.extra_m / 1000:.1f}".replace(".", ",")
    return f"{euros_de(one.cost_eur)}, {round(one.extra_s / 60)} min, {km} km"
