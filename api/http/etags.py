"""Strong ETags: answers that need not be sent again, and changes that must name what they change (RFC 9110)."""

from fastapi import Response


def quoted(etag: str) -> str:
    """The header's value."""
    return f'"{etag}"'


def is_unchanged(etag: str, if_none_match: str | None) -> bool:
    """Whether the caller has this version already."""
    if if_none_match is None:
        return False
    named = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return quoted(etag) in named or "*" in named


def not_modified(etag: str) -> Response:
    """304, without a body."""
    return Response(status_code=304, headers={"etag": quoted(etag), "cache-control": "private, no-cache"})


def versioned(content: bytes, etag: str, media_type: str = "application/json") -> Response:
    """200 with the version; caches must ask before they use it again."""
    headers = {"etag": quoted(etag), "cache-control": "private, no-cache"}
    return Response(content, media_type=media_type, headers=headers)


def version_named(if_match: str | None) -> str | None:
    """The version that If-Match names, or None without the header; a weak or odd one matches nothing."""
    return None if if_match is None else if_match.strip().removeprefix('"').removesuffix('"')
