"""Generated parts of README.md: a real session, and the modules' first lines in order.

Called by the cog blocks there; `make docs` writes them, `make check` compares them.
"""

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

CHAIN = (
    "ingest/assemble",
    "ingest/shelving",
    "ingest/catalogue",
    "ingest/gathered",
    "ingest/readings",
    "ingest/documents/workers",
    "ingest/documents/reader",
    "ingest/indexed",
    "ingest/cuts",
    "ingest/passages",
    "ingest/reused",
    "ingest/vectors",
    "generation/manifest",
    "generation/publish",
    "generation/opened",
    "generation/standing",
    "query/ask",
    "query/filters",
    "query/scope",
    "query/followup",
    "query/question",
    "query/named",
    "query/candidates",
    "query/signals",
    "query/absent",
    "query/evidence",
    "query/reranked",
    "query/prose",
    "query/verify",
    "query/explained",
    "serve/cli",
    "serve/api/app",
    "serve/chat/protocols",
    "serve/render",
    "library",
    "answering",
    "saved",
    "models",
    "embedding",
    "rounding",
    "reranking",
    "serve/fetching",
    "evaluation/evaluate",
)
"""Modules in the order in which a report, then a question, passes through them."""


def chain() -> str:
    """The first line of each module of CHAIN, as a table."""
    rows = ["| module | what goes in -> what comes out |", "| --- | --- |"]
    for name in CHAIN:
        path = ROOT / "src" / "askreport" / f"{name}.py"
        said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        rows.append(f"| `{name}` | {said.splitlines()[0]} |")
    return "\n".join(rows)


def session(*commands: str) -> str:
    """What a terminal shows for each command, run for real on this shelf.

    By exact weights: rounded ones change the third digit from processor to processor.
    """
    shown = []
    for command in commands:
        ran = subprocess.run(  # noqa: S603 - the commands stand in README.md
            [sys.executable, "-m", *shlex.split(command)],
            cwd=ROOT,
            env=os.environ | {"ASKREPORT_ROUNDED": "false"},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode not in (0, 3):
            raise RuntimeError(ran.stderr)
        shown.append(f"$ {command}\n{ran.stdout.strip()}")
    return "```text\n" + "\n\n".join(shown) + "\n```"
