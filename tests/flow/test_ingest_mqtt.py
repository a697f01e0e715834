"""Messages from a real broker into a real database."""

import gc
import json
import ssl
import threading
import time as clock
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from amqtt.broker import Broker
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.ingest.alerts import MemoryAlertStore
from api.ingest.intake import Delivery, Intake, IntakeReport
from api.ingest.mqtt_consumer import CHIRPSTACK, THINGS_STACK, BrokerAddress, MqttConsumer
from api.store.errors import StoreUnavailableError
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Device, Tenant, TenantStore
from tests.flow.http_samples import small_record
from tests.flow.mqtt_broker import running_broker
from tests.unit.api.ingest.memory_store import fixture_bytes

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
TOPIC = "v3/waste@ttn/devices/bin-1/up"
EUI = "A84041000181C061"


@pytest.fixture(scope="module")
def port_and_broker() -> Iterator[tuple[int, Broker]]:
    with running_broker() as found:
        yield found


@pytest.fixture
def port(port_and_broker: tuple[int, Broker]) -> int:
    return port_and_broker[0]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TenantStore]:
    stores = open_tenant_stores(tmp_path)
    stores.add_tenant(Tenant(tenant_id="lue", name="Lünen", created_at=NOW))
    store = stores.store("lue")
    store.town.replace(small_record())
    store.devices.put(
        Device(
            device_id=EUI,
            decoder="",
            container_id="P-001",
            empty_mm=2_000.0,
            full_mm=400.0,
            shape="box",
            registered_at=NOW,
        )
    )
    yield store
    stores.close()


@contextmanager
def publisher(port: int) -> Iterator[mqtt.Client]:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="network")
    client.username_pw_set("network", "secret")
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()
        client._reset_sockets()  # paho leaves its wake-up sockets to the collector, which warns of them


def uplink(number: int) -> bytes:
    document = json.loads(fixture_bytes("tts_em310.json"))
    document["uplink_message"]["f_cnt"] = number
    document["uplink_message"]["received_at"] = (
        f"2026-03-02T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
    )
    return json.dumps(document).encode()


def publish(client: mqtt.Client, payloads: Sequence[bytes], topic: str = TOPIC) -> None:
    for one in [client.publish(topic, payload, qos=1) for payload in payloads]:
        one.wait_for_publish(10)


class Unsteady(Intake):
    """An intake on a store that does not answer at first, and that can be held before the commit."""

    def __init__(self, store: TenantStore, *, failures: int = 0) -> None:
        super().__init__(store, MemoryAlertStore(), now=lambda: NOW)
        self.failures = failures
        self.gate = threading.Event()
        self.gate.set()
        self.held = threading.Event()

    def take_in_all(self, deliveries: Sequence[Delivery], *, only_device_id: str | None = None) -> list[IntakeReport]:
        self.held.set()
        assert self.gate.wait(20)
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError
        return super().take_in_all(deliveries, only_device_id=only_device_id)


@contextmanager
def consuming(port: int, intake: Intake, client_id: str) -> Iterator[MqttConsumer]:
    address = BrokerAddress(host="127.0.0.1", port=port, client_id=client_id, username="fuhre", password="secret")
    consumer = MqttConsumer(address, (THINGS_STACK, CHIRPSTACK), intake, now=lambda: NOW)
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        wait_for(lambda: consumer.counts.connects > 0)
        clock.sleep(0.1)  # the subscription's own round trip
        yield consumer
    finally:
        consumer.stop()
        thread.join(20)
        consumer._client._reset_sockets()
        assert not thread.is_alive()


def wait_for(is_so: Callable[[], bool], *, seconds: float = 15) -> None:
    end_s = clock.monotonic() + seconds
    while not is_so():
        assert clock.monotonic() < end_s, "it did not happen in time"
        clock.sleep(0.02)


def stored(store: Any) -> int:
    series = store.readings.history(as_of=datetime(2026, 3, 3, tzinfo=UTC), days=3).get("P-001")
    return 0 if series is None else len(series)


def test_messages_are_stored_once_when_some_come_twice(port: int, store: TenantStore) -> None:
    with publisher(port) as client, consuming(port, Unsteady(store), "once") as consumer:
        publish(client, [uplink(number % 200) for number in range(300)])
        wait_for(lambda: consumer.counts.received == 300 == consumer.counts.accepted + consumer.counts.duplicate)
        assert (consumer.counts.accepted, consumer.counts.duplicate) == (200, 100)
    assert stored(store) == 200


def test_messages_wait_at_the_broker_while_the_consumer_is_away(port: int, store: TenantStore) -> None:
    with consuming(port, Unsteady(store), "away"):
        pass
    with publisher(port) as client:
        publish(client, [uplink(number) for number in range(150)])
        with consuming(port, Unsteady(store), "away") as consumer:
            wait_for(lambda: consumer.counts.accepted == 150)
    assert stored(store) == 150


def test_message_is_acknowledged_only_after_the_commit(port_and_broker: tuple[int, Broker], store: TenantStore) -> None:
    port, broker = port_and_broker
    intake = Unsteady(store, failures=1)
    intake.gate.clear()
    with publisher(port) as client, consuming(port, intake, "acks") as consumer:
        in_flight = broker._sessions["acks"][0].inflight_out
        publish(client, [uplink(1)])
        wait_for(intake.held.is_set)
        clock.sleep(0.3)
        # Without a PUBACK the broker must send it again in this session, whatever becomes of this process.
        assert len(in_flight) == 1
        intake.gate.set()
        wait_for(lambda: consumer.counts.failed_commits == 1)
        assert len(in_flight) == 1
        wait_for(lambda: not in_flight)
        assert (consumer.counts.accepted, stored(store)) == (1, 1)


def test_messages_are_stored_after_the_database_was_away(port: int, store: TenantStore) -> None:
    with publisher(port) as client, consuming(port, Unsteady(store, failures=2), "database") as consumer:
        publish(client, [uplink(1), uplink(2)])
        wait_for(lambda: consumer.counts.accepted == 2)
        assert consumer.counts.failed_commits == 2


def test_consumer_goes_on_after_junk(port: int, store: TenantStore) -> None:
    junk = [b"", b"\xff" * 100, b"x" * 1_000_000, b'{"end_device_ids":{}}', b"[" * 5_000]
    with publisher(port) as client, consuming(port, Unsteady(store), "junk") as consumer:
        publish(client, junk)
        publish(client, [b"stays"], topic="application/1/device/a84041000181c061/event/up")
        publish(client, [b"{}"], topic="application/1/device/a84041000181c061/event/join")
        publish(client, [b"{}"], topic="v3/too/short")
        publish(client, [uplink(7)])
        wait_for(lambda: consumer.counts.accepted == 1)
        assert consumer.counts.quarantined == len(junk) + 1
        assert consumer.counts.ignored == 1
        assert consumer.counts.connects == 1
    assert {one.reason for one in store.quarantine.all()} == {
        "empty",
        "not_utf8",
        "not_json",
        "not_things_stack",
        "no_device",
        "too_deep",
    } - {"no_device"}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime.now(UTC) - timedelta(minutes=5)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(hours=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "broker.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "broker.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "broker.pem", folder / "broker.key"


# paho leaves the socket of a refused handshake to the collector, which warns of it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_broker_is_believed_only_with_a_known_certificate(certificates: tuple[Path, Path], store: TenantStore) -> None:
    certificate, key = certificates
    with running_broker(ssl=True, certfile=str(certificate), keyfile=str(key)) as (port, _):
        address = BrokerAddress(
            host="127.0.0.1", port=port, client_id="tls", username="fuhre", has_tls=True, ca_file=certificate
        )
        consumer = MqttConsumer(address, [THINGS_STACK], Unsteady(store), now=lambda: NOW)
        thread = threading.Thread(target=consumer.run)
        thread.start()
        try:
            wait_for(lambda: consumer.counts.connects == 1)
        finally:
            consumer.stop()
            thread.join(20)
            consumer._client._reset_sockets()
        stranger = MqttConsumer(replace(address, ca_file=None), [THINGS_STACK], Unsteady(store), now=lambda: NOW)
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.run()
        stranger._client._reset_sockets()
        del stranger
        gc.collect()
