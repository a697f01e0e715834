"""What may be changed in a plan, as it is sent over HTTP."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from api.http.fields import Body, Identifier
from api.plans.edits import Edit, EditOp


class _Edit(Body):
    def to_edit(self) -> Edit:
        """The change as the planner knows it."""
        return Edit(**self.model_dump())


class MoveEdit(_Edit):
    """Another vehicle is to empty a container; later edits may move it again where that saves enough."""

    op: Literal[EditOp.MOVE]
    container_id: Identifier
    vehicle_id: Identifier


class PinEdit(_Edit):
    """Only this vehicle may empty a container, in this and all later versions; where it is now, without a vehicle."""

    op: Literal[EditOp.PIN]
    container_id: Identifier
    vehicle_id: Identifier | Literal[""] = ""


class ContainerEdit(_Edit):
    """Take off a pin; leave a container out of all later versions; or empty it today after all."""

    op: Literal[EditOp.UNPIN, EditOp.EXCLUDE, EditOp.INCLUDE]
    container_id: Identifier


class SwapEdit(_Edit):
    """Two vehicles change tours, or two containers change vehicles."""

    op: Literal[EditOp.SWAP]
    container_id: Identifier | Literal[""] = ""
    with_container_id: Identifier | Literal[""] = ""
    vehicle_id: Identifier | Literal[""] = ""
    with_vehicle_id: Identifier | Literal[""] = ""

    @model_validator(mode="after")
    def require_two(self) -> "SwapEdit":
        """Refuse half a swap, and two in one."""
        containers, vehicles = (self.container_id, self.with_container_id), (self.vehicle_id, self.with_vehicle_id)
        for pair, other in ((containers, vehicles), (vehicles, containers)):
            if all(pair) and not any(other) and pair[0] != pair[1]:
                return self
        raise ValueError(
            "Give container_id and with_container_id, or vehicle_id and with_vehicle_id: two different ones."
        )


class EditsBody(Body):
    """Changes to a version of a plan, made together or not at all."""

    edits: Annotated[
        list[Annotated[MoveEdit | PinEdit | ContainerEdit | SwapEdit, Field(discriminator="op")]],
        Field(min_length=1, max_length=200),
    ]
    max_wait_s: Annotated[float, Field(ge=0, le=30)] = Field(
        default=10, description="The answer is 200 with the new version when it is ready by then, else 202."
    )


EXAMPLES: dict[str, Any] = {
    "move one, keep another, leave a third out": {
        "edits": [
            {"op": "move", "container_id": "G-017", "vehicle_id": "LUE-12"},
            {"op": "pin", "container_id": "G-020"},
            {"op": "exclude", "container_id": "G-044"},
        ]
    },
    "two trucks change tours": {"edits": [{"op": "swap", "vehicle_id": "LUE-11", "with_vehicle_id": "LUE-12"}]},
}
