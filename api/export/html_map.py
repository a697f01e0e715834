"""A plan as one HTML page that needs no server and no network: map, board and printable tour sheets.

Guards that data stays data: it is embedded as JSON that no name can break out of, and a content security policy with
digests of our own script and style lets nothing else run or load.
"""

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

from api.export.geojson import OSM_ATTRIBUTION
from api.export.page_data import page_data
from api.export.plan_paths import PlanPaths
from api.export.street_lines import StreetLine
from api.export.texts import Language, text, written_date
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town

_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def plan_to_html(
    plan: Plan,
    town: Town,
    paths: PlanPaths,
    streets: Sequence[StreetLine],
    *,
    language: Language = "de",
    attribution: str = OSM_ATTRIBUTION,
) -> str:
    """The page as text; write it as UTF-8.

    Parameters
    ----------
    streets
        Lines of the base map; may be empty.
    language
        Shown first; the page can switch.
    attribution
        The map's, from ``MapInfo``; empty only for lines that come from no map.
    """
    data = page_data(plan, town, paths, streets, language=language, attribution=attribution)
    style = _joined("style", ".css")
    script = f'(() => {{\n"use strict";\n{_joined("script", ".js")}\nstart();\n}})();'
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    page = Template(_template_folder().joinpath("page.html").read_text(encoding="utf-8"))
    return page.substitute(
        language=language,
        policy=policy,
        title=html.escape(text("page_title", language, town=plan.town_name, date=written_date(plan.day, language))),
        without_script=html.escape(text("without_script", language)),
        style=style,
        script=script,
        data=embeddable_json(data),
    )


def embeddable_json(value: object) -> str:
    """JSON that is safe inside a ``script`` element: no sign of markup is left unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_ESCAPES)


def _template_folder() -> Traversable:
    return files("api.export").joinpath("templates")


def _joined(folder: str, suffix: str) -> str:
    """All files of one kind in the order of their names; scripts declare only, so that the order is free."""
    found = sorted(_template_folder().joinpath(folder).iterdir(), key=lambda file: file.name)
    return "\n".join(file.read_text(encoding="utf-8") for file in found if file.name.endswith(suffix))


def _digest(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"
