"""a passage and its page -> an HTML page that shows the one marked in the other.

Plain on purpose: no script, nothing fetched, every word of a document escaped. It reads
without its style sheet, by keyboard, and aloud.
"""

import base64
import hashlib
from html import escape

from askreport.serve import render
from askreport.types import Page, Passage, Source

PATH = "/c/"
"""Where permalinks begin; the passage's id follows."""

STYLE = """
:root { color-scheme: light dark; }
body { max-width: 42rem; margin: 0 auto; padding: 1rem; line-height: 1.6;
  font-family: system-ui, sans-serif; overflow-wrap: break-word; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { font-weight: 600; }
dd { margin: 0; }
textarea { box-sizing: border-box; width: 100%; font: inherit; }
.page { white-space: pre-wrap; border-left: .25rem solid; padding-left: 1rem; }
mark { background: #ffe680; color: #000; scroll-margin-top: 4rem; }
mark::before { content: " [passage begins] "; }
mark::after { content: " [passage ends] "; }
mark::before, mark::after { position: absolute; width: 1px; height: 1px;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: .2rem solid; outline-offset: .2rem; }
@media print { textarea { border: 0; } }
"""
"""The marks around the passage are read aloud and not seen: few screen readers say that
text is marked, and a colour alone would tell nothing."""

_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
"""Lets the page use its one style sheet and nothing else, whatever a document holds."""


def html(passage: Passage, page: Page) -> str:
    """The passage, how to cite it, and its page with the passage marked."""
    reference = f"\u201c{passage.text}\u201d\n\n{render.passage_reference(passage)}"
    rows = reference.count("\n") + len(reference) // 70 + 1
    title = render.title(passage.source.title, passage.source.words)
    return _document(
        title,
        f"""<h1>{escape(title)}</h1>
<p><a href="#passage">Go to the passage in its text</a></p>
<dl>
{_facts(passage)}
</dl>
<h2><label for="citation">Citation to copy</label></h2>
<textarea id="citation" readonly rows="{rows}">
{escape(reference)}</textarea>
<h2>{escape(_heading(passage))}</h2>
<div class="page" dir="auto">{_marked(passage, page)}</div>""",
    )


def failure(message: str, hint: str) -> str:
    """A page for a link that leads nowhere."""
    return _document(
        "Not shown",
        f"<h1>This passage cannot be shown</h1>\n"
        f"<p>{escape(message)}</p>\n<p>{escape(hint)}</p>",
    )


def _document(title: str, main: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)} - askreport</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{main}
</main>
</body>
</html>
"""


def _facts(passage: Passage) -> str:
    """What is known of where the passage stands, as rows of a description list."""
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
    rows = [f"<dt>{name}</dt><dd>{escape(v)}</dd>" for name, v in known if v]
    return "\n".join(rows + _address(source))


def _address(source: Source) -> list[str]:
    """A link to the original, unless its scheme could run something here."""
    if source.url is None or not source.url.lower().startswith(("https://", "http://")):
        return []
    url = escape(source.url)
    link = f'<a href="{url}" rel="noopener noreferrer">{url}</a>'
    return [f"<dt>Original</dt><dd>{link}</dd>"]


def _heading(passage: Passage) -> str:
    where = render.page(passage.page, passage.label, passage.unit, passage.ocr)
    return f"In its page, {where}" if where else "In its document"


def _marked(passage: Passage, page: Page) -> str:
    before, after = page.text[: passage.start], page.text[passage.end :]
    marked = f'<mark id="passage" tabindex="-1">{escape(passage.text)}</mark>'
    return f"{escape(before)}{marked}{escape(after)}"
