"""Jobs that wait, served in turn by tenant, so that one town's fifty requests do not hold up another's one."""

from collections import OrderedDict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRef:
    """Names a job among all tenants' jobs."""

    tenant_id: str
    job_id: str


class FairLine:
    """One line for each tenant; the tenants take turns. Not safe between threads by itself."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[JobRef]] = OrderedDict()
        self._short: set[JobRef] = set()

    def __len__(self) -> int:
        return sum(len(line) for line in self._lines.values())

    def __contains__(self, job: JobRef) -> bool:
        return job in self._lines.get(job.tenant_id, ())

    def length_of(self, tenant_id: str) -> int:
        """Jobs of one tenant that wait."""
        return len(self._lines.get(tenant_id, ()))

    def append(self, job: JobRef, *, is_short: bool = False) -> None:
        """Put a job behind the others of its tenant; a short one behind the tenant's other short ones."""
        line = self._lines.setdefault(job.tenant_id, deque())
        if not is_short:
            line.append(job)
            return
        line.insert(sum(one in self._short for one in line), job)
        self._short.add(job)

    def put_first(self, job: JobRef) -> None:
        """Put a job back before all others."""
        self._lines.setdefault(job.tenant_id, deque()).appendleft(job)
        self._lines.move_to_end(job.tenant_id, last=False)

    def remove(self, job: JobRef) -> None:
        """Take a job out of its line."""
        line = self._lines[job.tenant_id]
        line.remove(job)
        self._short.discard(job)
        if not line:
            del self._lines[job.tenant_id]

    def take(self) -> JobRef:
        """The first job of the tenant whose turn it is, which then waits for its next turn.

        Raises
        ------
        IndexError
            When nobody waits.
        """
        if not self._lines:
            raise IndexError("Nobody waits.")
        tenant_id, line = next(iter(self._lines.items()))
        job = line.popleft()
        self._short.discard(job)
        if line:
            self._lines.move_to_end(tenant_id)
        else:
            del self._lines[tenant_id]
        return job
