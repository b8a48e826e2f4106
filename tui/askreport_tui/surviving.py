"""an error in any part of the screen -> a panel with a hint; the app goes on.

Textual ends an app at the first exception of a handler, a worker, a timer or a
`render`. It has no public way to do otherwise, so this module, and no other, steps into
four of its methods: where a widget is registered (each is then watched), where the
app's own messages are handled, and where Textual gives up. `test_surviving` breaks each
of these on purpose and so tells when a new Textual has moved them.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from textual import events, on
from textual._context import active_message_pump
from textual.app import App
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.geometry import Region
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import OptionList
from textual.worker import WorkerFailed, get_current_worker

from askreport import errors
from askreport_tui import faults, glyphs, messages

P = ParamSpec("P")
T = TypeVar("T")

OPENING = (events.Compose, events.Mount)
"""What a screen is sent first; if that fails, there is no screen."""


ROWS = 3
"""What a widget is given that cannot say how many rows it needs."""


class Surviving(App[None]):
    """An app that outlives what its parts get wrong."""

    def show_trouble(self, error: errors.AskreportError) -> None:
        """Show what went wrong, wherever the reader is."""
        raise NotImplementedError

    @property
    def telling(self) -> bool:
        """Whether a bug is being shown."""
        raise NotImplementedError

    @property
    def leaving(self) -> bool:
        """Whether the reader has left: parts of the screen are being taken away."""
        return self._exit

    def meet(self, error: BaseException, node: object, *, opening: bool) -> None:
        """Take an error of a part of the screen; the panel comes in its turn.

        `opening` says that the part was being made.
        """
        if self._gone(node):
            return
        if isinstance(error, WorkerFailed):
            error = error.error
        screen = node.screen if isinstance(node, Widget) and node.is_attached else None
        said = faults.met(error)
        self.post_message(messages.Met(said, screen if opening else None))

    def _gone(self, node: object) -> bool:
        """Whether a part is of a screen that the reader has left: what was still under
        way there, and now finds nothing of it, is no fault. Textual's own palette is
        full of such.
        """
        if not isinstance(node, Widget):
            return False
        return not any(part in self.screen_stack for part in node.ancestors_with_self)

    @on(messages.Met)
    def show_met(self, event: messages.Met) -> None:
        """Say so; a screen that could not be made is left again."""
        broken = event.unmade
        if broken is not None and broken in self.screen_stack[1:]:
            while self.screen is not broken:
                self.pop_screen()
            self.pop_screen()
        if not self.telling:  # what follows from the first fault is in the log alone
            self.show_trouble(event.error)

    # What Textual calls.

    def _handle_exception(self, error: Exception) -> None:
        if self._exit:
            faults.met(error)  # in the log: the reader has left already
            return
        if not self._running or not self._screen_stack:
            super()._handle_exception(error)  # there is nothing to go on with
            return
        node: object = active_message_pump.get(None)
        if isinstance(error, WorkerFailed):
            node = get_current_worker().node
        opening = isinstance(node, MessagePump) and not node._is_mounted
        self.meet(error, node, opening=opening)

    async def _dispatch_message(self, message: Message) -> None:
        if self._screen_stack and _beside(self.screen, message):
            return
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self._is_mounted:
                raise  # there is no screen yet
            if isinstance(message, messages.Met):  # telling of a fault has failed
                faults.met(error)
                said = glyphs.shown(message.error.message)
                self.notify(said, severity="error", markup=False)
            else:
                self.meet(error, self, opening=False)

    def _register_child(
        self, parent: DOMNode, child: Widget, before: int | None, after: int | None
    ) -> None:
        _watch(self, child)
        super()._register_child(parent, child, before, after)

    def _start_widget(self, parent: Widget, widget: Widget) -> None:
        _watch(self, widget)
        super()._start_widget(parent, widget)


def _watch(app: Surviving, widget: Widget) -> None:
    """Have what a widget gets wrong met by the app, and the widget go on."""
    if "_dispatch_message" in vars(widget):
        return  # watched already: a screen that comes back
    dispatch = widget._dispatch_message

    async def dispatched(message: Message) -> None:
        if _late(widget, message):
            return
        try:
            await dispatch(message)
        except Exception as error:  # noqa: BLE001 - the screen survives every one
            app.meet(error, widget, opening=isinstance(message, OPENING))

    named: Any = widget
    named._dispatch_message = dispatched
    look = _Look(app, widget)
    named.render_lines = look.survived(widget.render_lines, _blank)
    named.get_content_width = look.survived(
        widget.get_content_width, lambda container, *_: container.width
    )
    named.get_content_height = look.survived(widget.get_content_height, lambda *_: ROWS)


def _beside(screen: Screen[Any], message: Message) -> bool:
    """Whether a click is on what was taken away and is painted until the next frame."""
    if not isinstance(message, events.MouseDown):
        return False
    with suppress(NoWidget):
        return not screen.get_widget_at(message.x, message.y)[0].is_attached
    return False


def _late(widget: Widget, message: Message) -> bool:
    """Whether a click is on an option that its list has no longer: Textual looks it up
    none the less.
    """
    if not (isinstance(widget, OptionList) and isinstance(message, events.Click)):
        return False
    option = message.style.meta.get("option")
    return option is not None and option >= widget.option_count


def _blank(crop: Region) -> list[Strip]:
    return [Strip.blank(crop.width) for _ in range(crop.height)]


class _Look:
    """How a widget looks; what goes wrong with that is told once, not in each frame."""

    def __init__(self, app: Surviving, widget: Widget) -> None:
        self._app = app
        self._widget = widget
        self._told: set[type[Exception]] = set()

    def survived(
        self, method: Callable[P, T], instead: Callable[P, T]
    ) -> Callable[P, T]:
        """The method; where it fails, `instead` of the same arguments."""

        @wraps(method)
        def called(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return method(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the others must be painted
                kind = type(error)
                if kind not in self._told:
                    self._told.add(kind)
                    self._app.meet(error, self._widget, opening=False)
                return instead(*args, **kwargs)

        return called
