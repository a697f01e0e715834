"""What can go wrong with the queue itself; a failed job is no error but a state."""

from optimizer.domain.sendable_error import SendableError


class JobsError(SendableError):
    """Root of every error that the package ``api.jobs`` raises on purpose."""


class QueueFullError(JobsError):
    """No more jobs may wait.

    Attributes
    ----------
    retry_after_s
        When room is likely.
    """

    def __init__(self, *, waiting: int, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"{waiting} jobs are waiting already. Try again in {retry_after_s} seconds.")


class QueueStoppedError(JobsError):
    """The service is about to stop and takes no more work."""

    def __init__(self) -> None:
        super().__init__("The service is stopping. Try again in a few seconds.")


class AlreadyFinishedError(JobsError):
    """A job that has ended cannot be cancelled."""

    def __init__(self, *, state: str) -> None:
        self.state = state
        super().__init__(f"The job has already ended ({state}), so there is nothing left to cancel.")
