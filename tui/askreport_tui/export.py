"""answers -> one document to keep or to send: Markdown, a web page, or text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from askreport import text as texts
from askreport.errors import AskreportError
from askreport.serve import render
from askreport.types import Answer, Citation

ENDINGS = (".md", ".html", ".txt")
"""What can be written, chosen by the name of the file."""

MOST_NAME = 40
"""Characters of the question in the name that is proposed."""

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem;
       font: 1rem/1.5 Georgia, serif; color: #222; background: #fff }
blockquote { margin: 1rem 0 .2rem; padding-left: 1rem; border-left: 3px solid #b58900 }
cite, .about { font-size: .9rem; font-style: normal; color: #555 }
article + article { border-top: 1px solid #ccc; margin-top: 2rem }
</style>
<h1>{{ title }}</h1>
{% for answer in answers %}<article>
<h2>{{ answer.question }}</h2>
{% if answer.looked_up != answer.question %}
<p class="about">Looked up: {{ answer.looked_up }}</p>
{% endif %}<p>{{ answer.text }}</p>
{% if not answer.citations and answer.nearest %}
<p>Nearest passages, which do not answer it:</p>
{% endif %}{% for c in answer.citations or answer.nearest %}
<blockquote>{{ c.quote }}</blockquote>
<cite>[{{ c.marker }}] {{ reference(c) }}</cite>
{% endfor %}<p class="about">{{ coverage(answer.coverage) }}</p>
</article>
{% endfor %}{% if bibliography %}<h2>Sources</h2>
<ul>
{% for line in bibliography %}<li>{{ line }}</li>
{% endfor %}</ul>
{% endif %}</html>
"""


class ExportRefused(AskreportError):
    """A name that says no format, or a file that is there already."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be written."""

    answers: tuple[Answer, ...]
    title: str
    bibliography: bool


def name(answers: Sequence[Answer], today: date) -> str:
    """A name to propose."""
    said = answers[0].question if len(answers) == 1 else "session"
    slug = re.sub(r"[^a-z0-9]+", "-", said.casefold())[:MOST_NAME].strip("-")
    return f"{today.isoformat()}-{slug or 'answer'}.md"


def write(wish: Wish, path: Path, *, replace: bool) -> Path:
    """Write the document in the format that the name says; where it is now.

    Raises ExportRefused.
    """
    text = written(wish, path.suffix.lower())
    try:
        with path.expanduser().open("w" if replace else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ExportRefused(
            f"{path} is there already", hint="press Enter again to replace it"
        ) from None
    except OSError as error:
        raise ExportRefused(
            f"{path} cannot be written: {error.strerror or error}",
            hint="choose another folder",
        ) from error
    return path.expanduser().resolve()


def written(wish: Wish, ending: str) -> str:
    """The document. Raises ExportRefused for an ending that says no format."""
    if ending == ".md":
        return _markdown(wish)
    if ending == ".html":
        return _html(wish)
    if ending == ".txt":
        return _plain(wish)
    raise ExportRefused(
        f"{ending or 'no ending'} is no format that can be written",
        hint=f"end the name in {', '.join(ENDINGS)}",
    )


def _markdown(wish: Wish) -> str:
    parts = [f"# {render.escaped(wish.title)}"]
    parts += [render.markdown(answer) for answer in wish.answers]
    if wish.bibliography:
        lines = [f"- {render.escaped(line)}" for line in _sources(wish)]
        parts.append("\n".join(["## Sources", "", *lines]))
    return "\n\n".join(parts) + "\n"


def _plain(wish: Wish) -> str:
    parts = [wish.title]
    parts += [f"Q: {a.question}\n\n{render.plain(a)}" for a in wish.answers]
    if wish.bibliography:
        parts.append("\n".join(["Sources", *(f"- {line}" for line in _sources(wish))]))
    return "\n\n\n".join(parts).translate(texts.INVISIBLE) + "\n"


def _html(wish: Wish) -> str:
    import jinja2

    pages = jinja2.Environment(autoescape=True)
    return pages.from_string(_PAGE).render(
        title=wish.title,
        answers=wish.answers,
        bibliography=_sources(wish) if wish.bibliography else [],
        reference=render.reference,
        coverage=render.coverage,
    )


def _sources(wish: Wish) -> list[str]:
    cited: list[Citation] = [c for answer in wish.answers for c in answer.citations]
    lines = render.bibliography(cited).splitlines()
    return [line.removeprefix("- ") for line in lines]
