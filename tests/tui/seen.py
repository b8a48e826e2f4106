"""What is on the screen, and waiting until a build has ended."""

from collections.abc import Awaitable, Callable

from textual.app import App
from textual.pilot import Pilot

from askreport_tui.app import AskreportApp

Calm = Callable[[Pilot[None]], Awaitable[None]]


def painted(app: App[None]) -> str:
    """Every character of the screen."""
    lines = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in lines)


async def built(pilot: Pilot[None], calm: Calm) -> None:
    """Wait for a build, of a process of its own or of a service."""
    app = pilot.app
    assert isinstance(app, AskreportApp)
    while app.building is not None:
        await pilot.pause(0.05)
    await calm(pilot)
