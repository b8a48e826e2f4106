"""The answer: its words with their markers, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from askreport_tui import glyphs

if TYPE_CHECKING:
    from collections.abc import Collection

    from askreport.types import Answer
    from askreport_tui.desk import Opened

MOST_TITLES = 12
"""Documents listed before anything is asked; the rest are counted."""

DECLINED = "These reports do not answer this."
"""Said above the reason, so that a decline is never taken for an answer."""


class AnswerPane(VerticalScroll):
    """What the shelf says, or that it is being asked, or that it does not know."""

    BORDER_TITLE = "Answer"

    def compose(self) -> ComposeResult:
        """One text, painted anew with each state."""
        yield Static(markup=False)

    def welcome(self, opened: Opened | None) -> None:
        """Nothing asked yet: what there is to ask."""
        parts = ["Ask a question; the answer quotes the reports, page by page.\n"]
        if opened is not None:
            from askreport.serve import render

            shelf = opened.sources
            parts += [f"• {render.source_line(s)}" for s in shelf[:MOST_TITLES]]
            if len(shelf) > MOST_TITLES:
                parts.append(f"… and {len(shelf) - MOST_TITLES} more")
        self._paint(Content.styled(glyphs.shown("\n".join(parts)), "dim"))

    def wait(self, question: str, *, why: str) -> None:
        """A question is under way."""
        self.scroll_home(animate=False)
        self._paint(
            Content.assemble(
                (glyphs.shown(question), "bold"),
                "\n\n",
                glyphs.shown(why),
                ("\nEscape stops waiting.", "dim"),
            )
        )

    def answer(self, answer: Answer, current: int) -> None:
        """An answer or a decline; the marker `current` stands out."""
        from askreport.serve import render

        if answer.status == "answered":
            body = _marked(answer, current)
        else:
            body = _declined(answer)
        notes = [f"Dropped: {reason}" for reason in answer.dropped]
        notes.append(render.coverage(answer.coverage))
        about = Content.styled(glyphs.shown("\n".join(notes)), "dim")
        self._paint(Content.assemble(body, "\n\n", about))

    def blank(self, said: str) -> None:
        """Nothing to show, and why."""
        self._paint(Content.styled(said, "dim"))

    def answer_with_sources(
        self, answer: Answer, *, known: Collection[tuple[str, int | None, str]]
    ) -> None:
        """An answer with its quotes; those that are not among `known` stand out."""
        from askreport.serve import render

        body = _marked(answer, 0) if answer.citations else _declined(answer)
        parts = [Content.styled(glyphs.shown(answer.question), "bold"), body]
        for c in answer.citations or answer.nearest:
            only = (c.document, c.page, c.quote) not in known
            look = "bold $warning" if only else "dim"
            said = f"[{c.marker}] {render.reference(c)}\n“{c.quote}”"
            said = f"only here  {said}" if only else said
            parts.append(Content.styled(glyphs.shown(said), look))
        parts.append(
            Content.styled(glyphs.shown(render.coverage(answer.coverage)), "dim")
        )
        self._paint(Content("\n\n").join(parts))

    def _paint(self, content: Content) -> None:
        self.query_one(Static).update(content)


def _marked(answer: Answer, current: int) -> Content:
    """The paragraphs, with markers that can be clicked."""
    from askreport_tui import markers

    text = glyphs.shown(markers.paragraphs(answer))
    content = Content(text)
    for marker in markers.find(answer):
        look = "bold reverse" if marker.number == current else "bold $accent"
        click = Style.from_meta({"@click": f"screen.follow({marker.number})"})
        content = content.stylize(look, marker.span.start, marker.span.end)
        content = content.stylize(click, marker.span.start, marker.span.end)
    lines = content.split("\n", allow_blank=True)
    return Content("\n\n").join(lines)


def _declined(answer: Answer) -> Content:
    nearest = (
        "\n\nWhat came nearest is listed and can be read in its page; it is no answer."
    )
    return Content.assemble(
        (DECLINED, "bold $warning"),
        "\n\n",
        glyphs.shown(answer.text),
        nearest if answer.nearest else "",
    )
