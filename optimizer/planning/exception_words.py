"""What the codes of drivers' exceptions are called, in German and English."""

from collections.abc import Mapping
from types import MappingProxyType

from optimizer.domain.relaxation import Text
from optimizer.domain.tour_event import ExceptionCode

EXCEPTION_WORDS: Mapping[ExceptionCode, Text] = MappingProxyType(
    {
        ExceptionCode.ALREADY_EMPTIED: Text(en="Already emptied", de="Schon geleert"),
        ExceptionCode.BLOCKED_BY_CAR: Text(en="Blocked by a car", de="Zugeparkt"),
        ExceptionCode.CONTAINER_MISSING: Text(en="Container missing", de="Behälter fehlt"),
        ExceptionCode.CONTAINER_MOVED: Text(en="Container stands elsewhere", de="Behälter steht woanders"),
        ExceptionCode.CONTAMINATED: Text(en="Wrong waste inside", de="Falsch befüllt"),
        ExceptionCode.DAMAGED: Text(en="Damaged", de="Beschädigt"),
        ExceptionCode.FIRE: Text(en="Fire or heat", de="Feuer oder heiß"),
        ExceptionCode.INSTRUCTION: Text(en="Told so on the spot", de="Anweisung vor Ort"),
        ExceptionCode.NO_ACCESS: Text(en="No access", de="Kein Zugang"),
        ExceptionCode.OTHER: Text(en="Other", de="Sonstiges"),
        ExceptionCode.OVERFILLED: Text(en="Overfilled, waste beside it", de="Überfüllt, Beistellungen"),
        ExceptionCode.ROAD_CLOSED: Text(en="Road closed", de="Straße gesperrt"),
        ExceptionCode.SENSOR_MISSING: Text(en="Sensor missing", de="Sensor fehlt"),
        ExceptionCode.TOO_HEAVY: Text(en="Too heavy", de="Zu schwer"),
        ExceptionCode.UNSAFE: Text(en="Unsafe", de="Zu gefährlich"),
    }
)
