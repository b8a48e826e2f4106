"""the standard OTEL_ variables -> a tracer that sends spans there, or none.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from opentelemetry.trace import Tracer

from askreport import errors

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Either of them turns tracing on."""


@dataclass(frozen=True, slots=True)
class Tracing:
    """A tracer, and how to send what it still holds before the process ends."""

    tracer: Tracer
    close: Callable[[], None]


def configured() -> Tracing | None:
    """None unless a variable says where traces go. Raises ExtraMissing."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return None
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise errors.ExtraMissing(
            "traces need the packages of an extra",
            hint='pip install "askreport[otel]", or unset ' + " and ".join(ENDPOINTS),
        ) from error
    named = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "askreport")}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider.get_tracer("askreport"), provider.shutdown)
