"""Evaluations -> three tables of text that are Markdown as well."""

from collections.abc import Iterable, Sequence

from askreport.evaluation.evaluate import Evaluation
from askreport.evaluation.figures import Figures

METHODS = {"askreport": "askreport", "bm25": "BM25", "dense": "dense", "rrf": "RRF"}
"""What a method is called in a table."""

RANKING = {
    "ndcg@10": "nDCG@10",
    "recall@10": "recall@10",
    "recall@100": "recall@100",
    "hit@1": "hit@1",
    "mrr@10": "MRR@10",
    "auroc": "AUROC",
}
ANSWERS = {
    "declined_when_answerable": "declined, answerable",
    "declined_when_unanswerable": "declined, unanswerable",
    "quote@1": "quote@1",
    "quote@3": "quote@3",
    "quote_words": "quote words",
    "ece": "ECE",
}
TIMES = ("retrieval", "scoring", "asking")
ABSENT = "–"
"""For a figure that has no ground in a set."""


def all_of(made: Sequence[Evaluation]) -> str:
    """Ranking, answers and time of every set."""
    return "\n\n".join((_ranking(made), _answers(made), _latency(made)))


def _ranking(made: Sequence[Evaluation]) -> str:
    rows = [
        [one.name, METHODS[method], str(one.judged), *_cells(found, RANKING)]
        for one in made
        for method, found in one.methods.items()
    ]
    return _table(["set", "ranking", "judged", *RANKING.values()], rows)


def _answers(made: Sequence[Evaluation]) -> str:
    rows = []
    for one in made:
        kinds = [str(one.answerable), str(one.queries - one.answerable)]
        rows.append([one.name, *kinds, *_cells(one.answers, ANSWERS)])
    head = ["set", "answerable", "unanswerable", *ANSWERS.values()]
    return _table(head, rows)


def _latency(made: Sequence[Evaluation]) -> str:
    rows = []
    for one in made:
        times = [
            f"{one.latency[f'{t}_median_ms']:.1f} / {one.latency[f'{t}_p95_ms']:.1f}"
            for t in TIMES
        ]
        ratio = f"{one.latency['scoring_to_retrieval']:.2f}"
        rows.append([one.name, str(one.passages), *times, ratio])
    head = [f"{t} ms (median / 95 %)" for t in TIMES]
    return _table(["set", "passages", *head, "scoring : retrieval"], rows)


def _cells(found: Figures, names: Iterable[str]) -> list[str]:
    return [_cell(name, found.get(name)) for name in names]


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ABSENT
    return f"{value:g}" if name == "quote_words" else f"{value:.4f}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Names to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    names = sum(one in ("set", "ranking") for one in head)
    rule = [
        "-" * width if n < names else "-" * (width - 1) + ":"
        for n, width in enumerate(widths)
    ]
    lines = []
    for row in (head, rule, *rows):
        cells = [
            cell.ljust(width) if n < names else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
