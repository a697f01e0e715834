"""`fuhre ingest`, `fuhre device`, `fuhre ngsi`: sensors and what they say, from the command line."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.cli.service_stores import DEFAULT_TOWN, DataOption, TenantOption, TownOption, opened_stores
from optimizer.domain.issues import InvalidInputError, Issue

if TYPE_CHECKING:
    from api.ingest.intake import Intake
    from api.store.tenant_ports import Device, TenantStore

ingest_app = typer.Typer(help="Take in what sensors say.", no_args_is_help=True)
device_app = typer.Typer(help="Register and calibrate sensors.", no_args_is_help=True)
ngsi_app = typer.Typer(help="Speak with a FIWARE platform.", no_args_is_help=True)

PasswordOption = Annotated[
    str | None, typer.Option("--password", envvar="MQTT_PASSWORD", help="Better in the environment.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(ingest_app, name="ingest")
    app.add_typer(device_app, name="device")
    app.add_typer(ngsi_app, name="ngsi")


@ingest_app.callback()
def _ingest() -> None:
    """Take in what sensors say."""


@device_app.callback()
def _devices() -> None:
    """Register and calibrate sensors."""


@ngsi_app.callback()
def _ngsi() -> None:
    """Speak with a FIWARE platform."""


@ingest_app.command("mqtt")
def mqtt(
    host: Annotated[str, typer.Option("--host", help="The broker.")],
    network: Annotated[str, typer.Option("--network", help="things_stack or chirpstack.")] = "things_stack",
    topic: Annotated[str | None, typer.Option("--topic", help="Another topic filter than the network's own.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="[default: 8883 with TLS]")] = None,
    client_id: Annotated[
        str, typer.Option("--client-id", help="Names the session that the broker keeps: one for each consumer.")
    ] = "fuhre-ingest",
    username: Annotated[str | None, typer.Option("--username", help="As the broker knows us.")] = None,
    password: PasswordOption = None,
    tls: Annotated[bool, typer.Option("--tls/--no-tls", help="Encrypt; without it passwords are readable.")] = True,
    ca_file: Annotated[Path | None, typer.Option("--ca-file", help="Authorities [default: the system's].")] = None,
    certificate: Annotated[Path | None, typer.Option("--certificate", help="Our certificate, if asked for.")] = None,
    key_file: Annotated[Path | None, typer.Option("--key-file", help="Its private key.")] = None,
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Take in messages of a network's MQTT broker until stopped; each is acknowledged when it is on disk.

    Example: fuhre ingest mqtt --host eu1.cloud.thethings.network --username waste@ttn
    """
    from api.ingest.mqtt_consumer import CHIRPSTACK, THINGS_STACK, BrokerAddress, MqttConsumer, Subscription

    known = {one.format_name: one for one in (THINGS_STACK, CHIRPSTACK)}
    if network not in known:
        raise _issue("--network", "unknown_network", f"Use one of {', '.join(known)}.")
    subscription = known[network] if topic is None else Subscription(topic=topic, format_name=network)
    address = BrokerAddress(
        host=host,
        port=port if port is not None else 8883 if tls else 1883,
        client_id=client_id,
        has_tls=tls,
        ca_file=ca_file,
        certificate_file=certificate,
        key_file=key_file,
        username=username,
        password=password,
    )
    with _intake(tenant, town, data) as (intake, _):
        consumer = MqttConsumer(address, [subscription], intake, now=_now)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: consumer.stop())
        Console(stderr=True).print(f"Listening to {escape(host)}, topic {escape(subscription.topic)}; Ctrl-C ends.")
        consumer.run()
    counts = consumer.counts
    Console().print(
        f"{counts.received} messages: {counts.accepted} accepted, {counts.duplicate} known, "
        f"{counts.ignored} of no concern, {counts.quarantined} in quarantine"
    )


@ingest_app.command("sta")
def sta(
    url: Annotated[str, typer.Argument(help="The server's address up to the version, e.g. https://host/v1.1")],
    datastream: Annotated[list[str], typer.Option("--datastream", help="Its id; may be repeated.")],
    since: Annotated[str | None, typer.Option("--since", help="An instant [default: a week ago].")] = None,
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Pull observations from an OGC SensorThings server. Register each datastream as device sta:ID first.

    Example: fuhre ingest sta https://iot.town.example/v1.1 --datastream 4711
    """
    import httpx

    from api.ingest.intake import Outcome
    from api.ingest.sensorthings_pull import PullError, pull
    from api.ingest.values import instant

    begin = _now() - timedelta(days=7) if since is None else instant(since)
    if begin is None:
        raise _issue("--since", "instant", "Write an instant with its offset, e.g. 2026-03-01T18:00+01:00.")
    console = Console()
    with _intake(tenant, town, data) as (intake, _), httpx.Client(timeout=30) as client:
        for one in datastream:
            try:
                reports = pull(client, url, one, since=begin, intake=intake)
            except PullError as error:
                raise _issue(f"datastream {one}", "no_answer", str(error)) from error
            told = ", ".join(f"{sum(report.count(kind) for report in reports)} {kind}" for kind in Outcome)
            console.print(f"datastream {escape(one)}: {told}")


@ingest_app.command("replay")
def replay(
    reason: Annotated[str | None, typer.Option("--reason", help="Only messages with this reason.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="Only messages of this device.")] = None,
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Take in quarantined messages again, after their devices were registered or calibrated.

    Example: fuhre ingest replay --reason unknown_device
    """
    taken, left = 0, 0
    with _intake(tenant, town, data) as (intake, store):
        after = ""
        while messages := store.quarantine.all(after=after, limit=100, reason=reason):
            after = messages[-1].message_id
            for message in messages:
                if message.replayed_at is not None or (device is not None and message.device_id != device):
                    continue
                intake.replay(message)
                renewed = store.quarantine.get(message.message_id)
                is_taken = renewed is not None and renewed.replayed_at is not None
                taken, left = taken + is_taken, left + (not is_taken)
    Console().print(f"{taken} messages taken in, {left} left in quarantine")


@ingest_app.command("history")
def history(
    file: Annotated[Path, typer.Argument(help="CSV or Excel table of past collections.")],
    zone: Annotated[str, typer.Option("--zone", help="Zone of its clock times, e.g. Europe/Berlin.")],
    full_value: Annotated[
        float, typer.Option("--full-value", min=0.001, help="The figure for full: 100 for percent, 1 for fractions.")
    ],
    full_fraction: Annotated[
        float,
        typer.Option("--full-fraction", min=0.01, max=2, help="How full that is in truth: 0.8 if 100 % is 80 % full."),
    ] = 1.0,
    column: Annotated[
        list[str] | None, typer.Option("--column", metavar="NAME=HEADING", help="What the file calls a column.")
    ] = None,
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Import levels and emptyings of past collections; the scale and the zone are asked for, never guessed.

    Example: fuhre ingest history bins.xlsx --zone Europe/London --full-value 100 --full-fraction 0.8
    """
    from zoneinfo import ZoneInfo

    from api.ingest.history_table import HistoryScale, read_history_table

    try:
        scale = HistoryScale(zone=ZoneInfo(zone), full_value=full_value, full_fraction=full_fraction)
    except (KeyError, ValueError, OSError):
        raise _issue("--zone", "unknown_zone", "Write a zone as in Europe/Berlin.") from None
    renamed = dict(one.split("=", 1) for one in column or () if "=" in one)
    table = read_history_table(file, scale, renamed)
    console = Console()
    with _intake(tenant, town, data) as (_, store):
        added = store.readings.add_history(table.history, received_at=_now())
    console.print(f"{table.row_count} lines of {len(table.history)} containers: {added} new readings")
    for note in table.notes:
        console.print(f"[yellow]Note[/yellow]: {escape(note)}")


@device_app.command("add")
def add_device(
    device_id: Annotated[str, typer.Argument(help="DevEUI, or the network's own id.")],
    container: Annotated[str | None, typer.Option("--container", help="Where it hangs.")] = None,
    decoder: Annotated[str, typer.Option("--decoder", help="Left out: by what the network says.")] = "",
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Register a sensor, or say where it hangs now; its calibration stays.

    Example: fuhre device add A84041000181C061 --container P-001 --decoder milesight_em310
    """
    from dataclasses import replace

    from api.ingest.decoders.catalogue import DECODERS
    from api.ingest.values import dev_eui, identifier
    from api.store.tenant_ports import Device

    name = dev_eui(device_id) or identifier(device_id)
    if name is None:
        raise _issue("device", "bad_id", "Give a device id of 1 to 64 printable characters.")
    if decoder and decoder not in DECODERS:
        raise _issue("--decoder", "unknown_decoder", f"Use one of {', '.join(sorted(DECODERS))}.")
    with _store(tenant, town, data) as store:
        if container is not None and store.town.container(container) is None:
            raise _issue("--container", "unknown_container", "The town has no such container. Correct the id.")
        known = store.devices.get(name)
        if known is None:
            known = Device(
                device_id=name,
                decoder=decoder,
                container_id=container,
                empty_mm=None,
                full_mm=None,
                shape="box",
                registered_at=_now(),
            )
        else:
            known = replace(known, decoder=decoder or known.decoder, container_id=container or known.container_id)
        store.devices.put(replace(known, is_active=True))
    Console().print(f"Registered {escape(name)}. Next: fuhre device calibrate {escape(name)} --empty-mm … --full-mm …")


@device_app.command("calibrate")
def calibrate_device(
    device_id: Annotated[str, typer.Argument(help="The device.")],
    empty_mm: Annotated[float, typer.Option("--empty-mm", help="Measured distance to the empty container's ground.")],
    full_mm: Annotated[float, typer.Option("--full-mm", help="Distance to the waste when it counts as full.")],
    shape: Annotated[str, typer.Option("--shape", help="box, cone (on its wide end), sphere or cylinder_lying.")] = (
        "box"
    ),
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Set how a sensor's distance becomes a level. Messages that waited for it: fuhre ingest replay.

    Example: fuhre device calibrate A84041000181C061 --empty-mm 2350 --full-mm 400
    """
    from dataclasses import replace

    from api.ingest.calibration import find_fault

    fault = find_fault(empty_mm, full_mm, shape)
    if fault:
        raise _issue("calibration", "bad_calibration", fault)
    with _store(tenant, town, data) as store:
        device = _known_device(store, device_id)
        store.devices.put(replace(device, empty_mm=empty_mm, full_mm=full_mm, shape=shape))
        waiting = len(store.quarantine.all(limit=1_000, reason="not_calibrated"))
    console = Console()
    console.print(f"Calibrated {escape(device.device_id)}.")
    if waiting:
        console.print(f"{waiting} messages wait for a calibration: fuhre ingest replay --reason not_calibrated")


@device_app.command("list")
def list_devices(tenant: TenantOption = None, town: TownOption = DEFAULT_TOWN, data: DataOption = None) -> None:
    """List the sensors.

    Example: fuhre device list
    """
    table = Table()
    for heading in ("device", "container", "decoder", "empty mm", "full mm", "shape", "active"):
        table.add_column(heading, overflow="fold")  # an id that is cut off is none
    with _store(tenant, town, data) as store:
        after = ""
        while page := store.devices.all(after=after, limit=1_000):
            after = page[-1].device_id
            for one in page:
                distances = ("" if value is None else f"{value:g}" for value in (one.empty_mm, one.full_mm))
                cells = (one.device_id, one.container_id or "", one.decoder, *distances, one.shape)
                table.add_row(*(escape(cell) for cell in cells), "yes" if one.is_active else "no")
    Console().print(table)


@ngsi_app.command("push")
def push(
    broker: Annotated[str, typer.Option("--broker", help="The context broker's address, e.g. https://orion:1026")],
    version: Annotated[str, typer.Option("--version", help="v2 or ld.")] = "ld",
    prefix: Annotated[
        str, typer.Option("--prefix", help="What stands before a container's id in the platform's ids.")
    ] = "urn:ngsi-ld:WasteContainer:",
    risk: Annotated[float, typer.Option("--risk", min=0.001, max=0.999, help="Overflow probability at a deadline.")] = (
        0.1
    ),
    token: Annotated[str | None, typer.Option("--token", envvar="NGSI_TOKEN", help="Bearer token.")] = None,
    service: Annotated[str | None, typer.Option("--service", help="FIWARE service or NGSI-LD tenant.")] = None,
    context: Annotated[
        str | None, typer.Option("--context", help="NGSI-LD: address of the platform's @context.")
    ] = None,
    show: Annotated[bool, typer.Option("--print", help="Print the request instead of sending it.")] = False,
    tenant: TenantOption = None,
    town: TownOption = DEFAULT_TOWN,
    data: DataOption = None,
) -> None:
    """Write until when containers must be emptied (nextActuationDeadline), and when they last were, to a platform.

    Example: fuhre ngsi push --broker https://orion:1026 --prefix urn:ngsi-ld:WasteContainer:lue:
    """
    from api.ingest.ngsi_deadlines import NgsiVersion, entities, update_request
    from api.ingest.ngsi_push import PushError, send

    if version not in {one.value for one in NgsiVersion}:
        raise _issue("--version", "unknown_version", "Use v2 or ld.")
    with _store(tenant, town, data) as store:
        forecasts = _forecasts(store)
    chosen = NgsiVersion(version)
    names = {one.container_id: f"{prefix}{one.container_id}" for one in forecasts}
    found = entities(forecasts, names, version=chosen, risk_probability=risk)
    if show:
        import json

        typer.echo(json.dumps(update_request(found, version=chosen)[1], ensure_ascii=False, indent=1))
        return
    try:
        sent = send(broker, found, version=chosen, token=token, service=service, context_url=context)
    except PushError as error:
        raise _issue("--broker", "no_answer", str(error)) from error
    Console().print(f"{sent} containers written to {escape(broker)}")


def _forecasts(store: "TenantStore") -> list[Any]:
    from api.settings import read_settings
    from api.wiring import build_ports
    from optimizer.domain.request import DayRequest, SolveLimits
    from optimizer.planning.judge_fills import judge_fills
    from optimizer.planning.steps import Steps
    from routing.crow_flight import CrowFlightRouter

    record = store.town.load()
    if record is None:
        raise _issue("town", "no_town", "No town has been imported into the database.")
    as_of = _now()
    request = DayRequest(
        town=record.town,
        day=record.town.next_working_date(as_of.astimezone(record.town.zone).date()),
        as_of=as_of,
        history=store.readings.history(as_of=as_of, days=read_settings().history_days),
        rules=record.rules,
        limits=SolveLimits(),
    )
    # No street is needed to judge fills.
    return list(judge_fills(request, build_ports(CrowFlightRouter()), steps=Steps()).forecasts.values())


@contextmanager
def _store(tenant: str | None, town: Path, data: Path | None) -> "Iterator[TenantStore]":
    with opened_stores(town, data) as opened:
        yield opened.stores.store(opened.tenant_id(tenant))


@contextmanager
def _intake(tenant: str | None, town: Path, data: Path | None) -> "Iterator[tuple[Intake, TenantStore]]":
    from api.ingest.alerts import MemoryAlertStore
    from api.ingest.intake import Intake

    with _store(tenant, town, data) as store:
        yield Intake(store, MemoryAlertStore(), now=_now), store


def _known_device(store: "TenantStore", device_id: str) -> "Device":
    from api.ingest.values import dev_eui

    device = store.devices.get(dev_eui(device_id) or device_id)
    if device is None:
        raise _issue("device", "unknown_device", "There is no such device. Register it: fuhre device add.")
    return device


def _now() -> datetime:
    return datetime.now(UTC)


def _issue(where: str, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=where, code=code, message=message)])
