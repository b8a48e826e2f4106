"""text -> the same text normalised, its sentences, its search terms.

Shared by both acts; knows nothing of documents, pages or indexes. Questions and
passages go through the same functions, so that they meet.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

import Stemmer

from askreport.types import Span

INVISIBLE = dict.fromkeys(
    [
        *(c for c in range(0x20) if chr(c) not in "\n\t"),
        *range(0x7F, 0xA0),
        0x00AD,  # soft hyphen
        0x061C,  # Arabic letter mark
        0x180E,  # Mongolian vowel separator
        *range(0x200B, 0x2010),  # zero-width characters and direction marks
        *range(0x202A, 0x202F),  # direction embeddings and overrides
        *range(0x2060, 0x2070),  # word joiner, direction isolates, shaping switches
        *range(0xD800, 0xE000),  # lone surrogates, which no encoding can write
        0xFEFF,
        *range(0xFFF9, 0xFFFC),  # interlinear annotation
        0xFFFE,
        0xFFFF,
        *range(0xE0000, 0xE0080),  # tags: text that only a machine sees
    ]
)
"""Characters a reader never sees but that break matching, or let a document drive the
terminal that shows it (escape sequences, direction overrides) or speak past its
reader."""

ABBREVIATIONS = frozenset(
    "dr mr mrs ms prof rev hon st sr jr vs etc approx dept est fig figs no nos vol pp "
    "p para paras sec ch ed eds e.g i.e cf al inc ltd co plc govt gen col maj capt lt "
    "sgt jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
"""A full stop after one of these does not end a sentence (unless a line ends there)."""

STOP_WORDS = frozenset(
    "a about above after again all also am an and any are as at be because been before "
    "being below between both but by can could did do does doing down during each few "
    "for from further had has have having he her here hers him his how i if in into is "
    "it its itself just me more most my no nor not now of off on once only or other "
    "our ours out over own s same she should so some such t than that the their theirs "
    "them then there these they this those through to too under until up very was we "
    "were what when where which while who whom why will with would you your "
    "yours".split()
)
"""Words that say nothing about the subject."""

_LETTERS = r"\w[\w\u0300-\u036f]*"  # an accent typed apart belongs to its letter
_WORD = re.compile(rf"{_LETTERS}(?:[.,]\d+)*(?:['’]{_LETTERS})?%?")
_BREAK = re.compile(r"([.!?…]+)([\"'”’)\]]*)(\s+)|(\s*\n\s*)")
_OPENING = re.compile(r"[\"'“‘(\[]*[A-Z0-9£$€•\u00c0-\u00de-]")
_LINE_ENDS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028]")
_BLANKS = re.compile(r"[ \t\x1f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")

_AROUND = re.compile(r" *\n *")
_RUNS = re.compile("  +")
_POSSESSIVE = re.compile(r"['’]s$")
_GROUPING = re.compile(r",(?=\d{3})")


def normalise(text: str) -> str:
    """NFC, unified line ends and blanks, invisible and control characters dropped."""
    text = _LINE_ENDS.sub("\n", text).replace("\u2029", "\n\n")
    text = _BLANKS.sub(" ", text).translate(INVISIBLE)
    # Composed last, since a character that was dropped may have kept two apart.
    text = unicodedata.normalize("NFC", text)
    return _AROUND.sub("\n", _RUNS.sub(" ", text))


def unmarked(text: str) -> str:
    """The text with its "[7]" as "(7)": in an answer, square brackets mean its own
    citations, and a document's references must not pass for them.
    """
    return re.sub(r"\[(\d+)\]", r"(\1)", text)


def told_apart(less: float, more: float) -> tuple[str, str]:
    """Two numbers with two decimals, or as many as it takes to tell them apart, of six.

    0.197 and 0.198 would both read 0.20, and "0.20 is below 0.20" is no sentence.
    """
    pairs = ((f"{less:.{n}f}", f"{more:.{n}f}") for n in range(2, 7))
    return next((pair for pair in pairs if pair[0] != pair[1]), (f"{less}", f"{more}"))


def counted(number: int, noun: str) -> str:
    """How many of something: "1 passage", "2 passages"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def question(text: str) -> str:
    """A question on one line, normalised as passages were."""
    return " ".join(normalise(text).split())


def words(text: str) -> list[str]:
    """Every word and figure as written, in order."""
    return _WORD.findall(text)


def placed_words(text: str) -> list[tuple[str, int]]:
    """Every word and figure with the offset at which it starts."""
    return [(found.group(), found.start()) for found in _WORD.finditer(text)]


def sentences(text: str) -> tuple[Span, ...]:
    """Spans of the sentences, in order, without the blanks between them.

    A line break ends a sentence: readers join the lines of a paragraph, so a break that
    remains separates headings, list items and table rows. Together the spans cover
    every non-blank character.
    """
    return tuple(_sentences(text))


def _sentences(text: str) -> Iterator[Span]:
    start = len(text) - len(text.lstrip())
    for found in _BREAK.finditer(text, start):
        if found.group(4) is None and not _ends(text, found):
            continue
        end = found.start() if found.group(4) is not None else found.end(2)
        if text[start:end].strip():
            yield Span(start, end)
        start = found.end()
    end = len(text.rstrip())
    if start < end:
        yield Span(start, end)


def _ends(text: str, found: re.Match[str]) -> bool:
    """Whether the punctuation found really closes a sentence."""
    if "\n" in found.group(3):
        return True
    if not _OPENING.match(text, found.end()):
        return False
    if found.group(1) != ".":
        return True
    before = text[max(0, found.start() - 12) : found.start()].split()
    last = before[-1].lower().lstrip("(\"'“‘[") if before else ""
    initial = len(last) == 1 and last.isalpha() and last != "i"
    return last not in ABBREVIATIONS and not initial


def terms(text: str) -> list[str]:
    """Search terms in order: case folded, no stop words, stemmed (Snowball English).

    Figures keep their digits and lose their grouping commas, so `14,300` meets `14300`.
    The same for a text and its normalised form, whatever its case.
    """
    (found,) = terms_of([text])
    return found


def terms_of(texts: Sequence[str]) -> list[list[str]]:
    """The terms of each text; a word that is in many of them is stemmed once."""
    each = [words(text if _plain(text) else normalise(text)) for text in texts]
    folded = {word: _folded(word) for word in dict.fromkeys(chain.from_iterable(each))}
    kept = [word for word in dict.fromkeys(folded.values()) if word not in STOP_WORDS]
    stems = dict(zip(kept, map(str, _stemmer().stemWords(kept)), strict=True))
    return [
        [stems[folded[word]] for word in found if folded[word] in stems]
        for found in each
    ]


def _plain(text: str) -> bool:
    """Whether normalising it would change no word."""
    return text.isascii() and text.isprintable()


def _folded(word: str) -> str:
    word = _POSSESSIVE.sub("", word.casefold()).rstrip("%")
    if word[:1].isdigit():
        return _GROUPING.sub("", word)
    if word.isascii():
        return word
    return "".join(
        c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)
    )


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")


PROBE = (
    "Dr. Patel's 14,300 beds (5.5%) weren't re-opened e.g. in Leeds; staffing was "
    "organised differently!\nWhose? Organisations' caf\u00e9 re-organising."
)
"""A text that shows how words are split and stemmed."""


@cache
def signature() -> str:
    """What splitting and stemming make of a fixed text, digested.

    Processes that agree on it find the same words in the same text: another version of
    the stemmer may not.
    """
    found = (terms(PROBE), [(span.start, span.end) for span in sentences(PROBE)])
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]
