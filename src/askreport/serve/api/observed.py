"""a request -> the same, with an id, counted, timed by stage, logged and traced.

Outermost, so that what is refused is seen as well. A question's words are logged only
where the setting `log_questions` asks for it; addresses and paths as they were typed
never are.
"""

import logging
import re
import time
import uuid
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from opentelemetry import propagate, trace
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askreport import stages
from askreport.serve.api.metrics import Metrics

HEADER = "X-Request-Id"
"""Names a request, in its response, in every line logged of it, and in problems."""

ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Ids of callers that are taken over; others could break a log."""

log = logging.getLogger("askreport.requests")


@dataclass(slots=True)
class Record:
    """What is known of the request under way."""

    id: str
    question: str | None = None
    answered: str | None = None
    """The status of its answer, if it got one."""
    stages: dict[str, float] = field(default_factory=dict)


_record: ContextVar[Record | None] = ContextVar("record", default=None)
_tracer: ContextVar[trace.Tracer | None] = ContextVar("tracer", default=None)


def current() -> Record | None:
    """The request that this code runs for, in whichever thread."""
    return _record.get()


def note(*, question: str | None = None, status: str | None = None) -> None:
    """Keep what was asked, or how it was answered, for whoever counts and logs."""
    record = _record.get()
    if record is not None:
        record.question = question if question is not None else record.question
        record.answered = status if status is not None else record.answered


def stage(name: str, seconds: float) -> None:
    """Keep how long a stage of the request took, and trace it."""
    record = _record.get()
    if record is None:
        return
    record.stages[name] = record.stages.get(name, 0.0) + seconds
    tracer = _tracer.get()
    if tracer is not None:
        now = time.time_ns()
        tracer.start_span(name, start_time=now - int(seconds * 1e9)).end(now)


class Observed:
    """Gives each request an id; tells metrics, the log and traces what became of it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        questions: bool,
        tracer: trace.Tracer | None = None,
    ) -> None:
        """`questions`: whether to log what was asked, word for word."""
        self.app = app
        self._metrics = metrics
        self._questions = questions
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(HEADER, "")
        record = Record(given if ID.fullmatch(given) else uuid.uuid4().hex)
        began, status = time.perf_counter(), 0

        async def telling(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = record.id
            await send(message)

        token, traced = _record.set(record), _tracer.set(self._tracer)
        try:
            with stages.told(stage), self._span(scope, headers) as span:
                await self.app(scope, receive, telling)
                _describe(span, scope, status)
        finally:
            _record.reset(token)
            _tracer.reset(traced)
            self._tell(scope, record, status, time.perf_counter() - began)

    def _span(self, scope: Scope, headers: Headers) -> Any:  # noqa: ANN401
        if self._tracer is None:
            return nullcontext()
        context = propagate.extract(dict(headers))
        kind = trace.SpanKind.SERVER
        name = scope["method"]
        return self._tracer.start_as_current_span(name, context, kind=kind)

    def _tell(self, scope: Scope, record: Record, status: int, took: float) -> None:
        known = route(scope)
        self._metrics.request(known, scope["method"], status, took)
        for name, seconds in record.stages.items():
            self._metrics.stage(name, seconds)
        if record.answered is not None:
            self._metrics.answered(record.answered)
        if not log.isEnabledFor(logging.INFO):
            return
        caller = scope.get("state", {}).get("caller")
        told: dict[str, Any] = {
            "request": record.id,
            "method": scope["method"],
            "route": known,
            "status": status,
            "seconds": round(took, 4),
            "stages": {name: round(s, 4) for name, s in record.stages.items()},
            "key": caller.name if caller is not None and caller.keyed else None,
            "answer": record.answered,
        }
        if self._questions and record.question is not None:
            told["question"] = record.question
        log.info("request", extra=told)


def route(scope: Scope) -> str:
    """The route as it is declared, `/passages/{passage}`; what callers typed is theirs.

    Empty where there is none.
    """
    return str(getattr(scope.get("route"), "path", ""))


def _describe(span: trace.Span | None, scope: Scope, status: int) -> None:
    if span is None:
        return
    span.update_name(f"{scope['method']} {route(scope)}".strip())
    span.set_attribute("http.request.method", scope["method"])
    span.set_attribute("http.route", route(scope))
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(trace.StatusCode.ERROR)
