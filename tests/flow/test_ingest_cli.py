"""`fuhre ingest`, `fuhre device` and `fuhre ngsi` on the databases of a service."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from api.cli import ingest
from api.ingest.alerts import MemoryAlertStore
from api.ingest.intake import Intake
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Tenant
from optimizer.domain.issues import InvalidInputError
from tests.flow.http_samples import small_record
from tests.unit.api.ingest.memory_store import fixture_bytes

EUI = "A84041000181C061"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stores = open_tenant_stores(tmp_path)
    stores.add_tenant(Tenant(tenant_id="lue", name="Lünen", created_at=datetime(2026, 3, 1, tzinfo=UTC)))
    stores.store("lue").town.replace(small_record())
    stores.close()
    return tmp_path


def run(folder: Path, *words: str) -> str:
    app = typer.Typer()
    ingest.register(app)
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*words, "--data", str(folder)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_sensor_is_registered_calibrated_and_its_messages_taken_in(folder: Path) -> None:
    stores = open_tenant_stores(folder)
    intake = Intake(stores.store("lue"), MemoryAlertStore(), now=lambda: datetime(2026, 3, 2, 4, tzinfo=UTC))
    assert intake.take_in("things_stack", fixture_bytes("tts_em310.json")).results[0].code == "unknown_device"
    stores.close()
    run(folder, "device", "add", EUI.lower(), "--container", "P-001")
    assert "0 messages taken in, 1 left" in run(folder, "ingest", "replay")
    run(folder, "device", "calibrate", EUI, "--empty-mm", "2000", "--full-mm", "400")
    assert "2000" in run(folder, "device", "list")
    assert "1 messages taken in, 0 left" in run(folder, "ingest", "replay", "--reason", "unknown_device")
    assert "0 messages taken in, 0 left" in run(folder, "ingest", "replay")
    stores = open_tenant_stores(folder)
    assert stores.store("lue").readings.latest(["P-001"])["P-001"].fill_fraction == pytest.approx(0.625)
    stores.close()


def test_sensor_that_is_moved_keeps_its_calibration(folder: Path) -> None:
    run(folder, "device", "add", EUI, "--container", "P-001", "--decoder", "milesight_em310")
    run(folder, "device", "calibrate", EUI, "--empty-mm", "2000", "--full-mm", "400", "--shape", "cone")
    run(folder, "device", "add", EUI, "--container", "P-002")
    shown = run(folder, "device", "list")
    assert "P-002" in shown
    assert "milesight_em310" in shown
    assert "cone" in shown


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("device", "add", EUI, "--container", "P-999"), "unknown_container"),
        (("device", "add", EUI, "--decoder", "toaster"), "unknown_decoder"),
        (("device", "add", " "), "bad_id"),
        (("device", "calibrate", EUI, "--empty-mm", "2000", "--full-mm", "400"), "unknown_device"),
        (("device", "calibrate", EUI, "--empty-mm", "2.35", "--full-mm", "0.4"), "bad_calibration"),
        (("ingest", "mqtt", "--host", "127.0.0.1", "--network", "smoke"), "unknown_network"),
        (("ingest", "sta", "http://127.0.0.1:9/v1.1", "--datastream", "1"), "no_answer"),
        (("ingest", "sta", "http://127.0.0.1:9/v1.1", "--datastream", "1", "--since", "monday"), "instant"),
        (("ingest", "history", "x.csv", "--zone", "Lünen", "--full-value", "100"), "unknown_zone"),
        (("ngsi", "push", "--broker", "http://127.0.0.1:9", "--version", "v3"), "unknown_version"),
    ],
)
def test_bad_words_end_in_a_sentence(folder: Path, words: tuple[str, ...], code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        run(folder, *words)
    assert [issue.code for issue in caught.value.issues] == [code]


def test_history_is_imported_on_the_named_scale(folder: Path) -> None:
    table = folder / "history.csv"
    table.write_text(
        "ID;Site;Date & time of collection;Fill level before;Fill level after\n"
        "P-001;Markt;2026-03-01 05:10;100;0\n"
        "P-999;Markt;2026-03-01 05:10;50;0\n",
        encoding="utf-8",
    )
    options = ("--zone", "Europe/Berlin", "--full-value", "100", "--full-fraction", "0.8")
    assert "2 lines of 2 containers: 3 new readings" in run(folder, "ingest", "history", str(table), *options)
    assert "0 new readings" in run(folder, "ingest", "history", str(table), *options)
    stores = open_tenant_stores(folder)
    as_of = datetime(2026, 3, 2, tzinfo=UTC)
    series = stores.store("lue").readings.history(as_of=as_of, days=5)["P-001"]
    stores.close()
    assert series.fill_fraction.tolist() == pytest.approx([0.8, 0.0])
    assert len(series.emptied_at_s) == 1


def test_datastreams_are_pulled_from_a_server(folder: Path) -> None:
    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document: dict[str, object] = {"@iot.id": 4711, "unitOfMeasurement": {"symbol": "%"}}
            if "Observations" in self.path:
                at = datetime.now(UTC).isoformat()
                document = {"value": [{"@iot.id": 1, "phenomenonTime": at, "resultTime": None, "result": "72.0"}]}
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run(folder, "device", "add", "sta:4711", "--container", "P-003")
        address = f"http://127.0.0.1:{server.server_port}/v1.1"
        assert "1 accepted" in run(folder, "ingest", "sta", address, "--datastream", "4711")
        assert "1 duplicate" in run(folder, "ingest", "sta", address, "--datastream", "4711")
        server.shutdown()


def test_deadlines_are_made_of_the_forecasts(folder: Path) -> None:
    shown = run(
        folder, "ngsi", "push", "--broker", "http://127.0.0.1:9", "--prefix", "urn:lue:", "--print", "--risk", "0.3"
    )
    entities = json.loads(shown)
    assert {one["id"] for one in entities} <= {f"urn:lue:P-{number:03d}" for number in range(12)}
    assert all(one["nextActuationDeadline"]["value"]["@value"] > "2026" for one in entities)
    assert entities
