"""Why a container is in a plan or not, as it is shown and kept: figures and words, without the way to them."""

from dataclasses import dataclass

from optimizer.domain.relaxation import Text
from optimizer.planning.insertion_option import Option


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleVerdict:
    """One vehicle's option in figures and in words."""

    option: Option
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerExplanation:
    """Everything that there is to say about one container of a plan.

    Attributes
    ----------
    decision
        Whether it is in or out, and why.
    saving
        For a container that is in: what its vehicle would save without its stop.
    vehicles
        For each vehicle of the town what serving it would add, cheapest first, and then those that cannot; empty for a
        container that is emptied already.
    remedies
        What would change the decision; empty where it simply may wait or is served anyway.
    """

    container_id: str
    is_served: bool
    vehicle_id: str
    decision: Text
    saving: Option | None
    vehicles: tuple[VehicleVerdict, ...]
    remedies: tuple[Text, ...]
