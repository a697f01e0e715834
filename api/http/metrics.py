"""Figures for a Prometheus server, of the service as a whole: none names a tenant, a container or a person."""

from collections.abc import Iterator

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from api.identity.permissions import METRICS
from api.jobs.queue import JobQueue

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one application."""

    def __init__(self, queue: JobQueue) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "fuhre_requests", "Answered requests.", ("operation", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "fuhre_request_seconds",
            "Time to the end of the answer.",
            ("operation",),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.registry.register(_QueueFigures(queue))

    def observe(self, operation_id: str, *, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(operation=operation_id, status=str(status)).inc()
        self._seconds.labels(operation=operation_id).observe(seconds)

    def count_refused(self, operation_id: str, number: int) -> None:
        """Count requests that were refused before they were read; they took no time worth a figure."""
        self._requests.labels(operation=operation_id, status="429").inc(number)


class _QueueFigures(Collector):
    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    def collect(self) -> Iterator[GaugeMetricFamily]:
        slots = self._queue.slot_states()
        for name, text, value in (
            ("fuhre_jobs_waiting", "Jobs that no worker has begun.", self._queue.waiting_count()),
            ("fuhre_workers_alive", "Worker processes that run.", sum(slot.pid is not None for slot in slots)),
            ("fuhre_workers_ready", "Worker processes that can take jobs.", sum(slot.is_ready for slot in slots)),
            ("fuhre_workers_busy", "Worker processes with a job.", sum(slot.job is not None for slot in slots)),
        ):
            yield GaugeMetricFamily(name, text, value=value)


def metrics_router(metrics: Metrics) -> APIRouter:
    """The operation for a Prometheus server, which needs an administrator's key."""
    router = APIRouter()

    @router.get("/metrics", operation_id=METRICS, include_in_schema=False)
    def read_metrics() -> Response:
        """Read the figures."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
