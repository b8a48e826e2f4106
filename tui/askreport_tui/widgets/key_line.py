"""The line at the bottom: the keys that work now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Footer

if TYPE_CHECKING:
    from textual.screen import Screen


class KeyLine(Footer):
    """Made anew only if other keys work than before.

    Textual's is made anew with every change of the focus, a dozen widgets each time,
    which takes longer than all else that a key does.
    """

    _known: tuple[tuple[str, str, bool], ...] = ()

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Show the keys, if they are others."""
        active = screen.active_bindings.values()
        known = tuple(
            (binding.key_display or binding.key, binding.description, enabled)
            for _, binding, enabled, _ in active
            if binding.show
        )
        if known != self._known:
            if screen.app.app_focus:
                self._known = known
            super().bindings_changed(screen)
