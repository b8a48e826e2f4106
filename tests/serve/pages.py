"""A page as a browser takes it, for the tests that read pages without one."""

from html.parser import HTMLParser

VOID = frozenset("meta link img input".split())
"""Tags that have no end."""


class Shown(HTMLParser):
    """A page's tags, attributes, and text by the tags that it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.said: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            self.said[tag] = self.said.get(tag, "") + data
