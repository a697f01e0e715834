"""Writes each component's licence into the list of contents, as the component's own package declares it.

The list is made of the lock, which knows names, versions and hashes; licences stand in what is installed. A package of
which the lock has several versions is installed in one of them, and they share its licence.
"""

import json
import re
import sys
from email.message import Message
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

NOT_INSTALLED_EVERYWHERE = {"colorama": "BSD License"}
"""What only some systems install: what its package on the index declares."""

_LONGEST_NAME = 120


def licences_of(metadata: Message) -> list[dict[str, Any]]:
    """A package's licences in the words of CycloneDX: an SPDX id or expression if there is one, names otherwise."""
    for field in ("License-Expression", "License"):
        expression = _expression(metadata.get(field, ""))
        if expression:
            return [_of_expression(expression)]
    classifiers = [one.split(" :: ") for one in metadata.get_all("Classifier", [])]
    names = [parts[-1] for parts in classifiers if parts[0] == "License" and parts[-1] != "OSI Approved"]
    if not names:
        first_line = next((line.strip() for line in metadata.get("License", "").splitlines() if line.strip()), "")
        names = [first_line[:_LONGEST_NAME]] if first_line else []
    return [_named(name) for name in names]


def with_licences(bom: dict[str, Any], found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Write the licences into the list; the value names the components that have none."""
    missing = []
    for component in bom["components"]:
        licences = found.get(_plain(component["name"]))
        if licences:
            component["licenses"] = licences
        else:
            missing.append(f"{component['name']} {component.get('version', '')}".strip())
    return missing


def main() -> int:
    """Change the file that is named; 1 when a component stays without a licence."""
    path = Path(sys.argv[1])
    bom = json.loads(path.read_text(encoding="utf-8"))
    found = {name: [_named(licence)] for name, licence in NOT_INSTALLED_EVERYWHERE.items()}
    found |= {_plain(one.metadata["Name"]): licences_of(one.metadata) for one in distributions()}
    missing = with_licences(bom, found)
    path.write_text(f"{json.dumps(bom, indent=2)}\n", encoding="utf-8")
    if missing:
        print(f"No licence is known of {', '.join(missing)}. Look it up, and note it in {__file__}.", file=sys.stderr)
    return 1 if missing else 0


def _expression(text: str) -> str:
    try:
        return str(canonicalize_license_expression(text)) if text.strip() else ""
    except InvalidLicenseExpression:
        return ""


def _of_expression(expression: str) -> dict[str, Any]:
    if " " in expression or expression.startswith("LicenseRef-"):
        return {"expression": expression, "acknowledgement": "declared"}
    return {"license": {"id": expression, "acknowledgement": "declared"}}


def _named(name: str) -> dict[str, Any]:
    return {"license": {"name": name, "acknowledgement": "declared"}}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
