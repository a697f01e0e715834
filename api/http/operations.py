"""Which operation a request asks for, found the way the framework finds it, and who may use it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Scope

from api.identity.errors import UnlistedOperationError
from api.identity.permissions import DOCUMENTATION, PERMISSIONS, Permission

_DOCUMENTATION_PATHS = frozenset({"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"})
_DOCUMENTATION_FOLDER = "/static-offline-docs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a request asks for."""

    operation_id: str
    permission: Permission


class OperationIndex:
    """All operations of the application with their lines in the table of permissions.

    Raises
    ------
    UnlistedOperationError
        When an operation, or a whole part of the application, has no line.
    """

    def __init__(
        self, app: FastAPI, routers: Sequence[APIRouter], *, permissions: Mapping[str, Permission] = PERMISSIONS
    ) -> None:
        self._permissions = permissions
        self._routes: list[APIRoute] = []
        self._of_plain: dict[tuple[str, str], Operation] = {}
        unlisted = [_name(route) for route in app.router.routes if not _is_documentation(route)]
        for route in _flattened(routers):
            if isinstance(route, APIRoute) and route.operation_id in permissions:
                self._routes.append(route)
            else:
                unlisted.append(_name(route))
        if unlisted:
            raise UnlistedOperationError(unlisted)
        self._plain_paths = frozenset(route.path for route in self._routes if "{" not in route.path)

    def operation_ids(self) -> set[str]:
        """Every operation, the documentation's apart."""
        return {str(route.operation_id) for route in self._routes}

    def find(self, scope: Scope) -> Operation | None:
        """The operation, or None for an address or a method that there is not."""
        path = scope["path"]
        known = self._of_plain.get((scope["method"], path))
        if known is not None:
            return known
        if path in _DOCUMENTATION_PATHS or path.startswith(f"{_DOCUMENTATION_FOLDER}/"):
            return self._operation(DOCUMENTATION)
        for route in self._routes:
            if route.matches(scope)[0] is Match.FULL:
                found = self._operation(str(route.operation_id))
                if path in self._plain_paths:  # as many as there are operations, whatever is asked for
                    self._of_plain[scope["method"], path] = found
                return found
        return None

    def _operation(self, operation_id: str) -> Operation:
        return Operation(operation_id=operation_id, permission=self._permissions[operation_id])


def _flattened(routers: Sequence[APIRouter]) -> Iterator[BaseRoute]:
    for router in routers:
        for route in router.routes:
            # Some versions of the framework keep an included router as one route of its own kind.
            inner = getattr(route, "original_router", None)
            if isinstance(inner, APIRouter) and not getattr(route, "include_context").prefix:  # noqa: B009 - not in all versions
                yield from _flattened([inner])
            else:
                yield route


def _is_documentation(route: object) -> bool:
    if isinstance(route, Mount):
        return route.path == _DOCUMENTATION_FOLDER
    return isinstance(route, Route) and route.path in _DOCUMENTATION_PATHS


def _name(route: object) -> str:
    return str(getattr(route, "operation_id", None) or getattr(route, "path", None) or type(route).__name__)
