"""A consumer that is killed again and again loses nothing that it acknowledged, and stores nothing twice."""

import os
import random
import signal
import subprocess
import sys
import time as clock
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Device, Tenant
from tests.flow.http_samples import small_record
from tests.flow.redelivering_broker import RedeliveringBroker
from tests.unit.api.ingest.test_ingest_intake import tts

MESSAGES = 400
KILLS = int(os.environ.get("INGEST_MQTT_KILLS", "2"))
EUI = "A84041000181C061"


@pytest.mark.slow
def test_killed_consumer_loses_nothing_and_stores_nothing_twice(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    stores = open_tenant_stores(tmp_path)
    stores.add_tenant(Tenant(tenant_id="lue", name="Lünen", created_at=now))
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
            registered_at=now,
        )
    )
    begin = now.replace(microsecond=0) - timedelta(hours=2)
    payloads = [
        tts(f_cnt=number, received_at=(begin + timedelta(seconds=number)).isoformat()) for number in range(MESSAGES)
    ]
    broker = RedeliveringBroker("v3/waste/devices/bin-1/up", payloads)
    words = ["ingest", "mqtt", "--host", "127.0.0.1", "--port", str(broker.port), "--no-tls", "--data", str(tmp_path)]
    command = [sys.executable, "-c", "from api.cli.main import main; main()", *words]
    chance = random.Random(17)
    for kill in range(KILLS + 1):
        goal = MESSAGES if kill == KILLS else len(broker.acknowledged) + chance.randint(1, MESSAGES // (KILLS + 1))
        errors = tmp_path / "errors.txt"
        with (
            errors.open("wb") as file,
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file) as consumer,
        ):
            end_s = clock.monotonic() + 60
            while len(broker.acknowledged) < goal:
                assert clock.monotonic() < end_s, f"{len(broker.acknowledged)} of {goal}"
                assert consumer.poll() is None, errors.read_text()
                clock.sleep(0.002)
            consumer.send_signal(signal.SIGKILL)
        kept = store.readings.history(as_of=now, days=2)["P-001"]
        assert len(kept) >= len(broker.acknowledged)
    assert len(kept) == MESSAGES
    assert broker.delivered == MESSAGES + broker.redelivered
    broker.close()
    stores.close()
