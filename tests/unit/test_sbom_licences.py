"""The list of contents says each component's licence as its package declares it, in whichever of four ways."""

import importlib.util
from email.message import Message
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "sbom_licences.py"


@pytest.fixture(scope="module")
def sbom_licences() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sbom_licences", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def declared(**fields: str | list[str]) -> Message:
    message = Message()
    for name, value in fields.items():
        for one in [value] if isinstance(value, str) else value:
            message[name.replace("_", "-")] = one
    return message


def words(licences: list[dict[str, Any]]) -> list[str]:
    return [one.get("expression") or "/".join(one["license"][key] for key in ("id", "name") if key in one["license"])
            for one in licences]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"License_Expression": "MIT OR Apache-2.0", "License": "BSD"}, ["MIT OR Apache-2.0"]),
        ({"License": "mit", "Classifier": ["License :: OSI Approved :: BSD License"]}, ["MIT"]),
        (
            {
                "License": "Dual License",
                "Classifier": [
                    "License :: OSI Approved :: BSD License",
                    "License :: OSI Approved :: Apache Software License",
                    "Topic :: Utilities",
                ],
            },
            ["BSD License", "Apache Software License"],
        ),
        ({"License": "\n  Some words of a licence  \n and its text"}, ["Some words of a licence"]),
        ({"Classifier": ["License :: OSI Approved"]}, []),
        ({}, []),
    ],
)
def test_licence_is_read_where_the_package_declares_it(
    sbom_licences: ModuleType, fields: dict[str, str | list[str]], wanted: list[str]
) -> None:
    assert words(sbom_licences.licences_of(declared(**fields))) == wanted


def test_component_without_a_licence_is_named(sbom_licences: ModuleType) -> None:
    bom: dict[str, Any] = {"components": [{"name": "A.b_c", "version": "1"}, {"name": "unknown", "version": "2"}]}
    licences = [{"license": {"id": "MIT"}}]
    assert sbom_licences.with_licences(bom, {"a-b-c": licences, "unknown": []}) == ["unknown 2"]
    assert bom["components"][0]["licenses"] == licences
    assert "licenses" not in bom["components"][1]
