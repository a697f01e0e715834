"""Request bodies: checked bytes become models away from the event loop, and OpenAPI learns their shape."""

from typing import Any, Generic, TypeVar

import numpy as np
from anyio.to_thread import run_sync
from fastapi import Request
from pydantic import BaseModel, ValidationError

from api.http.errors import ProblemError, issues_of

MAX_DEPTH = 32
"""Deepest nesting of a body; what we ask for needs seven."""

MAX_VALUES = 120_000
"""Most values in a body; a batch of 20,000 readings has 100,000."""

INLINE_BYTES = 16_384
"""Bodies up to this size are read on the event loop; a thread would cost more than it frees."""

Model = TypeVar("Model", bound=BaseModel)


class JsonBody(Generic[Model]):
    """A dependency that reads the request's body as a model."""

    def __init__(self, model: type[Model]) -> None:
        self._model = model

    async def __call__(self, request: Request) -> Model:
        """The body, or a problem that says what is wrong with it."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise ProblemError("unsupported_media_type", "The body must be of type application/json.")
        content = await request.body()
        if len(content) <= INLINE_BYTES:
            return read_model(self._model, content)
        return await run_sync(read_model, self._model, content)


def read_model(model: type[Model], content: bytes) -> Model:
    """The model in a JSON document.

    Raises
    ------
    ProblemError
        When it is no JSON, is nested too deeply or too wide, or does not fit the model.
    """
    if _depth(content) > MAX_DEPTH:
        raise ProblemError("body_too_deep", f"The body is nested deeper than {MAX_DEPTH} levels.")
    if content.count(b",") > MAX_VALUES:
        raise ProblemError("body_too_wide", f"The body holds more than {MAX_VALUES} values.")
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        issues = issues_of(errors)
        if errors[0]["type"] == "json_invalid":
            raise ProblemError("malformed_json", "The body is not one valid JSON document.", issues=issues) from error
        raise ProblemError("invalid_request", "The body is not as this address asks for.", issues=issues) from error
    except ValueError as error:  # e.g. a whole number of more digits than Python reads
        raise ProblemError("malformed_json", "The body holds a value that cannot be read.") from error


def _depth(content: bytes) -> int:
    """Greatest nesting; brackets in texts count too, which only makes the rule stricter for odd texts."""
    symbols = np.frombuffer(content, dtype=np.uint8)
    opens = (symbols == ord("[")) | (symbols == ord("{"))
    closes = (symbols == ord("]")) | (symbols == ord("}"))
    if int(opens.sum()) <= MAX_DEPTH:
        return 0
    return int(np.cumsum(opens.astype(np.int32) - closes.astype(np.int32)).max())


def describe_body(model: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI part for an operation that reads ``model``; ``api.http.openapi`` adds the schema itself."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{model.__name__}"},
                    "examples": {name: {"value": value} for name, value in examples.items()},
                }
            },
        }
    }
