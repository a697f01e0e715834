"""A depot without internet: the whole service in a network that has nothing but the machine itself."""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from api.simulate.own_service import KeyHolder, own_service
from api.store.tenant_ports import Role
from tests.load.towns import load_town

ROOT = Path(__file__).resolve().parents[2]
ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "alone"]


@pytest.mark.slow
def test_service_starts_and_plans_without_any_network(tmp_path: Path) -> None:
    can_be_alone = shutil.which("unshare") and shutil.which("ip")
    if not can_be_alone or subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody make a network of their own (unshare)")
    imports = "import sys; from pathlib import Path; from tests.flow.test_offline import plan_a_day"
    code = f"{imports}; plan_a_day(Path(sys.argv[1]))"
    done = subprocess.run(
        [*ALONE, sys.executable, "-c", code, str(tmp_path / "data")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stdout.split() == ["no-network", "documented", "planned"]


def plan_a_day(folder: Path) -> None:
    """Runs alone: proves that there is no network, then asks for a plan and the documentation."""
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection(("192.0.2.1", 80), timeout=5)
    sys.stdout.write("no-network\n")
    office = KeyHolder(tenant_id="luenen", role=Role.DISPATCHER)
    with own_service(folder, {"luenen": load_town(12)}, [office]) as service:
        headers = {"authorization": f"Bearer {service.keys[office]}"}
        with httpx.Client(base_url=service.base_url, headers=headers, timeout=30) as client:
            page = client.get("/docs").raise_for_status().text
            assert "http://" not in page
            assert "https://" not in page
            sys.stdout.write("documented\n")
            asked = client.post("/v1/plans", json={"limits": {"iteration_limit": 20}}).raise_for_status()
            end_s = time.monotonic() + 120
            while (answer := client.get(asked.headers["location"]).json())["status"] != "succeeded":
                assert answer["status"] in {"queued", "running"}, answer
                assert time.monotonic() < end_s
                time.sleep(0.1)
            assert answer["plan"]["tours"]
            sys.stdout.write("planned\n")
