"""Jobs that wait, served in turn by tenant, so that one town's fifty requests do not hold up another's one."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRef:
    """Names a job among all tenants' jobs.

    Attributes
    ----------
    is_short
        Whether a person waits for it; noted by the line, and no part of the name.
    """

    tenant_id: str
    job_id: str
    is_short: bool = field(default=False, compare=False)


class FairLine:
    """One line for each tenant; the tenants take turns. Not safe between threads by itself."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[JobRef]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(line) for line in self._lines.values())

    def __contains__(self, job: JobRef) -> bool:
        return job in self._lines.get(job.tenant_id, ())

    def length_of(self, tenant_id: str) -> int:
        """Jobs of one tenant that wait."""
        return len(self._lines.get(tenant_id, ()))

    def has_any(self, *, is_short_only: bool) -> bool:
        """Whether somebody waits, or somebody's short job."""
        return self._next_tenant(is_short_only=is_short_only) is not None

    def append(self, job: JobRef, *, is_short: bool = False) -> None:
        """Put a job behind the others of its tenant; a short one behind the tenant's other short ones."""
        line = self._lines.setdefault(job.tenant_id, deque())
        job = replace(job, is_short=is_short)
        line.insert(sum(one.is_short for one in line) if is_short else len(line), job)

    def put_first(self, job: JobRef) -> None:
        """Put a job back before all others."""
        self._lines.setdefault(job.tenant_id, deque()).appendleft(job)
        self._lines.move_to_end(job.tenant_id, last=False)

    def remove(self, job: JobRef) -> None:
        """Take a job out of its line."""
        line = self._lines[job.tenant_id]
        line.remove(job)
        if not line:
            del self._lines[job.tenant_id]

    def take(self, *, is_short_only: bool = False) -> JobRef:
        """The first job of the tenant whose turn it is, which then waits for its next turn.

        Raises
        ------
        IndexError
            When nobody waits, or nobody with a short job where only those are taken.
        """
        tenant_id = self._next_tenant(is_short_only=is_short_only)
        if tenant_id is None:
            raise IndexError("Nobody waits.")
        line = self._lines[tenant_id]
        # A long job that came back stands before the short ones.
        job = next(one for one in line if one.is_short or not is_short_only)
        line.remove(job)
        if line:
            self._lines.move_to_end(tenant_id)
        else:
            del self._lines[tenant_id]
        return job

    def _next_tenant(self, *, is_short_only: bool) -> str | None:
        return next(
            (
                tenant_id
                for tenant_id, line in self._lines.items()
                if not is_short_only or any(one.is_short for one in line)
            ),
            None,
        )
