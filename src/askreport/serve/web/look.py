"""a template and what it shows -> a page: one style sheet, no script, every word inert.

The pages read without their style sheet, by keyboard, and aloud. Nothing is fetched but
images of pages from this service, and a policy holds even a page that went wrong to
that.
"""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from askreport.text import INVISIBLE

PERMALINK = "/c/"
"""Where permalinks begin; the passage's id follows."""

PAGES = ("/", "/signin")
"""Paths that people read, beside permalinks and explanations of problems."""


def is_page(path: str) -> bool:
    """Whether a person reads what is at this path, so that a refusal is a page too."""
    return path in PAGES or path.startswith((PERMALINK, "/problems/"))


def page(template: str, **shown: Any) -> str:  # noqa: ANN401 - whatever it shows
    """The HTML of a template; every value in it is escaped."""
    found = _environment().get_template(template)
    return found.render(style=_style(), **shown)


def failure(message: str, hint: str) -> str:
    """A page that says what went wrong, and what to do."""
    return page("failure.html", message=message, hint=hint)


def response(
    html: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """A page as it is sent, with its policy."""
    sent = {
        "Content-Security-Policy": _policy(),
        # Told to nobody else; without it a browser would hide a form's origin from us.
        "Referrer-Policy": "same-origin",
        **(headers or {}),
    }
    return HTMLResponse(html, status, sent)


@cache
def _environment() -> Environment:
    """Undefined names are bugs; what no reader sees is left out, as in a terminal."""
    return Environment(
        autoescape=True,
        loader=PackageLoader("askreport.serve.web"),
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _visible(value: Any) -> Any:  # noqa: ANN401 - jinja2 hands over whatever is shown
    return value.translate(INVISIBLE) if type(value) is str else value


@cache
def icon() -> str:
    """The picture that a browser shows beside a page's title, as SVG."""
    return _file("icon.svg")


@cache
def _style() -> Any:  # noqa: ANN401 - markupsafe's text
    from markupsafe import Markup

    return Markup(_file("style.css"))  # noqa: S704 - our own file, no value in it


def _file(name: str) -> str:
    folder = resources.files("askreport.serve.web")
    return (folder / "templates" / name).read_text("utf-8")


@cache
def _policy() -> str:
    """Lets a page use its one style sheet, images and forms of this service, nothing
    else, whatever a document holds.
    """
    digest = hashlib.sha256(str(_style()).encode()).digest()
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{base64.b64encode(digest).decode()}'",
            "img-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
