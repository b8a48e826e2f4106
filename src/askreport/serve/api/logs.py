"""log records -> one JSON object a line on stderr, where settings ask for it."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

from askreport.serve.api import observed

_FIELDS = "{asctime}{levelname}{name}{message}"


def structured() -> None:
    """Log requests and failures as JSON from now on, each with its request's id."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = JsonFormatter(
        _FIELDS,
        style="{",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )
    handler.setFormatter(formatter)
    handler.addFilter(_named)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    observed.log.setLevel(logging.INFO)


def _named(record: logging.LogRecord) -> bool:
    """Add the id of the request that a record is about."""
    known = observed.current()
    if known is not None and not hasattr(record, "request"):
        record.request = known.id
    return True
