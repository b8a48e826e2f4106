"""the commands `eval` and `calibrate` -> how good the answers are, and surer ones.

Both take questions whose answers are known; `docs/evaluation.md` describes them.
"""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askreport import errors
from askreport.serve.console import Shelf, err, said, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from askreport.evaluation.evaluate import Evaluation
    from askreport.evaluation.sets import Place
    from askreport.library import Library

commands = typer.Typer()

Sets = Annotated[
    list[Path],
    typer.Argument(
        metavar="SET",
        help="Folders of evaluation sets, or TOML files of questions to the shelf.",
    ),
]

Runs = Annotated[
    Path | None,
    typer.Option(
        "--runs",
        help="Write SET.run, SET.answers.jsonl and charts to this folder.",
        show_default=False,
    ),
]

AsJson = Annotated[
    Path | None,
    typer.Option("--json", help="Write every figure here.", show_default=False),
]

Baselines = Annotated[
    bool,
    typer.Option("--baselines", help="Measure BM25, dense and their fusion too."),
]

Limit = Annotated[
    int | None,
    typer.Option(min=1, help="Most questions of a set.", show_default=False),
]

Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        help="Where corpora are indexed; the user's cache folder if not given.",
        show_default=False,
    ),
]


@commands.command("eval")
def evaluate(
    sets: Sets,
    runs: Runs = None,
    as_json: AsJson = None,
    baselines: Baselines = False,
    limit: Limit = None,
    cache: Cache = None,
    shelf: Shelf = None,
) -> None:
    """Measure how well questions with known answers are answered.

    A set with a corpus of its own is indexed in the cache and leaves every shelf alone;
    other questions are put to the shelf.
    """
    from askreport.evaluation import evaluate as evaluating
    from askreport.evaluation import tables, written
    from askreport.serve import progress

    _check_names(sets)
    if as_json is not None:
        written.prepare(as_json.parent)
    place = _place(shelf, cache)
    wanted = evaluating.Wanted(runs, limit, baselines)
    made = []
    for path in sets:
        with progress.shown(err()) as step:
            made.append(evaluating.run(path, place, wanted, step))
        _warn(made[-1])
    if as_json is not None:
        _write_json(as_json, made)
    tell(tables.all_of(made))


@commands.command()
def calibrate(
    questions: Annotated[
        Path | None,
        typer.Argument(
            help="A TOML file or a folder of questions to the shelf.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would do; write nothing.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Take the shelf's calibration away.")
    ] = False,
    shelf: Shelf = None,
) -> None:
    """Fit confidence to the shelf's own questions.

    Writes calibration.json beside the shelf's settings. From then on the confidence of
    an answer is the calibrated one, and the floor is held against it.
    """
    from askreport import calibration
    from askreport.library import Library

    if (questions is None) != reset:
        raise typer.BadParameter("give either questions or --reset")
    library = Library.open(shelf)
    root = library.shelf.root
    if questions is None:
        had = not dry_run and calibration.remove(root)
        there = had or (root / calibration.FILE).exists()
        done = "removed" if had else "would be removed" if there else "is not there"
        said(f"{root / calibration.FILE} {done}")
        return
    _calibrate(library, questions, dry_run=dry_run)


def _calibrate(library: "Library", questions: Path, *, dry_run: bool) -> None:
    from askreport import calibration
    from askreport.evaluation import calibrate as calibrating
    from askreport.evaluation import own, sets
    from askreport.serve import progress

    bare = calibrating.opened(library)
    found = sets.read_own(questions, bare)
    _warn_astray(own.astray(found))
    with progress.shown(err()) as step:
        fitted = calibrating.fit(found, floor=library.shelf.settings.floor, tell=step)
    tell(calibrating.described(fitted))
    if not dry_run:
        calibrating.check_worth(fitted)
        said(f"{calibration.write(library.shelf.root, fitted.made)} written")


def _place(shelf: Path | None, cache: Path | None) -> "Place":
    """Sets take the settings of the shelf, or the defaults where there is none."""
    from askreport import settings
    from askreport.evaluation import sets
    from askreport.library import Library

    try:
        known = settings.open_shelf(shelf).settings
    except errors.ShelfMissing:
        if shelf is not None:
            raise
        known = settings.load(None)
    return sets.Place(known, _cache(cache), lambda: Library.open(shelf))


def _cache(given: Path | None) -> Path:
    import platformdirs

    if given is not None:
        return given.expanduser().resolve()
    return Path(platformdirs.user_cache_dir("askreport", appauthor=False))


def _check_names(sets: "Sequence[Path]") -> None:
    """Two sets of one name would write the same files."""
    names = Counter(p.stem if p.suffix == ".toml" else p.resolve().name for p in sets)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise errors.QuestionsWrong(
            f"two sets are called {twice[0]!r}", hint="rename one, or run them apart"
        )


def _warn(made: "Evaluation") -> None:
    _warn_astray(made.astray)


def _warn_astray(names: "Sequence[str]") -> None:
    if names:
        said(
            f"warning: no passage of the shelf holds the evidence of "
            f"{', '.join(names)}: counted as not found"
        )


def _write_json(path: Path, made: "Sequence[Evaluation]") -> None:
    import json
    from dataclasses import asdict

    from askreport.evaluation import written

    told = json.dumps([asdict(one) for one in made], indent=2, ensure_ascii=False)
    written.text(path, told + "\n")
