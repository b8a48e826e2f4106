"""What every screen can do: look things up aside, and show what failed as a panel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from textual import on, work
from textual.screen import Screen

from askreport import errors
from askreport_tui import messages

if TYPE_CHECKING:
    from askreport_tui.desk import Desk
    from askreport_tui.widgets.trouble_panel import TroublePanel

R = TypeVar("R")
T = TypeVar("T")


class Troubled(Screen[R]):
    """A screen that looks things up aside and shows what failed."""

    desk: Desk

    @work(group="look", exclusive=True)
    async def look(
        self, work: Callable[[], Awaitable[T]], paint: Callable[[T], None]
    ) -> None:
        """Have something looked up, then painted; a newer look cancels this."""
        await self._looked(work, paint)

    @work(group="change")
    async def change(
        self, work: Callable[[], Awaitable[T]], paint: Callable[[T], None]
    ) -> None:
        """Likewise for what must not be given up half way."""
        await self._looked(work, paint)

    async def _looked(
        self, work: Callable[[], Awaitable[T]], paint: Callable[[T], None]
    ) -> None:
        try:
            found: Any = await work()
        except errors.AskreportError as error:
            self.post_message(messages.LookFailed(error))
        else:
            self.post_message(messages.Found(paint, found))

    @on(messages.Found)
    def paint_found(self, event: messages.Found) -> None:
        """What was looked for."""
        event.stop()
        event.paint(event.what)

    @on(messages.LookFailed)
    def show_failed(self, event: messages.LookFailed) -> None:
        """Why it could not be had."""
        event.stop()
        self.show_trouble(event.error)

    @property
    def trouble(self) -> TroublePanel:
        """Where it is said what went wrong."""
        from askreport_tui.widgets.trouble_panel import TroublePanel

        return self.query_one(TroublePanel)

    def show_trouble(self, error: errors.AskreportError) -> None:
        """The panel, with what to do about it."""
        self.trouble.report(error, self.desk.relative)

    @on(messages.PanelClosed)
    def close_trouble(self) -> None:
        """The reader has seen it."""
        self.trouble.clear()
