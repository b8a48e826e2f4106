"""a system -> the same behind HTTP on loopback, asked by the standard library.

Ours is `askreport serve` as it is shipped: keys, limits, metrics, an answer checked by
its schema. A peer has no service of its own, so it is put behind the least that the
standard library has, which costs it as little as can be.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from benchmarks.peers.systems import TOP, Asked

PATIENCE = 600.0
"""Seconds after which a service will not be ready any more."""

HOST = "127.0.0.1"


class Served:
    """A service in a process of its own; asks it over one connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ours = name == "askreport"

    def open(self, folder: Path) -> None:
        """Start it and wait until it answers."""
        with socket.create_server((HOST, 0)) as free:
            port = free.getsockname()[1]
        if self.ours:
            (folder / "askreport.toml").touch()  # what makes it a shelf
            told = ["-m", "askreport", "serve", "--port", str(port)]
            told += ["--shelf", str(folder)]
        else:
            told = ["-m", "benchmarks.peers.run", self.name, "serve", str(folder)]
            told.append(str(port))
        quiet = subprocess.DEVNULL
        free_of_limits = os.environ | {"ASKREPORT_REQUESTS_PER_MINUTE": "0"}
        service = subprocess.Popen(
            [sys.executable, *told], stdout=quiet, stderr=quiet, env=free_of_limits
        )
        atexit.register(service.terminate)
        self.process = service.pid
        self.connection = HTTPConnection(HOST, port, timeout=PATIENCE)
        began = time.monotonic()
        while not self._ready():
            if service.poll() is not None or time.monotonic() - began > PATIENCE:
                raise TimeoutError(f"the service of {self.name} is not ready")
            time.sleep(0.02)

    def _ready(self) -> bool:
        try:
            return self._asked("GET", "/readyz") is not None
        except OSError:
            self.connection.close()
            return False

    def _asked(self, method: str, path: str, given: object = None) -> Any:  # noqa: ANN401
        body = None if given is None else json.dumps(given)
        headers = {"Content-Type": "application/json"} if body else {}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        raw = answer.read()
        return json.loads(raw) if answer.status == 200 else None

    def ask(self, question: str) -> list[tuple[str, str]]:
        """(id, text), best first."""
        found = self._asked("POST", "/search", {"question": question, "top": TOP})
        assert found is not None
        if not self.ours:
            return [(name, text) for name, text in found]
        passages = [hit["passage"] for hit in found]
        return [(one["source"]["id"], one["text"]) for one in passages]


def serve(system: Asked, port: int) -> None:
    """Answer until the process is ended."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._say([])

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            asked = json.loads(self.rfile.read(length))
            self._say(system.ask(asked["question"]))

        def _say(self, found: object) -> None:
            raw = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    HTTPServer((HOST, port), Handler).serve_forever()
