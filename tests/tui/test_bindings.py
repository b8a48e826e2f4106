"""Every key that is bound anywhere is pressed where it works, and does something."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Hashable, Iterator
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input

import askreport_tui
from askreport import Filter, Library, errors
from askreport_tui.app import AskreportApp
from askreport_tui.building import Step, Stopped
from askreport_tui.desk import Desk
from askreport_tui.screens.fault import FaultScreen
from askreport_tui.screens.reading import ReadingScreen
from askreport_tui.widgets.citation_list import CitationList
from askreport_tui.widgets.filter_bar import FilterBar
from askreport_tui.widgets.page_pane import PagePane

Show = Callable[..., AskreportApp]
Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]

PAINTED = "Who painted the pier?"

OPENED = {
    "ReadingScreen": "",
    "AskreportApp": "",
    "QuestionBar": "slash",
    "FindBar": "w i n",
    "FilterScreen": "f b",
    "TickBox": "x tab",
    "Framed": "s",
    "ShelfScreen": "s",
    "GenerationsScreen": "s g",
    "SearchScreen": "g enter",
    "OutlineScreen": "o",
    "ExplainScreen": "e",
    "HistoryScreen": "h",
    "CompareScreen": "h space down equals_sign",
    "Form": "x",
    "PathField": "s a slash",
    "ConfirmScreen": "s x",
    "HelpScreen": "question_mark",
    "FaultScreen": "fault",
}
"""The keys that lead to where each owner's bindings work."""

BEFORE = {
    "recall(1)": "up",
    "recall(-1)": "up up",
    "stop": "building",
    "find_next(-1)": "enter",
    "cursor_right": "W h o space",
    "list": "slash",
    "compare": "down",
    "step_back": "slash",
    "words": "down",
    "mark": "down",
    "walk(-1)": "2",
    "follow(1)": "2",
    "pane('citations')": "d",
    "ask": "escape",
}
"""What must have been done first for an action to have anything to do."""

NOWHERE = {f"follow({number})" for number in range(3, 10)}
"""Markers that this answer has not; 1 and 2 stand for them."""


def owners() -> Iterator[type[Any]]:
    """Every class of ours that binds keys itself."""
    for found in pkgutil.walk_packages(askreport_tui.__path__, "askreport_tui."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        for one in vars(module).values():
            ours = isinstance(one, type) and one.__module__ == found.name
            if ours and vars(one).get("BINDINGS"):
                yield one


class Seen:
    """What the reader can notice, and what was asked of the shelf and the app."""

    def __init__(self, app: AskreportApp, patch: pytest.MonkeyPatch) -> None:
        self.app = app
        self.asked: list[str] = []
        for verb in ("open", "shelved", "generations"):
            patch.setattr(Desk, verb, self._told(verb, getattr(Desk, verb)))
        for verb in ("remove", "use"):
            patch.setattr(Desk, verb, self._told(verb, nothing))
        patch.setattr(Desk, "build", self._told("build", stopped))
        patch.setattr(Desk, "stop_building", lambda _: self.asked.append("stop"))
        for verb in ("exit", "notify"):
            patch.setattr(
                AskreportApp, verb, lambda *_, name=verb, **__: self.asked.append(name)
            )

    def _told(
        self, verb: str, work: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        async def told(*arguments: object) -> object:
            self.asked.append(verb)
            return await work(*arguments)

        return told

    def now(self) -> Hashable:
        """A fingerprint; a cursor that blinks is none of it."""
        app = self.app
        lines = app.screen._compositor.render_strips()
        painted = tuple(tuple(segment for segment in line) for line in lines)
        about = (id(app.screen), id(app.focused), app.clipboard, app.theme)
        return (*about, painted, tuple(self.asked))


async def nothing(*_arguments: object) -> None:
    """What would change the shelf that all tests share."""


async def stopped(*_arguments: object) -> None:
    raise Stopped("the build was stopped", hint="b starts it again")


async def settled(pilot: Pilot[None]) -> None:
    """Wait until all is done, and hold every cursor still."""
    for _ in range(2):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
    for field in pilot.app.screen.query(Input):
        field.cursor_blink = False
        field._cursor_visible = True


async def opened(pilot: Pilot[None], screen: ReadingScreen, keys: str) -> None:
    """From wherever we are to where a binding works."""
    app = pilot.app
    assert isinstance(app, AskreportApp)
    app.building = None
    while len(app.screen_stack) > 1:
        app.pop_screen()
        await settled(pilot)
    screen.close_trouble()
    screen.query_one(FilterBar).set_filter(Filter())
    screen.query_one(PagePane)._end_find()
    screen.query_one(CitationList).focus()
    await pilot.pause()
    for key in keys.split():
        if key == "fault":
            error = errors.AskreportError("it broke", hint="go on")
            app.push_screen(FaultScreen(app.desk, error))
        elif key == "building":
            app.building = Step("encoding", 1, 2)
        else:
            await pilot.press(key)
        await settled(pilot)


@pytest.mark.slow
async def test_every_bound_key_does_something_where_it_works(
    show: Show, piers: Library, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for display in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(display, raising=False)
    bound = {one.__name__: one for one in owners()}
    assert set(bound) == set(OPENED)
    idle = []
    app = show(library=piers)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await ask(pilot, "When was the south pier painted?")
        await pilot.press("slash")
        await ask(pilot, PAINTED)
        with pytest.MonkeyPatch.context() as patch:
            seen = Seen(app, patch)
            for owner, keys in OPENED.items():
                for binding in Binding.make_bindings(bound[owner].BINDINGS):
                    if binding.action in NOWHERE:
                        continue
                    before = BEFORE.get(binding.action, "")
                    await opened(pilot, screen, f"{keys} {before}")
                    was = seen.now()
                    await pilot.press(binding.key)
                    await settled(pilot)
                    if seen.now() == was:
                        idle.append(f"{owner}: {binding.key} {binding.action}")
    assert idle == []
