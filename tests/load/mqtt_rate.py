"""How fast the MQTT consumer takes in what a real broker holds for it; the broker runs in a process of its own.

The broker of the tests is written in Python and may be the slower of the two: the processor seconds of the consumer
tell what it could do behind a quicker one.
"""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from api.ingest.alerts import MemoryAlertStore
from api.ingest.intake import Intake
from api.ingest.mqtt_consumer import THINGS_STACK, BrokerAddress, MqttConsumer
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Device, Tenant
from api.store.town_document import TownRecord
from tests.load.towns import load_town

DEVICES = 300
NETWORK = Path(__file__).with_name("mqtt_network.py")


def mqtt_rate(place: str | Path, *, messages: int) -> tuple[float, float]:
    """Messages a second from the first to the last acknowledgement, and CPU milliseconds of the consumer for each."""
    broker = subprocess.Popen([sys.executable, str(NETWORK)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert broker.stdin is not None
    assert broker.stdout is not None
    port = int(broker.stdout.readline())
    stores = open_tenant_stores(place)
    now = datetime.now(UTC)
    stores.add_tenant(Tenant(tenant_id="lue", name="mqtt", created_at=now))
    store = stores.store("lue")
    store.town.replace(TownRecord(town=load_town(DEVICES).town))
    for number in range(DEVICES):
        store.devices.put(_device(number, now))
    intake = Intake(store, MemoryAlertStore(), now=lambda: now)
    address = BrokerAddress(host="127.0.0.1", port=port, client_id="figures", username="fuhre", password="secret")
    consumer = MqttConsumer(address, (THINGS_STACK,), intake, now=lambda: now)
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        while not consumer.counts.connects:
            time.sleep(0.01)
        time.sleep(0.3)  # the subscription's own round trip
        sender = subprocess.Popen([sys.executable, str(NETWORK), str(port), str(messages), str(DEVICES)])
        while not consumer.counts.accepted:
            time.sleep(0.001)
        had, began_s, began_cpu_s = consumer.counts.accepted, time.perf_counter(), time.process_time()
        end_s = time.monotonic() + 120
        while consumer.counts.accepted < messages and time.monotonic() < end_s:
            time.sleep(0.005)
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        if consumer.counts.accepted != messages:
            raise SystemExit(f"MQTT: {consumer.counts} of {messages} messages")
        sender.wait(20)
        return (messages - had) / took_s, 1000 * cpu_s / (messages - had)
    finally:
        consumer.stop()
        thread.join(20)
        broker.stdin.close()
        broker.wait(20)
        broker.stdout.close()
        stores.close()


def _device(number: int, now: datetime) -> Device:
    return Device(
        device_id=f"A{number:015X}",
        decoder="plain_percent",
        container_id=f"P-{number:04d}",
        empty_mm=None,
        full_mm=None,
        shape="box",
        registered_at=now,
    )
