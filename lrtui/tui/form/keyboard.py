"""Keyboard: keys are done one after the other, however fast they are typed.

Textual hands a key to the widget with the focus, from there up to the screen and the app, each with
a queue of its own: a letter typed right after an arrow key reaches the old field before the app has
moved the focus. Here the screen has no focus, and runs the action of a key itself.
"""

from typing import TYPE_CHECKING

from textual import events
from textual.screen import Screen

if TYPE_CHECKING:
    from lrtui.tui.form.body import FormBody


class Keyboard:
    """What the screen of the form does with a key. `body` is None until it is mounted."""

    def __init__(self, screen: Screen[None]) -> None:
        self.screen = screen
        self.body: FormBody | None = None
        self._early: list[events.Key] = []  # keys for a form that is not mounted yet

    async def take(self, event: events.Key) -> None:
        """Do what a key says, before the next key is looked at."""
        event.stop()
        event.prevent_default()
        if self.body is None and (self._early or not self._is_active(event.key)):
            self._early.append(event)
        else:
            await self._press(event.key, event.character)

    async def start(self, body: "FormBody") -> None:
        """The form is mounted: it gets the keys that came too early."""
        self.body = body
        early, self._early = self._early, []
        for event in early:
            await self.take(event)

    def paste(self, text: str) -> None:
        """Put the first line of a pasted text into the field."""
        lines = text.splitlines()
        if self.body is not None and lines:
            self.body.controls.type(lines[0])
            self.body.show()

    def types(self, key: str, character: str | None) -> bool:
        """Whether a key edits the field with the cursor."""
        return self.body is not None and self.body.controls.handles(key, character)

    async def _press(self, key: str, character: str | None) -> None:
        if self.body is not None and self.types(key, character):
            self.body.controls.press(key, character)
            self.body.show()
            return
        active = self.screen.active_bindings.get(key)
        if active is not None and active.enabled:
            await self.screen.app.run_action(active.binding.action, active.node)

    def _is_active(self, key: str) -> bool:
        return key in self.screen.active_bindings
