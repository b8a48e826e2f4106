"""The keys of the reading screen."""

from textual.binding import Binding, BindingType

FOLLOW = [
    Binding(
        str(marker),
        f"follow({marker})",
        "Citation",
        key_display="1-9",
        show=marker == 1,
        tooltip="Read that citation in its page",
    )
    for marker in range(1, 10)
]
"""One binding a digit; the keys show them as one."""

READING: list[BindingType] = [
    Binding(
        "slash",
        "question",
        "Question",
        key_display="/",
        tooltip="Write a question",
        priority=True,  # letters typed right behind it are the question's
    ),
    Binding("ctrl+l", "ask", show=False, tooltip="Write a question"),
    Binding("f", "filter", "Filter", tooltip="Look in a part of the shelf"),
    *FOLLOW,
    Binding("n", "walk(1)", "Next", tooltip="Next citation"),
    Binding("p", "walk(-1)", "Prev", show=False, tooltip="Previous citation"),
    Binding(
        "left_square_bracket",
        "turn(-1)",
        key_display="[",
        show=False,
        tooltip="Turn to the page before",
    ),
    Binding(
        "right_square_bracket",
        "turn(1)",
        key_display="]",
        show=False,
        tooltip="Turn to the next page",
    ),
    Binding("w,ctrl+f", "find", "Find", tooltip="Find words on the page"),
    Binding("g", "search", "Search", tooltip="Search the shelf for passages"),
    Binding("o", "outline", show=False, tooltip="Outline of the document by heading"),
    Binding("s", "shelf", "Shelf", tooltip="The documents: add, remove, build"),
    Binding("e", "explain", "Why", tooltip="Why this answer: every candidate"),
    Binding("h", "history", "History", tooltip="What was asked before"),
    Binding(
        "equals_sign",
        "compare",
        key_display="=",
        show=False,
        tooltip="Compare the last two answers",
    ),
    Binding("a", "pane('answer')", show=False, tooltip="Go to the answer"),
    Binding("c", "pane('citations')", show=False, tooltip="Go to the citations"),
    Binding("d", "pane('page')", show=False, tooltip="Go to the document's page"),
    Binding("y", "copy", "Copy", tooltip="Copy the citation with its quote"),
    Binding("Y", "copy_quote", show=False, tooltip="Copy the quote alone"),
    Binding("x", "export", show=False, tooltip="Export the answer or the session"),
    Binding("v", "view", show=False, tooltip="Open the source at its page"),
    Binding("b", "build", show=False, tooltip="Bring the index up to date"),
    Binding("k", "stop", show=False, tooltip="Stop the build"),
    Binding("r", "reopen", show=False, tooltip="Open the shelf again"),
    Binding(
        "escape",
        "step_back",
        "Back",
        tooltip="Step back: stop waiting, close, remove the filter",
    ),
]
"""In the order of the manual."""
