"""a web page's tree -> the same without what surrounds its content.

Menus, cookie notices, adverts, comment forms and links to other pages are told by their
elements, by what their makers called them, and by the words that stand above them. What
holds a large part of the page's text is never taken away, whatever it is called.
"""

import re
from itertools import islice

from lxml.html import HtmlElement

TAGS = frozenset(
    "nav footer aside form figcaption script style noscript iframe dialog button "
    "select template svg".split()
)
"""Elements that never hold what a page is about."""

LARGE = 0.3
"""The share of the page's text above which an element is its content after all."""

LARGE_TAG = 0.5
"""Likewise for an element of `TAGS`, which says more than a name does."""

LABEL_CHARS = 60
"""A longer line is no label of what follows it."""

LINKED = 0.6
"""A list of which so much is links leads elsewhere."""

LINE_ELEMENTS = 8
"""A line is made of fewer elements."""

TEASER_WORDS = 5
"""A paragraph that is one link of so many words is the title of another page."""

_KEPT = ("html", "body", "head", "main", "article", "h1")
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:related|relacionad\w*|recommend\w*|read-?more|more-?(?:stories|news|"
    r"from|articles|on)|most-?read|popular|trending|teasers?list|also-?like|newsletter|"
    r"subscri\w+|sign-?up|cookies?|consent|gdpr|advert\w*|ads?|adsbygoogle|banner|"
    r"promo\w*|sponsor\w*|outbrain|taboola|share|sharing|social|comments?|respond|disqus|"
    r"kommentare?|breadcrumbs?|pagination|pager|tags?|toolbar|sidebar|widget|footer|menu|"
    r"navigation|navbar|print-?link|author-?bio|bio-?box|skip-?link|login|popup|modal|"
    r"caption|wp-caption-text|credit|byline|figcaption)(?:$|[\s_-])",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:related(?: (?:articles?|stories|posts?|content|news|topics|links))?|"
    r"read (?:more|also|next)|more (?:on|from|stories|news|articles).{0,40}|"
    r"you (?:may|might) (?:also )?(?:like|enjoy).{0,30}|recommended.{0,30}|"
    r"most (?:read|popular)|trending(?: now)?|see also|notas? relacionad\w+|"
    r"lea también.{0,20}|te puede interesar|das könnte sie auch interessieren|"
    r"auch interessant|mehr zum thema|weitere (?:artikel|meldungen|beiträge|news)"
    r".{0,40}|schon gelesen\??|lesen sie auch.{0,30}|ähnliche (?:artikel|beiträge)|"
    r"[aà] lire (?:aussi|également)|sur le même sujet|articoli correlati|"
    r"(?:leave|post|write) a (?:comment|reply)|"
    r"(?:keine|\d+|no) (?:kommentare?|comments?)|kommentare|comments|share this.{0,20}|"
    r"teilen|tags?|stichworte|schlagworte)\s*:?",
    re.IGNORECASE,
)


def trim(tree: HtmlElement) -> HtmlElement:
    """The tree itself, with less in it."""
    whole = len(said(tree)) or 1
    for element in list(tree.iter()):
        if isinstance(element.tag, str) and _attached(element):
            _judge(element, whole)
    for element in list(
        tree.iter("h2", "h3", "h4", "h5", "h6", "p", "div", "span", "b")
    ):
        if _attached(element) and _labels(element):
            _drop_labelled(element, whole)
    return tree


def said(element: HtmlElement) -> str:
    """The words of an element, on one line."""
    return " ".join(element.text_content().split())


def _attached(element: HtmlElement) -> bool:
    """Whether nothing around it was taken away; the root has nothing around it."""
    return element.getparent() is not None


def _judge(element: HtmlElement, whole: int) -> None:
    if element.tag in _KEPT:
        return
    if element.tag in TAGS:
        if len(said(element)) < LARGE_TAG * whole:
            element.drop_tree()
        return
    names = (element.get(key) for key in ("class", "id", "role"))
    called = " ".join(name for name in names if name)
    around = (called and _NAMED.search(called)) or _teases(element)
    if around and len(said(element)) < LARGE * whole:
        element.drop_tree()


def _teases(element: HtmlElement) -> bool:
    """Whether a paragraph is nothing but a link with the title of another page."""
    if element.tag not in ("p", "div", "h2", "h3", "h4"):
        return False
    if _many(element):
        return False
    links = list(element.iter("a"))
    if len(links) != 1 or not links[0].get("href"):
        return False
    text = said(element)
    return len(text.split()) >= TEASER_WORDS and said(links[0]) == text


def _many(element: HtmlElement) -> bool:
    """Whether an element holds too much for a line, told without reading it."""
    return next(islice(element.iter(), LINE_ELEMENTS, None), None) is not None


def _labels(element: HtmlElement) -> bool:
    if _many(element):
        return False
    text = said(element)
    return len(text) < LABEL_CHARS and bool(_LABEL.fullmatch(text))


def _drop_labelled(label: HtmlElement, whole: int) -> None:
    """Take away a label and the links that follow it, in it or around it."""
    text = said(label)
    while _alone(label, text):
        label = label.getparent()
    after = label.getnext()
    if (
        after is not None
        and isinstance(after.tag, str)
        and _leads_away(after, 0, whole)
    ):
        after.drop_tree()
    around = label.getparent()
    if around is None:
        return
    inner = around.tag not in _KEPT and _leads_away(around, len(text), whole)
    if inner and _attached(around):
        around.drop_tree()
    else:
        label.drop_tree()


def _alone(element: HtmlElement, text: str) -> bool:
    around = element.getparent()
    if around is None or around.tag in _KEPT or not _attached(around):
        return False
    return len(said(around)) <= len(text) + 1


def _leads_away(element: HtmlElement, label: int, whole: int) -> bool:
    long = len(said(element))
    linked = sum(len(said(link)) for link in element.iter("a"))
    return linked > LINKED * (long - label) and long < LARGE * whole
