"""Ask a shelf through every chat protocol, many times over; print latency and memory.

python -m benchmarks.chat SHELF [--questions N] [--at-once N] [--out FILE]

The service runs in a process of its own on 127.0.0.1. Each protocol is asked N
questions (default 500), a few at once. Memory is the resident size of the service; its
slope is fitted over each protocol's second half, when caches are full.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import numpy as np

from askreport.serve.chat import signed

QUESTIONS = (
    "How did Oxleas ease the pressure on beds?",
    "Who chairs the board?",
    "What did staff say about restraint?",
    "How many beds were bought?",
    "What is the capital of Mongolia?",
)
SLACK, TEAMS, MATTERMOST = "slack", base64.b64encode(b"teams").decode(), "mattermost"

SERVE = """\
import sys
from askreport import Library
from askreport.serve.api.run import run
run(Library.open(sys.argv[1]), "127.0.0.1", 0)
"""

Ask = Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]


def question(number: int) -> str:
    """One of the questions, made unlike the others so that nothing can be reused."""
    return f"{QUESTIONS[number % len(QUESTIONS)]} ({number})"


async def chat(http: httpx.AsyncClient, number: int) -> httpx.Response:
    """Chat completions, whole."""
    turn = {"role": "user", "content": question(number)}
    body = {"model": "askreport", "messages": [turn]}
    return await http.post("/v1/chat/completions", json=body)


async def streamed(http: httpx.AsyncClient, number: int) -> httpx.Response:
    """Chat completions, streamed to Open WebUI."""
    turn = {"role": "user", "content": question(number)}
    body = {"model": "askreport", "messages": [turn], "stream": True}
    sent = {"X-Askreport-Sources": "openwebui"}
    return await http.post("/v1/chat/completions", json=body, headers=sent)


async def mcp_now(http: httpx.AsyncClient, number: int) -> httpx.Response:
    """A tool call of MCP 2026-07-28."""
    key = "io.modelcontextprotocol"
    meta = {f"{key}/protocolVersion": "2026-07-28", f"{key}/clientCapabilities": {}}
    meta[f"{key}/clientInfo"] = {"name": "benchmark", "version": "1"}
    more = {"Mcp-Method": "tools/call", "Mcp-Name": "ask"}
    return await called(http, number, "2026-07-28", more, {"_meta": meta})


async def mcp_before(http: httpx.AsyncClient, number: int) -> httpx.Response:
    """A tool call of MCP 2025-11-25."""
    return await called(http, number, "2025-11-25", {}, {})


async def called(
    http: httpx.AsyncClient,
    number: int,
    revision: str,
    more: dict[str, str],
    params: dict[str, object],
) -> httpx.Response:
    """A call of `ask` in the form of a revision."""
    given = {"name": "ask", "arguments": {"question": question(number)}} | params
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": given}
    accept = {"Accept": "application/json, text/event-stream"}
    sent = accept | {"MCP-Protocol-Version": revision} | more
    return await http.post("/mcp", json=body, headers=sent)


async def teams(http: httpx.AsyncClient, number: int) -> httpx.Response:
    """A message of Teams."""
    when = datetime.now(UTC).isoformat()
    said = {"type": "message", "timestamp": when, "text": question(number)}
    said["conversation"] = {"id": f"thread {number}"}  # type: ignore[assignment]
    body = json.dumps(said).encode()
    sent = {"Authorization": f"HMAC {signed.teams(TEAMS, body)}"}
    return await http.post("/teams", content=body, headers=sent)


async def mattermost(http: httpx.AsyncClient, number: int) -> httpx.Response:
    """A command of Mattermost."""
    trigger = f"{number}:user:{int(time.time() * 1000)}:{time.time_ns()}".encode()
    form = {"token": MATTERMOST, "text": question(number)}
    form["trigger_id"] = base64.b64encode(trigger).decode()
    sent = {"Authorization": f"Token {MATTERMOST}"}
    return await http.post("/mattermost", data=form, headers=sent)


async def slack(http: httpx.AsyncClient, number: int) -> httpx.Response:
    """A command of Slack, as far as its acknowledgement."""
    body = urlencode({"text": "", "trigger_id": f"{number} {time.time_ns()}"})
    stamp = str(int(time.time()))
    sent = {"X-Slack-Request-Timestamp": stamp}
    sent["X-Slack-Signature"] = signed.slack(SLACK, stamp, body.encode())
    return await http.post("/slack/commands", content=body, headers=sent)


PROTOCOLS: dict[str, Ask] = {
    "chat completions": chat,
    "streamed": streamed,
    "MCP 2026-07-28": mcp_now,
    "MCP 2025-11-25": mcp_before,
    "Teams": teams,
    "Mattermost": mattermost,
    "Slack, heard": slack,
}


def resident(process: int) -> float:
    """Megabytes of a process that lie in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def measured(
    ask: Ask, address: str, process: int, given: argparse.Namespace
) -> dict[str, float]:
    """Latency in milliseconds, and what memory does."""
    took: list[float] = []
    size: list[float] = []
    numbers = iter(range(given.questions))

    async def worker(http: httpx.AsyncClient) -> None:
        for number in numbers:
            began = time.perf_counter()
            answer = await ask(http, number)
            took.append(1000 * (time.perf_counter() - began))
            answer.raise_for_status()
            size.append(resident(process))

    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        await asyncio.gather(*(worker(http) for _ in range(given.at_once)))
    late = size[len(size) // 2 :]
    slope = float(np.polyfit(np.arange(len(late)), late, 1)[0]) if len(late) > 1 else 0
    return {
        "p50 ms": statistics.median(took),
        "p95 ms": float(np.percentile(took, 95)),
        "MB": size[-1],
        "MB per 1000": 1000 * slope,
    }


def main() -> None:
    """Serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shelf", type=Path)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    secrets = {"SLACK_SIGNING_SECRET": SLACK, "TEAMS_SECRET": TEAMS}
    secrets["MATTERMOST_TOKEN"] = MATTERMOST
    environment = os.environ | {f"ASKREPORT_{k}": v for k, v in secrets.items()}
    serving = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(given.shelf)],
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    try:
        assert serving.stderr is not None
        address = serving.stderr.readline().split()[3]
        while httpx.get(f"{address}/readyz").status_code != 200:
            time.sleep(0.5)
        found = {
            name: asyncio.run(measured(ask, address, serving.pid, given))
            for name, ask in PROTOCOLS.items()
        }
    finally:
        serving.terminate()
        serving.wait()
    print(f"{'':20}" + "".join(f"{k:>14}" for k in next(iter(found.values()))))
    for name, row in found.items():
        print(f"{name:20}" + "".join(f"{value:14.2f}" for value in row.values()))
    if given.out:
        given.out.write_text(json.dumps(found, indent=2), "utf-8")


if __name__ == "__main__":
    main()
