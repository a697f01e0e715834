"""What an installation may decide, read from variables named ``FUHRE_...``; a wrong value stops the start."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as SettingsSourceError

from api.identity.source_address import parse_networks
from api.store.tenant_ports import Role
from optimizer.domain.map_age import MAP_MAX_AGE_DAYS

_OTHERS = frozenset({"FUHRE_CACHE_DIR", "FUHRE_LANGUAGE", "FUHRE_SHARED_DATA", "FUHRE_KEEP_HEIDELBERG"})
"""Variables that other parts read: the map cache, the language of texts, tests and benchmarks."""

_DEFAULT_SECRETS = frozenset({"changeme", "change-me", "secret", "password", "postgres", "admin", "fuhre"})


class SettingsError(ValueError):
    """One or more settings cannot be used; the message names each of them in one line."""


class Settings(BaseSettings):
    """Settings of the service.

    Attributes
    ----------
    data_folder
        Folder of the service of several towns: databases, and in ``towns/<tenant>`` each town's files; None to serve
        one town from its own folder.
    database_url
        PostgreSQL URL, e.g. ``postgresql+psycopg://fuhre@db/fuhre``; None for SQLite files in the data or town folder.
    town_folder
        Folder with the town's files, imported where the database has no town yet.
    profile
        ``local`` opens the documentation to everybody, ``production`` asks for a key; ``auto`` is local where the
        service listens on this machine only, and neither TLS nor proxies are configured.
    is_behind_tls
        True where callers reach the service by HTTPS: browsers are then told never to use anything else.
    trusted_proxies
        Networks whose header X-Forwarded-For is believed, e.g. ``["10.0.0.0/8"]``.
    oidc_issuer, oidc_audience
        Provider of people's logins, and how it calls this service; None for keys only.
    oidc_role_claim, oidc_tenant_claim, oidc_roles
        Claims of a token with role and tenant, and the provider's words for our roles, e.g.
        ``{"waste-dispatch": "dispatcher"}``.
    key_requests_per_s, tenant_requests_per_s, ingest_requests_per_s
        Requests that a key, and all keys of a tenant, may send; for readings and messages of sensors a limit of its own
        for each tenant. Twice as many may come at once.
    max_connections
        Connections that may be open; more are answered 503.
    job_memory_limit_mb
        Memory that a planning job may use beyond the opened map; None for no limit.
    otlp_endpoint
        Collector of OpenTelemetry traces, e.g. ``http://collector:4318``; None for none.
    worker_count
        Worker processes; each plans one job at a time and keeps its own map open.
    edit_worker_count
        Further worker processes that are kept free for what people wait for: edits, explanations, incidents. With none
        of them an edit waits until a plan is made.
    queue_length
        Jobs of one tenant that may wait; more are refused with the advice to come back.
    job_time_limit_s
        A job that runs longer is ended and counts as failed.
    default_time_limit_s, max_time_limit_s
        Search time of a plan request that names none, and the most that it may ask for.
    max_body_bytes, max_batch_bytes
        Largest request body, in general and for batches of readings.
    max_batch_readings
        Most readings in one batch.
    max_containers_per_plan, max_vehicles_per_plan
        Most containers and vehicles that one plan request may concern.
    history_days
        Days of readings that a plan looks back on.
    map_max_age_days
        Health and plans warn of an older map, and go on using it.
    """

    model_config = SettingsConfigDict(env_prefix="FUHRE_", extra="ignore", frozen=True)

    data_folder: Path | None = None
    database_url: str | None = None
    town_folder: Path | None = None
    profile: Literal["auto", "local", "production"] = "auto"
    is_behind_tls: bool = False
    trusted_proxies: tuple[str, ...] = ()
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_role_claim: Annotated[str, Field(min_length=1)] = "fuhre_role"
    oidc_tenant_claim: Annotated[str, Field(min_length=1)] = "fuhre_tenant"
    oidc_roles: Mapping[str, Role] = Field(default_factory=dict)
    key_requests_per_s: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] = 50.0
    tenant_requests_per_s: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] = 200.0
    ingest_requests_per_s: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] = 2_000.0
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    otlp_endpoint: str | None = None
    worker_count: Annotated[int, Field(ge=1, le=64)] = 1
    edit_worker_count: Annotated[int, Field(ge=0, le=8)] = 1
    queue_length: Annotated[int, Field(ge=1, le=10_000)] = 64
    job_time_limit_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 900.0
    job_memory_limit_mb: Annotated[int, Field(ge=64, le=1_000_000)] | None = None
    default_time_limit_s: Annotated[float, Field(ge=0.05, le=3_600, allow_inf_nan=False)] = 10.0
    max_time_limit_s: Annotated[float, Field(ge=0.05, le=3_600, allow_inf_nan=False)] = 600.0
    max_body_bytes: Annotated[int, Field(ge=1_024, le=100_000_000)] = 1_000_000
    max_batch_bytes: Annotated[int, Field(ge=1_024, le=100_000_000)] = 5_000_000
    max_batch_readings: Annotated[int, Field(ge=1, le=20_000)] = 5_000
    max_containers_per_plan: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    max_vehicles_per_plan: Annotated[int, Field(ge=1, le=1_000)] = 100
    history_days: Annotated[int, Field(ge=1, le=3_650)] = 180
    map_max_age_days: Annotated[int, Field(ge=1, le=36_500)] = MAP_MAX_AGE_DAYS

    @field_validator("database_url")
    @classmethod
    def _url_names_a_database(cls, url: str | None) -> str | None:
        if url is not None and "://" not in url:
            raise ValueError("write a URL such as postgresql+psycopg://user@host/fuhre")
        if url is not None and url.startswith("sqlite"):
            raise ValueError("SQLite files lie in the town's folder, or in FUHRE_DATA_FOLDER: set that instead")
        if url is not None and (urlsplit(url).password or "") in _DEFAULT_SECRETS:
            raise ValueError("its password is one that everybody tries first: choose another")
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_networks(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        parse_networks(texts)
        return texts

    @model_validator(mode="after")
    def _login_is_whole(self) -> "Settings":
        if (self.oidc_issuer is None) != (self.oidc_audience is None):
            raise ValueError("set both FUHRE_OIDC_ISSUER and FUHRE_OIDC_AUDIENCE, or neither")
        return self

    def is_local(self, host: str) -> bool:
        """Whether a service that listens on this host is for this machine only."""
        if self.profile != "auto":
            return self.profile == "local"
        return is_loopback(host) and not self.is_behind_tls and not self.trusted_proxies


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to the host."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def read_settings() -> Settings:
    """The settings in the environment, with defaults for what is not set.

    Raises
    ------
    SettingsError
        When a value is out of range or of the wrong type.
    """
    _refuse_unknown(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        # What was set is not repeated: it may be a password.
        faults = "; ".join(f"{_variable(one['loc'])}: {one['msg']}" for one in error.errors(include_input=False))
        raise SettingsError(f"The settings cannot be used. {faults}. Correct the environment.") from error
    except SettingsSourceError as error:
        raise SettingsError(f"The settings cannot be used: {error}. Write lists and tables as JSON.") from error


def _variable(location: tuple[int | str, ...]) -> str:
    return f"FUHRE_{str(location[0]).upper()}" if location else "FUHRE_..."


def _refuse_unknown(names: Iterable[str]) -> None:
    known = {f"FUHRE_{name.upper()}" for name in Settings.model_fields} | _OTHERS
    unknown = sorted(name for name in names if name.startswith("FUHRE_") and name not in known)
    if unknown:
        raise SettingsError(
            f"There are no settings named {', '.join(unknown)}. Correct the names; a misspelt setting has no effect."
        )
