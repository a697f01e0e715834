"""Errors that keep their facts and their message on the way to another process."""


class SendableError(Exception):
    """An error whose constructor may take what it likes: what arrives elsewhere is what was sent."""

    def __reduce__(self) -> tuple[object, ...]:
        """Facts and message: the constructor is not called again, since it would take the message for its facts."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[SendableError], args: tuple[object, ...], facts: dict[str, object]) -> SendableError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error
