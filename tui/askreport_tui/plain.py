"""lines of input -> lines of output: the same shelf for screen readers and slow lines.

Nothing is painted, moved or coloured; what was said is never changed. A line is a
question; one that begins with a colon is a command.
"""

import asyncio
import shlex
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from askreport import text as texts
from askreport.errors import AskreportError, FilterWrong, NotFound
from askreport.serve import render
from askreport.types import Filter
from askreport_tui import export, filtering, finding, glyphs, kept, place, standing
from askreport_tui.afar import Afar
from askreport_tui.building import Step
from askreport_tui.desk import Desk
from askreport_tui.export import Wish
from askreport_tui.kept import Kept
from askreport_tui.place import Place
from askreport_tui.reading import Reading

if TYPE_CHECKING:
    from askreport.library import Library
    from askreport.serve.client import Service

T = TypeVar("T")

EVERY = 3.0
"""Seconds between two lines of a build."""

AROUND = 60
"""Characters shown on either side of words that were found."""

PROMPT = "askreport> "


class Left(Exception):
    """The reader leaves."""


class Plain:
    """One conversation."""

    def __init__(self, desk: Desk, runner: asyncio.Runner) -> None:
        self._desk = desk
        self._runner = runner
        self._among = Filter()
        self._reading: Reading | None = None
        self._place: Place | None = None
        self._hits: tuple[Place, ...] = ()
        self._session: list[Kept] = []
        self._past: tuple[Kept, ...] = ()
        self.commands: dict[str, Callable[[str], None]] = {
            "read": self.read,
            "next": self.next,
            "back": self.back,
            "find": self.find,
            "search": self.search,
            "open": self.open,
            "outline": self.outline,
            "shelf": self.shelf,
            "why": self.why,
            "filter": self.filter,
            "history": self.history,
            "again": self.again,
            "export": self.export,
            "add": self.add,
            "remove": self.remove,
            "build": self.build,
            "generations": self.generations,
            "use": self.use,
            "help": self.help,
            "quit": self.quit,
        }

    def begin(self) -> None:
        """Open the shelf and say what it holds."""
        opened = self._wait(self._desk.open)
        documents = texts.counted(len(opened.sources), "document")
        passages = texts.counted(opened.passages, "passage")
        self._tell(f"{opened.name}: {documents}, {passages}.")
        self._tell("Write a question, or :help.")
        self._wait(self._desk.warm)

    def take(self, line: str) -> None:
        """Do what a line says. Raises AskreportError, and Left."""
        said = line.strip()
        if not said:
            return
        if not said.startswith(":"):
            self._ask(said, self._among)
            return
        name, _, rest = said[1:].partition(" ")
        known = [one for one in self.commands if one.startswith(name)]
        if name in self.commands:
            known = [name]
        if not name or len(known) != 1:
            raise NotFound(f"no command {said}", hint=":help lists the commands")
        self.commands[known[0]](rest.strip())

    def read(self, said: str) -> None:
        """NUMBER: read that citation in its page, its words between >>> and <<<."""
        cited = () if self._reading is None else self._reading.cited
        number = said or "1"
        found = [c for c in cited if str(c.marker) == number]
        if self._reading is None or not found:
            raise NotFound(f"no citation {number}", hint="ask first, then :read 1")
        self._show(place.of_citation(self._reading, found[0]))

    def next(self, _said: str) -> None:
        """Read the next page of the document."""
        self._turn(1)

    def back(self, _said: str) -> None:
        """Read the page before."""
        self._turn(-1)

    def find(self, said: str) -> None:
        """WORDS: every place of them on the page."""
        here = self._here()
        text = here.page.text
        found = finding.find(said, text)
        for span in found:
            start, end = max(span.start - AROUND, 0), span.end + AROUND
            before, after = text[start : span.start], text[span.end : end]
            words = f"… {before}>>>{span.of(text)}<<<{after} …"
            self._tell(" ".join(words.split()))
        self._tell(f"{texts.counted(len(found), 'place')} on this page.")

    def search(self, said: str) -> None:
        """WORDS: passages of the whole shelf that bear on them."""
        self._hits = self._wait(lambda: self._desk.search(said, self._among))
        for hit in self._hits:
            words = " ".join(hit.words.split())[:240]
            self._tell(f"{hit.marked} {hit.source.title}. {hit.where}.\n    {words}")
        self._tell(f"{texts.counted(len(self._hits), 'passage')}; :open 1 reads one.")

    def open(self, said: str) -> None:
        """NUMBER: read that passage of the last search, or heading of the outline."""
        self._show(self._hits[_number(said, len(self._hits))])

    def outline(self, said: str) -> None:
        """ID: the headings of that document, or of the one that is open."""
        name = said or self._here().source.id
        found = self._wait(lambda: self._desk.document(name))
        places = []
        for page in found.pages:
            places += [place.of_heading(found.source, page, h) for h in page.headings]
        self._hits = tuple(places)
        for number, one in enumerate(places, start=1):
            here = one.page
            at = render.page(here.number, here.label, here.unit, here.ocr)
            self._tell(" ".join(f"{number}. {one.section[0]} {at}".split()))
        self._tell(f"{texts.counted(len(places), 'heading')}; :open 1 reads there.")

    def shelf(self, _said: str) -> None:
        """Every document and how it stands."""
        for one in self._wait(self._desk.shelved):
            self._tell("\n    ".join(standing.told(one)))

    def why(self, _said: str) -> None:
        """Every candidate of the last answer, and why it was kept or dropped."""
        if not self._session:
            raise NotFound("nothing was asked yet", hint="ask first, then :why")
        last = self._session[-1]
        found, sure = self._wait(
            lambda: self._desk.explained(last.question, last.among)
        )
        self._tell(f"{len(found)} candidates; confidence {sure:.2f}.")
        for one in found:
            where = " > ".join((one.document, *one.section))
            self._tell(f"{one.place}. {one.fate}, score {one.score:.2f}. {where}.")
            self._tell(f"    {one.why}")

    def filter(self, said: str) -> None:
        """FIELD=VALUE ...: look in a part of the shelf; alone, in all of it."""
        names = {f.name for f in fields(Filter)} - {"superseded"}
        written = dict.fromkeys(names, "")
        for part in _parts(said):
            name, equals, value = part.partition("=")
            if name not in names or not equals:
                raise FilterWrong(
                    f"{part!r} is no part of a filter",
                    hint=f"write publishers='Pier Trust'; fields: {sorted(names)}",
                )
            written[name] = value
        among = filtering.read(written, superseded=False)
        covered = self._wait(lambda: self._desk.coverage(among))
        self._among = among
        self._tell(render.coverage(covered))

    def history(self, said: str) -> None:
        """WORDS: what was asked before, where those words stand in it."""
        self._past = kept.matching(said, self._wait(self._desk.history))
        for number, one in enumerate(self._past, start=1):
            self._tell(f"{number}. {one.at[:16]} {one.question}")
        self._tell(f"{texts.counted(len(self._past), 'question')}; :again 1 asks one.")

    def again(self, said: str) -> None:
        """NUMBER: ask that question of the history again."""
        one = self._past[_number(said, len(self._past))]
        self._ask(one.question, one.among)

    def export(self, said: str) -> None:
        """FILE: write the questions of this session to it (.md, .html, .txt)."""
        if not self._session:
            raise NotFound("nothing was asked yet", hint="ask first, then :export")
        answers = tuple(one.answer for one in self._session)
        wish = Wish(answers, "Asked of the shelf", bibliography=True)
        self._tell(f"Written: {export.write(wish, Path(said), replace=False)}")

    def add(self, said: str) -> None:
        """PATH: copy a file or a folder into the sources."""
        found = self._wait(lambda: self._desk.add(said))
        for line in found.refused:
            self._tell(f"Not added: {line}")
        self._tell(f"{texts.counted(len(found.names), 'file')} added; :build reads it.")

    def remove(self, said: str) -> None:
        """ID: delete that document's file from the sources."""
        shelved = self._wait(self._desk.shelved)
        found = [one for one in shelved if one.source.id == said]
        if not found:
            raise NotFound(f"no document {said!r}", hint=":shelf lists them")
        self._wait(lambda: self._desk.remove(found[0]))
        self._tell(f"Deleted {found[0].source.path}; :build takes it out.")

    def build(self, _said: str) -> None:
        """Bring the index up to date; Ctrl-C stops it."""
        last = 0.0

        def tell(step: Step) -> None:
            nonlocal last
            if time.monotonic() - last >= EVERY:
                last = time.monotonic()
                self._tell(step.said)

        built = self._wait(lambda: self._desk.build(tell))
        documents = texts.counted(built.documents, "document")
        self._tell(f"Built: {documents}, {texts.counted(built.passages, 'passage')}.")
        self.begin()

    def generations(self, _said: str) -> None:
        """The builds that stand in the index."""
        for one in self._wait(self._desk.generations):
            made = f" {one.created}" if one.created else ""
            now = ", answers now" if one.current else ""
            self._tell(f"{one.name}{made} {one.state}{now}")

    def use(self, said: str) -> None:
        """GENERATION: go back to it."""
        self._wait(lambda: self._desk.use(said))
        self._tell(f"{said} answers now.")

    def help(self, _said: str) -> None:
        """These commands; the first letters are enough."""
        self._tell("A line is a question. Commands:")
        for name, does in self.commands.items():
            self._tell(f":{name} {(does.__doc__ or '').strip()}")

    def quit(self, _said: str) -> None:
        """Leave."""
        raise Left

    def _ask(self, question: str, among: Filter) -> None:
        self._reading = self._wait(lambda: self._desk.ask(question, among))
        one = kept.of(self._reading.answer, among)
        self._session.append(one)
        self._tell(render.plain(self._reading.answer))
        self._wait(lambda: self._desk.keep(one))

    def _turn(self, by: int) -> None:
        here = self._here()
        found = self._wait(lambda: self._desk.turned(here, by))
        if found is None:
            self._tell("The document has no further page that way.")
        else:
            self._show(found)

    def _here(self) -> Place:
        if self._place is None:
            raise NotFound("no page is open", hint=":read 1 opens a citation's")
        return self._place

    def _show(self, found: Place) -> None:
        self._place = found
        text, lit = found.page.text, found.lit
        if found.words:
            text = f"{text[: lit.start]}>>>{found.words}<<<{text[lit.end :]}"
        title = render.title(found.source.title, found.source.words)
        self._tell(f"{title}. {found.where}.\n\n{text}")

    def _wait(self, work: Callable[[], Awaitable[T]]) -> T:
        async def awaited() -> T:
            return await work()

        return self._runner.run(awaited())

    def _tell(self, said: str) -> None:
        print(glyphs.shown(said), flush=True)  # noqa: T201 - what this module is for


def _parts(said: str) -> list[str]:
    try:
        return shlex.split(said)
    except ValueError as error:
        raise FilterWrong(str(error), hint="close the quotation mark") from error


def _number(said: str, most: int) -> int:
    if not (said.isdecimal() and 1 <= int(said) <= most):
        raise NotFound(
            f"no number {said or '(none)'} in that list",
            hint=f"numbers go from 1 to {most}" if most else "list something first",
        )
    return int(said) - 1


def run(
    shelf: Path | None = None,
    *,
    library: "Library | None" = None,
    service: "Service | None" = None,
) -> int:
    """Talk until the reader leaves or the input ends; the exit code."""
    if sys.stdin.isatty():
        import readline  # noqa: F401 - what it does is edit the line that is read
    desk = Desk(shelf, library=library) if service is None else Afar(service)
    with asyncio.Runner() as runner:
        talk = Plain(desk, runner)
        if not _done(talk.begin, desk):
            return 0
        while True:
            try:
                line = input(PROMPT if sys.stdin.isatty() else "")
            except EOFError:
                return 0
            except KeyboardInterrupt:
                print()  # noqa: T201
                continue
            if not _done(partial(talk.take, line), desk):
                return 0


def _done(work: Callable[[], None], desk: Desk) -> bool:
    """Whether the talk goes on; what failed is told with its hint."""
    try:
        work()
    except Left:
        return False
    except AskreportError as error:
        message, hint = map(desk.relative, (error.message, error.hint))
        print(glyphs.shown(f"This did not work: {message}\n→ {hint}"), flush=True)  # noqa: T201
    except KeyboardInterrupt:
        desk.stop_building()
        print("Stopped.", flush=True)  # noqa: T201
    return True
