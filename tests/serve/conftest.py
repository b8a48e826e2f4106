"""The HTTP service on a real socket of 127.0.0.1, for the tests of the API."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest
from tests.serve.commands import run as run  # a fixture

from askreport import Library
from askreport.serve.api import run as serving
from askreport.serve.api.app import create_app

Serve = Callable[[Library], AbstractContextManager[httpx.Client]]


@contextmanager
def _serving(library: Library) -> Iterator[httpx.Client]:
    listening = serving.listen("127.0.0.1", 0)
    server = serving.server(create_app(library, hosts=serving.LOOPBACK))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        with httpx.Client(base_url=serving.address(listening), timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Serves a library of the test's own, and hands over a client of it."""
    return _serving


@pytest.fixture(scope="session")
def client(built: Path) -> Iterator[httpx.Client]:
    """A client of the shared shelf's service."""
    with _serving(Library.open(built)) as found:
        yield found
