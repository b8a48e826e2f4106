"""a built shelf -> pictures of the terminal UI in docs/screens/, from real runs.

    python docs/screens.py

The index must have been built. Nothing is staged: questions are asked of the shelf with
its model, keys are pressed, and what is on the screen is written down.
"""

import asyncio
import os
import re
import tempfile
from pathlib import Path

from askreport_tui.app import AskreportApp
from askreport_tui.widgets.question_bar import QuestionBar

ROOT = Path(__file__).parents[1]

BEDS = "How did Oxleas ease the pressure on beds?"
PAY = "What does Oxleas pay a newly qualified nurse?"

PICTURES = {
    "answer": (BEDS, ()),
    "declined": (PAY, ()),
    "why": (BEDS, ("e",)),
    "shelf": (BEDS, ("s",)),
    "search": (BEDS, ("g", "enter")),
}
"""What is asked, and the keys that are pressed then."""

FONTS = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
"""A picture loads nothing from elsewhere."""


async def picture(name: str, question: str, keys: tuple[str, ...]) -> None:
    """Write one picture."""
    app = AskreportApp(ROOT)
    app.animation_level = "none"
    async with app.run_test(size=(120, 36)) as pilot:
        await app.workers.wait_for_complete()
        bar = app.screen.query_one(QuestionBar)
        bar.cursor_blink = False
        bar.value = question
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await app.workers.wait_for_complete()
            await pilot.pause()
        svg = FONTS.sub("", app.export_screenshot(title="askreport tui"))
    (ROOT / "docs" / "screens" / f"{name}.svg").write_text(svg, "utf-8")


def main() -> None:
    """Write them all."""
    (ROOT / "docs" / "screens").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = name
        os.environ["ASKREPORT_ROUNDED"] = "false"  # the same on every processor
        for shown, (question, keys) in PICTURES.items():
            asyncio.run(picture(shown, question, keys))


if __name__ == "__main__":
    main()
