"""Looks for secrets wherever a service leaves something: in files, in archives, in answers, in any usual spelling."""

import base64
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote


def spellings(secret: str) -> set[bytes]:
    """A secret as itself, quoted for an address, in hex, and in base64 wherever it stands in a longer text."""
    raw = secret.encode()
    # Base64 of a text depends on where the text begins; what does not depend on the neighbours is looked for.
    shifted = {base64.b64encode(b"x" * skip + raw)[4 if skip else 0 : -4] for skip in range(3)}
    return {raw, quote(secret, safe="").encode(), raw.hex().encode(), *shifted}


def contents(places: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Every file below the places; archives also by what is in them."""
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if not path.is_file():
                continue
            yield str(path), path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    for member in archive.namelist():
                        yield f"{path}/{member}", archive.read(member)


def hits(secrets: Mapping[str, str], where: Iterable[tuple[str, bytes]]) -> list[str]:
    """Which secret was found in which place; the secrets by name, so that a failed test repeats none of them."""
    wanted = {name: spellings(secret) for name, secret in secrets.items()}
    return [
        f"{name} in {place}"
        for place, content in where
        for name, forms in wanted.items()
        if any(form in content for form in forms)
    ]
