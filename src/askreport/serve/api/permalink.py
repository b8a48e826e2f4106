"""a passage and its page -> an HTML page that shows the one marked in the other."""

from askreport.serve import render
from askreport.serve.web import look
from askreport.types import Page, Passage, Source

PATH = look.PERMALINK
"""Where permalinks begin; the passage's id follows."""


def html(passage: Passage, page: Page, *, image: str | None = None) -> str:
    """The passage, how to cite it, and its page with the passage marked.

    `image` is where a picture of the page is to be had, if there is one.
    """
    reference = f"\u201c{passage.text}\u201d\n\n{render.passage_reference(passage)}"
    where = render.page(passage.page, passage.label, passage.unit, passage.ocr)
    title = render.title(passage.source.title, passage.source.words)
    return look.page(
        "permalink.html",
        title=title,
        facts=_facts(passage),
        url=_address(passage.source),
        reference=reference,
        rows=reference.count("\n") + len(reference) // 70 + 1,
        heading=f"In its page, {where}" if where else "In its document",
        image=image,
        pictured=f"The page as printed ({where}) with the passage's words marked",
        before=page.text[: passage.start],
        passage=passage.text,
        after=page.text[passage.end :],
    )


def _facts(passage: Passage) -> list[tuple[str, str]]:
    """What is known of where the passage stands."""
    source = passage.source
    known = (
        ("Publisher", source.publisher),
        ("Date", source.date),
        ("Kind", source.kind),
        ("Section", " > ".join(passage.section)),
        ("Page", None if passage.page is None else str(passage.page)),
        ("Page as printed", passage.label),
        ("Document", source.id),
        ("Passage", passage.id),
    )
    return [(name, value) for name, value in known if value]


def _address(source: Source) -> str | None:
    """Where the original is, unless the scheme could run something here."""
    url = source.url
    known = url is not None and url.lower().startswith(("https://", "http://"))
    return url if known else None
