"""What the service tells those who run it, and what it keeps from them."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from prometheus_client.parser import text_string_to_metric_families

from askreport import Library, errors
from askreport.serve.api import observed, tracing

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]

ASKED = "How many passengers does the secret ferry carry?"
LAMENT = "Who wrote the national anthem of Peru?"


def figures(client: httpx.Client) -> dict[str, float]:
    """Every sample at /metrics, by its name and labels."""
    told = client.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain")
    return {
        sample.name + json.dumps(sample.labels, sort_keys=True): sample.value
        for family in text_string_to_metric_families(told.text)
        for sample in family.samples
    }


def count(found: dict[str, float], name: str, **labels: str) -> float:
    """The value of one sample, 0 where there is none yet."""
    return found.get(name + json.dumps(labels, sort_keys=True), 0.0)


def test_metrics_count_answers_declines_stages_and_routes(
    client: httpx.Client, library: Library
) -> None:
    before = figures(client)
    client.post("/ask", json={"question": ASKED})
    client.post("/ask", json={"question": LAMENT})
    client.get("/nowhere/my-secret")
    client.request("BREW", "/nowhere")
    after = figures(client)

    def more(name: str, **labels: str) -> float:
        return count(after, name, **labels) - count(before, name, **labels)

    assert more("askreport_answers_total", status="answered") == 1
    assert more("askreport_answers_total", status="no-evidence") == 1
    asked = {"route": "/ask", "method": "POST", "status": "200"}
    assert more("askreport_requests_total", **asked) == 2
    lost = {"route": "none", "method": "GET", "status": "404"}
    assert more("askreport_requests_total", **lost) == 1
    for stage in ("wait", "encode", "retrieve", "score", "verify", "answer"):
        assert more("askreport_stage_seconds_count", stage=stage) == 2
    parts = sum(
        more("askreport_stage_seconds_sum", stage=stage)
        for stage in ("encode", "retrieve", "score", "verify")
    )
    assert 0 < parts <= more("askreport_stage_seconds_sum", stage="answer")
    known = {"generation": library.generation.id, "model": "hashing"}
    assert count(after, "askreport_generation_info", **known) == 1
    assert after["askreport_loop_lag_seconds_count{}"] > 0
    assert after["process_resident_memory_bytes{}"] > 10**6
    assert not [name for name in after if "secret" in name or "BREW" in name]


def test_a_request_keeps_the_id_it_came_with_if_that_is_harmless(
    client: httpx.Client,
) -> None:
    def given(name: str) -> str:
        sent = {"X-Request-Id": name}
        return str(client.get("/healthz", headers=sent).headers["x-request-id"])

    assert given("mine-1.a") == "mine-1.a"
    for bad in ("a b", 'a"', "x" * 65, "", "{}"):
        assert re.fullmatch("[0-9a-f]{32}", given(bad))
    assert given("") != given("")


JSON_SERVICE = """\
import sys
from askreport import Library
from askreport.serve.api.run import run
flags = {"log_format": "json"}
run(Library.open(sys.argv[1], flags=flags), "127.0.0.1", 0)
"""


def lines(built: Path) -> list[dict[str, Any]]:
    """What the service logs of a few requests."""
    running = subprocess.Popen(
        [sys.executable, "-c", JSON_SERVICE, str(built)],
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        assert running.stderr is not None
        found = re.search(r"http://\S+:\d+", running.stderr.readline())
        assert found is not None
        at = found.group()
        named = {"X-Request-Id": "mine"}
        httpx.post(f"{at}/ask", json={"question": ASKED}, headers=named, timeout=60)
        httpx.get(f"{at}/c/no-passage", params={"q": ASKED}, timeout=60)
        httpx.post(f"{at}/nowhere/secret", content=ASKED, timeout=60)
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
    return [json.loads(line) for line in said.splitlines()]


def test_in_json_every_request_is_a_line_that_does_not_say_what_was_asked(
    built: Path,
) -> None:
    said = lines(built)
    assert "secret" not in json.dumps(said)
    first, second, third = said
    assert first["request"] == "mine"
    assert (first["method"], first["route"], first["status"]) == ("POST", "/ask", 200)
    assert first["answer"] == "answered"
    assert first["level"] == "INFO"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}[+-]\d{4}", first["time"])
    assert set(first["stages"]) >= {"wait", "encode", "retrieve", "score", "verify"}
    assert first["seconds"] >= first["stages"]["answer"]
    assert (second["route"], second["status"]) == ("/c/{passage}", 404)
    assert (third["route"], third["status"]) == ("", 404)


def test_what_was_asked_is_logged_where_settings_ask_for_it(
    serve: Serve, built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = Library.open(built, flags={"log_questions": True})
    with caplog.at_level(logging.INFO, "askreport.requests"), serve(library) as client:
        client.post("/ask", json={"question": ASKED})
        client.get("/c/no-passage", params={"q": ASKED})
    first, second = (vars(record) for record in caplog.records)
    assert first["question"] == ASKED
    assert "secret" not in str(second)


def test_failures_are_logged_with_the_id_of_their_request(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    from askreport.serve.api import logs

    record = logging.LogRecord("askreport", logging.ERROR, "", 0, "broke", None, None)
    token = observed._record.set(observed.Record("mine"))
    try:
        assert logs._named(record)
    finally:
        observed._record.reset(token)
    assert record.__dict__["request"] == "mine"
    assert client.get("/healthz").status_code == 200
    assert caplog.text == ""  # nothing is logged of requests unless asked for


# Traces


class Collector(HTTPServer):
    """Takes traces as any OpenTelemetry collector does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taken)
        self.spans: list[Any] = []


class Taken(BaseHTTPRequestHandler):
    """One batch of spans."""

    server: Collector

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            import gzip

            sent = gzip.decompress(sent)
        for resource in ExportTraceServiceRequest.FromString(sent).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port."""
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.shutdown()
        thread.join()
        collector.server_close()


def test_traces_go_where_the_standard_variable_says(
    serve: Serve, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with collecting() as collector:
        at = f"http://127.0.0.1:{collector.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", at)
        with serve(Library.open(built)) as client:
            asked = {"question": ASKED}
            client.post("/ask", json=asked, headers={"traceparent": parent})
    by_name = {span.name: span for span in collector.spans}
    asked_of = by_name["POST /ask"]
    assert asked_of.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert asked_of.parent_span_id.hex() == "00f067aa0ba902b7"
    for stage in ("wait", "encode", "retrieve", "score", "verify", "answer"):
        assert by_name[stage].parent_span_id == asked_of.span_id
        assert by_name[stage].end_time_unix_nano >= by_name[stage].start_time_unix_nano
    assert "secret" not in str(collector.spans)


def test_without_the_variable_there_are_no_traces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in list(os.environ):
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    assert tracing.configured() is None


def test_traces_without_their_packages_say_which_extra_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(errors.ExtraMissing) as caught:
        tracing.configured()
    assert "askreport[otel]" in caught.value.hint
