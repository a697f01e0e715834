"""The description fuzzed against the service: no 5xx, no undocumented answer, nothing open that should ask for a key.

The long run: ``FUHRE_FUZZ_EXAMPLES=200 pytest tests/security/test_fuzz.py``.
"""

import os
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, ignored_auth, status_code_conformance

from api.http.app import create_app
from api.http.services import Services
from api.identity.doorkeeper import WithKeys
from api.identity.permissions import DOCUMENTATION, METRICS, PERMISSIONS
from api.identity.token_bucket import TokenBuckets
from api.store.tenant_ports import Role
from tests.flow.http_samples import key_for, served, services_in

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, ignored_auth]
EXAMPLES = int(os.environ.get("FUHRE_FUZZ_EXAMPLES", "5"))
# Health is 503 while no worker runs, as here; documentation and metrics are not described.
NOT_FUZZED = {"isLive", "isReady", DOCUMENTATION, METRICS}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    made = services_in(tmp_path_factory.mktemp("fuzz"), has_keys=True, queue_length=10_000)
    # The fuzzer tries wrong keys all the time, and is to hear 401 each time.
    assert isinstance(made.doorkeeper, WithKeys)
    made.doorkeeper._failures_by_source = TokenBuckets(rate_per_s=1e6, burst=1e6)
    made.doorkeeper._failures_by_key = TokenBuckets(rate_per_s=1e6, burst=1e6)
    return made


@pytest.fixture(scope="module")
def key(services: Services) -> str:
    return key_for(services, Role.ADMIN)


@pytest.fixture(scope="module")
def operations(services: Services) -> Iterator[dict[str, schemathesis.APIOperation]]:
    with served(create_app(services)) as client:
        schema = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
        found = [one.ok() for one in schema.get_all_operations()]
        yield {one.definition.raw["operationId"]: one for one in found}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda one: one.value)
@pytest.mark.parametrize("operation_id", sorted(PERMISSIONS.keys() - NOT_FUZZED))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(data=st.data())
def test_fuzzed_requests_are_answered_as_described(
    operations: dict[str, schemathesis.APIOperation],
    key: str,
    operation_id: str,
    mode: GenerationMode,
    data: st.DataObject,
) -> None:
    case = data.draw(operations[operation_id].as_strategy(generation_mode=mode))
    case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
