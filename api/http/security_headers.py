"""Headers that keep a browser from doing more with an answer than it should."""

from collections.abc import Callable

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# The documentation's pages start themselves with a script in the page.
_DOCUMENTATION = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_DOCUMENTATION_PATHS = ("/docs", "/redoc", "/static-offline-docs/")
_ONE_YEAR = "max-age=31536000; includeSubDomains"


def security_headers(*, is_behind_tls: bool) -> Callable[[str], dict[str, str]]:
    """The headers of an answer, by its path."""
    always = _ALWAYS | ({"strict-transport-security": _ONE_YEAR} if is_behind_tls else {})

    def headers_at(path: str) -> dict[str, str]:
        is_documentation = path.startswith(_DOCUMENTATION_PATHS)
        return always | {"content-security-policy": _DOCUMENTATION if is_documentation else _NOTHING_RUNS}

    return headers_at
