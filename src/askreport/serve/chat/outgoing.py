"""an answer that was promised -> sent to the chat tool that waits for it."""

import logging
from collections.abc import Sequence
from typing import Any

import httpx2

log = logging.getLogger(__name__)

SECONDS = 10.0
"""How long a chat tool may take to accept an answer."""

TRIES = 2
"""A connection that breaks is tried once more; what is refused is not."""


def trusted(address: str, places: Sequence[str]) -> bool:
    """Whether an address lies below one of the places that answers may go to.

    The request that named it was signed; this keeps even a signed one from sending the
    service to a neighbour in its own network.
    """
    return any(address.startswith(place) for place in places)


async def post(
    address: str, body: dict[str, Any], headers: dict[str, str] | None = None
) -> bool:
    """Whether it was accepted. What went wrong is logged without address or words."""
    async with httpx2.AsyncClient(timeout=SECONDS, follow_redirects=False) as client:
        for _ in range(TRIES):
            try:
                answer = await client.post(address, json=body, headers=headers)
            except httpx2.HTTPError as error:
                log.warning("an answer was not delivered: %s", type(error).__name__)
                continue
            return _accepted(answer)
    return False


def _accepted(answer: httpx2.Response) -> bool:
    """Slack says 200 even to what it refuses, and why in the body."""
    why = f"status {answer.status_code}" if answer.status_code != 200 else ""
    if not why and answer.headers.get("content-type", "").startswith(
        "application/json"
    ):
        said = answer.json()
        refused = isinstance(said, dict) and said.get("ok") is False
        why = str(said.get("error", "refused"))[:100] if refused else ""
    if why:
        log.warning("an answer was not accepted: %s", why)
    return not why
