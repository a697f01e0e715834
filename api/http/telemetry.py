"""Traces to an OpenTelemetry collector, where one is configured; its libraries are an extra and imported then only."""

from importlib import import_module
from typing import Any

from fastapi import FastAPI

from api.settings import Settings, SettingsError


def start_telemetry(app: FastAPI, settings: Settings) -> None:
    """Send a trace of each request to the configured collector; nothing where none is.

    Raises
    ------
    SettingsError
        When the libraries are not installed.
    """
    if settings.otlp_endpoint is None:
        return
    try:
        exporter, provider, batch, resources, instrumentation = (import_module(name) for name in _MODULES)
    except ImportError as error:
        raise SettingsError(
            "FUHRE_OTLP_ENDPOINT is set, but its libraries are missing. Install fuhre with the extra 'telemetry'."
        ) from error
    traces: Any = provider.TracerProvider(resource=resources.Resource.create({"service.name": "fuhre"}))
    endpoint = f"{settings.otlp_endpoint.rstrip('/')}/v1/traces"
    traces.add_span_processor(batch.BatchSpanProcessor(exporter.OTLPSpanExporter(endpoint=endpoint)))
    # Health is asked all day long and says nothing.
    instrumentation.FastAPIInstrumentor.instrument_app(app, tracer_provider=traces, excluded_urls="v1/health,metrics")


_MODULES = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk.trace",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.sdk.resources",
    "opentelemetry.instrumentation.fastapi",
)
