"""What an installation may decide, read from variables named ``FUHRE_...``; a wrong value stops the start."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(ValueError):
    """One or more settings cannot be used; the message names each of them in one line."""


class Settings(BaseSettings):
    """Settings of the service.

    Attributes
    ----------
    database_url
        SQLAlchemy URL, e.g. ``sqlite:////var/lib/fuhre/fuhre.db``; None for ``fuhre.db`` in the town's folder.
    town_folder
        Folder with the town's files, imported where the database has no town yet; None to import later.
    worker_count
        Worker processes; each plans one job at a time and keeps its own map open.
    queue_length
        Jobs that may wait; more are refused with the advice to come back.
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
    """

    model_config = SettingsConfigDict(env_prefix="FUHRE_", extra="ignore", frozen=True)

    database_url: str | None = None
    town_folder: Path | None = None
    worker_count: Annotated[int, Field(ge=1, le=64)] = 1
    queue_length: Annotated[int, Field(ge=1, le=10_000)] = 64
    job_time_limit_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 900.0
    default_time_limit_s: Annotated[float, Field(ge=0.05, le=3_600, allow_inf_nan=False)] = 10.0
    max_time_limit_s: Annotated[float, Field(ge=0.05, le=3_600, allow_inf_nan=False)] = 600.0
    max_body_bytes: Annotated[int, Field(ge=1_024, le=100_000_000)] = 1_000_000
    max_batch_bytes: Annotated[int, Field(ge=1_024, le=100_000_000)] = 5_000_000
    max_batch_readings: Annotated[int, Field(ge=1, le=100_000)] = 5_000
    max_containers_per_plan: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    max_vehicles_per_plan: Annotated[int, Field(ge=1, le=1_000)] = 100
    history_days: Annotated[int, Field(ge=1, le=3_650)] = 180

    @field_validator("database_url")
    @classmethod
    def _url_names_a_database(cls, url: str | None) -> str | None:
        if url is not None and "://" not in url:
            raise ValueError("write a URL such as sqlite:///fuhre.db or postgresql+psycopg://user@host/fuhre")
        return url


def read_settings() -> Settings:
    """The settings in the environment, with defaults for what is not set.

    Raises
    ------
    SettingsError
        When a value is out of range or of the wrong type.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(f"FUHRE_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors() if one["loc"])
        raise SettingsError(f"The settings cannot be used. {faults or error}. Correct the environment.") from error
