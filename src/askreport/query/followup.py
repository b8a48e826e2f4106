"""earlier turns and a question -> the question as it is looked up.

A question that stands by itself is left as it is. One that leans on what was said
("and in Somerset?", "who said so?", "what about its beds?") is looked up together with
what it leans on: its own named thing takes the place of the old one, or the words it
lacks are added to it. No language model; the idea is that of historical query expansion
(Lin et al., "Multi-Stage Conversational Passage Retrieval", 2021).
"""

import re
from collections.abc import Iterator, Sequence

from askreport import text as texts
from askreport.query import turn as turns
from askreport.query.turn import Named, Sort, Turn, Word

MOST_TURNS = 12
"""Earlier turns that are read, the latest ones: a reference further back than a dozen
turns is rarer than a change of subject."""

TURN_CHARS = 600
"""Characters of an earlier turn that are read; questions are shorter, and the words of
a longer text would drown the question."""

MOST_CARRIED = 8
"""Words added to a question; about as many as a question has of its own."""

ENOUGH = 3
"""A question with a name and this many other words on its subject needs no more."""

LONG = 7
"""A question with this many words on its subject, named or not, stands by itself; so
does a description of a case that ends in a question."""

FRAGMENT_WORDS = 5
"""A run of words without a verb that is longer than this is a search of its own."""

_OPENING = re.compile(
    r"^(?:(?:and|but|or|so|then|also|ok|okay|well|now|what about|how about|what of|"
    r"(?:the )?same (?:question )?(?:for|in|at))\b[\s,:]*)+",
    re.IGNORECASE,
)
_PREPOSITIONS = frozenset(
    "about after at before between by during for from in into of on to under with "
    "within".split()
)
_PLACED = frozenset("at for in of on within".split())
_AUXILIARIES = "is|are|was|were|be|been|has|have|had|will|would|can|could|do|does|did"
_POINTING = re.compile(
    r"\b(?:this|these|those)\b(?! (?:year|month|week|day|time|century|report|document|"
    r"article|text|paper|shelf)s?\b)"
    rf"|(?:^|\b(?:{_AUXILIARIES}|about|of|for|in|at|on|by|to|from|with|after|before|like|"
    r"why|how) )that\b|\bthat\W*$"
    rf"|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbe )(?<!\bbeen )(?<!\bhas )"
    rf"(?<!\bhave )(?<!\bhad )\bthere\b(?! (?:{_AUXILIARIES}|any|a|an|no)\b)"
    r"|\b(?:sa(?:y|ys|id)|do|does|did|think|thought) so\b|\bso\W*$"
    r"|\b(?:which|that|other|another|first|second|last) ones?\b|\belse\b"
    r"|\bthe same\b(?! time)|\bthe (?:latter|former)\b"
    r"|\b(?:too|as well|either|then|next|afterwards|instead)\W*$",
    re.IGNORECASE,
)
"""What points at something said before, pronouns apart."""

_DOING = re.compile(
    r"\b(?:do|does|did|done|doing) (?:it|this|that|so|the same)\b"
    r"|\b(?:too|as well|either)\W*$|\bthe same\b",
    re.IGNORECASE,
)
"""What points at something done, so that a new name is a new doer."""

_EMPTY_IT = re.compile(
    r"\bit (?:snow|rain)s?\b|\btime is it\b"
    r"|\b(?:is|was|be) it (?:\w+ ){1,2}(?:to|that|for|if|when)\b"
    r"|\b(?:does|did|will|would) it take\b.* to\b"
    r"|\bit (?:is|was) (?:\w+ )?(?:to|that)\b",
    re.IGNORECASE,
)
_WHOSE = frozenset("its his her their theirs hers".split())
_WHO = frozenset("it he she they him them".split())
_PERSON = frozenset("he she him his her hers".split())
_CLAUSE = frozenset(
    "after although and as because before but how if or since so that though unless "
    "until what when where whether which while who why".split()
)
_SAYING = frozenset(
    "admit admitted argue argued believe believed claim claimed expect expected feel "
    "felt hope hoped know knew say said says think thought".split()
)
_ASKED = frozenset("who whom whose what when where which why how".split())
_PRESUMED = re.compile(
    r"^(?:and )?(?:what|who) (?:is|are|was|were) the (?:[\w'’-]+ ){1,2}[\w'’-]+\W*$",
    re.IGNORECASE,
)
_MEANING = re.compile(
    r"^(?:what|who)(?:['’]s| (?:is|are|was|were|does|do))(?: an?)? (?!the\b)[\w'’-]+"
    r"(?: mean)?\W*$",
    re.IGNORECASE,
)


def resolve(question: str, earlier: Sequence[str], *, most_chars: int) -> str:
    """The question as it is looked up, on one line and normalised.

    `earlier` holds the turns before it, oldest first; each is resolved by those before
    it. The result never grows beyond `most_chars` and keeps every word of the question
    or stands for all of them.
    """
    line = texts.question(question)
    said: list[Turn] = []
    for one in earlier[-MOST_TURNS:] if texts.words(line) else ():
        turn = turns.read(texts.question(one[:TURN_CHARS]))
        if turn.words:
            said.append(turns.read(_resolved(turn, said, TURN_CHARS)))
    return _resolved(turns.read(line), said, most_chars) if said else line


def _resolved(turn: Turn, said: Sequence[Turn], most_chars: int) -> str:
    if not said or not turn.words:
        return turn.line
    rest = opened(turn)
    if is_fragment(turn, rest) and not unbound(turn):
        merged = merge(rest, said[-1])
        return merged if len(merged) <= most_chars else turn.line
    if not leans(turn, rest, said[-1]):
        return turn.line
    return extended(turn.line, carried(turn, said), most_chars)


def opened(turn: Turn) -> Turn:
    """The turn without "and", "what about" and their like at its start."""
    found = _OPENING.match(turn.line)
    return turns.read(turn.line[found.end() :], begins=False) if found else turn


def is_fragment(turn: Turn, rest: Turn) -> bool:
    """Whether it is no sentence of its own, so that an earlier one must lend its own.

    "and in Somerset?" is; so is "and how did Somerset?"; the search "restraint" is not.
    """
    if not rest.words:
        return False
    if rest.words[0].low in turns.ASKING:
        return rest is not turn and bool(rest.names) and not rest.content
    if any(word.low in _ASKED for word in rest.words):
        return False
    if len(rest.content) > FRAGMENT_WORDS or len(rest.words) > 2 * FRAGMENT_WORDS:
        return False
    if rest is not turn:
        return True
    placed = turn.words[0].low in _PREPOSITIONS and len(turn.words) <= FRAGMENT_WORDS
    return placed or (len(turn.words) <= FRAGMENT_WORDS - 2 and turn.line[-1] == "?")


def leans(turn: Turn, rest: Turn, last: Turn) -> bool:
    """Whether the question cannot be understood without what was said."""
    own = len(turn.content)
    if own >= LONG or (turn.names and own >= ENOUGH):
        return False
    return bool(
        unbound(turn)
        or _POINTING.search(turn.line)
        or (own <= ENOUGH and _takes_up(turn, last))
        or is_brief(rest)
    )


def unbound(turn: Turn) -> frozenset[str]:
    """Pronouns of the turn that stand for nothing in it, in lower case."""
    empty = _EMPTY_IT.search(turn.line)
    return frozenset(
        word.low
        for i, word in enumerate(turn.words)
        if word.low in _WHO | _WHOSE
        and not (word.low == "it" and empty)
        and not _is_bound(turn, i)
    )


def _is_bound(turn: Turn, at: int) -> bool:
    """Whether a pronoun's antecedent may stand before it in its own question.

    That of a possessive may be anything named before; that of "it" or "them" not the
    subject of the same clause ("why did staff like it?").
    """
    before = turn.words[:at]
    things = [i for i, w in enumerate(before) if w.term or turn.within(w)]
    if turn.words[at].low in _WHOSE:
        verb = 1 if before and before[0].low in ("who", "what") else -1
        return any(i != verb for i in things)
    opens = [i for i, word in enumerate(before) if word.low in _CLAUSE]
    if at + 1 < len(turn.words) and before and before[-1].low in _SAYING:
        opens.append(at - 1)
    return any(thing < i for i in opens for thing in things)


def _takes_up(turn: Turn, last: Turn) -> bool:
    """Whether it names nothing and says "the ..." of what was just spoken of."""
    if turn.names:
        return False
    after = zip(turn.words, turn.words[1:], strict=False)
    return any(
        one.low == "the" and other.term and other.term in last.terms
        for one, other in after
    )


def is_brief(rest: Turn) -> bool:
    """Whether it says too little to be looked up: "why?", "what was the rate?"."""
    asks = any(word.low in turns.ASKING for word in rest.words[:3])
    if rest.names or not (asks or not rest.content):
        return False
    if len(rest.content) == 2:
        return bool(_PRESUMED.match(rest.line))
    return len(rest.content) < 2 and not _MEANING.match(rest.line)


def merge(rest: Turn, last: Turn) -> str:
    """The last turn, asked of what the fragment names: its names take the place of the
    old one of their sort; whatever else it says is added.
    """
    line, added = last.line, rest.line.rstrip(" ?!.")
    sorts: tuple[Sort, ...] = ("name", "time")
    for sort in sorts:
        new = rest.sorted(sort)
        old = _rival(new[0], rest, turns.read(line)) if new else None
        if old is None:
            continue
        fresh = rest.line[new[0].start : new[-1].end]
        line = line[: old.start] + fresh + line[old.end :]
        added = _without(added, fresh)
    if not any(w.term for w in turns.read(added).words):
        return line
    body = line.rstrip(" ?!.")
    mark = "" if turns.read(added).words[0].low in _PREPOSITIONS else ","
    return f"{body}{mark} {added}{line[len(body) :]}"


def _rival(new: Named, rest: Turn, last: Turn) -> Named | None:
    """What a new name takes the place of: governed alike, as long, mentioned first."""
    olds = last.sorted(new.sort)
    mine = _governed(rest, new)
    return max(
        olds,
        key=lambda old: (
            _governed(last, old) == mine,
            (_governed(last, old) in _PLACED) == (mine in _PLACED),
            old.words == new.words,
            -old.start,
        ),
        default=None,
    )


def _governed(turn: Turn, one: Named) -> str:
    """The preposition before a name; empty where there is none."""
    before = [w.low for w in turn.words if w.start < one.start and w.low != "the"]
    return before[-1] if before and before[-1] in _PREPOSITIONS else ""


def _without(text: str, part: str) -> str:
    """The text without a part and the preposition before it."""
    before, _, after = text.partition(part)
    words = before.split()
    while words and words[-1].casefold() in _PREPOSITIONS | {"the"}:
        words.pop()
    return " ".join([*words, *after.split()])


def carried(turn: Turn, said: Sequence[Turn]) -> tuple[str, ...]:
    """Words that the turn leans on, as they were written, in order."""
    without = {"time"} if turn.sorted("time") else set()
    if turn.names and _DOING.search(turn.line):
        without |= {"name", "time"}
    namer = next((one for one in reversed(said) if one.names), None)
    names = [] if namer is None else [namer.said(name) for name in namer.names]
    if names and _wants_name(turn):
        return _lacking(turn, names)
    lacking: tuple[str, ...] = ()
    for one in reversed(said):
        lacking = _lacking(turn, (*lacking, *_words(one, without)))
        if len(lacking) >= ENOUGH:
            break
    return lacking if "name" in without else _lacking(turn, (*lacking, *names))


def _wants_name(turn: Turn) -> bool:
    """Whether it says enough of its own for the name alone to be what it lacks."""
    own = len(turn.content)
    return own > 2 or (own > 1 and bool(unbound(turn) & (_WHOSE | _PERSON)))


def _words(turn: Turn, without: set[str]) -> Iterator[str]:
    """Names, dates and other words on the subject, in order."""
    named = [one for one in turn.named if one.sort not in without]
    things: list[Named | Word] = [*named, *turn.content]
    for thing in sorted(things, key=lambda thing: thing.start):
        yield turn.line[thing.start : thing.end]


def _lacking(turn: Turn, words: Iterator[str] | Sequence[str]) -> tuple[str, ...]:
    """Those words whose terms the turn lacks, each once."""
    held = set(turn.terms)
    lacking: list[str] = []
    for word in words:
        terms = set(texts.terms(word))
        if terms - held and len(lacking) < MOST_CARRIED:
            lacking.append(word)
            held |= terms
    return tuple(lacking)


def extended(line: str, words: Sequence[str], most_chars: int) -> str:
    """The line and as many of the words after it as fit."""
    for word in words:
        if len(line) + 1 + len(word) <= most_chars:
            line = f"{line} {word}"
    return line
