"""a Word document -> one page of plain text: headings by style, rows with their names.

mammoth (BSD-2-Clause) reads the format; python's own zip and lxml the description.
"""

import zipfile
from pathlib import Path

import lxml.etree
import mammoth

from askreport import text as texts
from askreport.ingest.documents import archives, blocks, fragments
from askreport.ingest.documents.found import Described, Found

STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
"""
"""What styles stand for, besides those that mammoth knows."""

_CORE = "docProps/core.xml"
_MOST_CORE = 2**20


def read(path: Path) -> Found:
    """One unnumbered page: a file in this format does not know its pages."""
    archives.check(path)
    with path.open("rb") as file:
        found = mammoth.convert_to_html(
            file,
            style_map=STYLES,
            convert_image=mammoth.images.img_element(lambda image: {"src": ""}),
            external_file_access=False,
        )
    page = blocks.page(fragments.blocks(found.value))
    return Found((page,), said=described(path))


def described(path: Path) -> Described:
    """What the core properties of an office file say."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_CORE) as file:
            raw = file.read(_MOST_CORE)
        safe = lxml.etree.XMLParser(resolve_entities=False, no_network=True)
        root = lxml.etree.fromstring(raw, safe)
    except (KeyError, OSError, ValueError, zipfile.BadZipFile, lxml.etree.LxmlError):
        return Described()
    said: dict[str, str] = {}
    for element in root:
        if isinstance(element.tag, str):
            name = element.tag.rpartition("}")[2]
            said.setdefault(name, texts.question(element.text or ""))
    date = said.get("created", "")[:7]
    return Described(
        said.get("title") or None,
        None,
        date if date[:4].isdigit() and date > "1990" else None,
        said.get("creator") or None,
    )
