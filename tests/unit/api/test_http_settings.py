import pytest

from api.settings import SettingsError, read_settings


def test_settings_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FUHRE_WORKER_COUNT", raising=False)
    settings = read_settings()
    assert settings.worker_count == 1
    assert settings.max_batch_readings == 5_000


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUHRE_WORKER_COUNT", "3")
    monkeypatch.setenv("FUHRE_DATABASE_URL", "postgresql+psycopg://fuhre@db/fuhre")
    settings = read_settings()
    assert (settings.worker_count, settings.database_url) == (3, "postgresql+psycopg://fuhre@db/fuhre")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKER_COUNT", "0"),
        ("WORKER_COUNT", "many"),
        ("DATABASE_URL", "fuhre.db"),
        ("JOB_TIME_LIMIT_S", "inf"),
        ("MAX_BODY_BYTES", "-1"),
    ],
)
def test_wrong_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"FUHRE_{name}", value)
    with pytest.raises(SettingsError, match=f"FUHRE_{name}") as refused:
        read_settings()
    assert "\n" not in str(refused.value)
