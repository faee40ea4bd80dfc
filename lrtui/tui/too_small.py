"""What is shown instead of a screen while the terminal is too small for it."""

from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen

from lrtui.tui.widgets.quiet import Quiet

LEAST = Size(60, 18)


def is_too_small(size: Size) -> bool:
    """Whether the screens do not fit."""
    return size.width < LEAST.width or size.height < LEAST.height


class TooSmall(Screen[None]):
    """One line. The screens below it go on, and come back when the terminal has grown."""

    AUTO_FOCUS = None
    # on a terminal of one cell, scrollbars would come and go for ever
    DEFAULT_CSS = "TooSmall { overflow: hidden; }"

    def compose(self) -> ComposeResult:
        yield Quiet()

    def on_mount(self) -> None:
        self.say(self.app.size)

    def say(self, size: Size) -> None:
        """Say how large the terminal is, and how large it has to be."""
        needed, here = f"{LEAST.width}×{LEAST.height}", f"{size.width}×{size.height}"
        text = f"lrtui needs {needed}, this terminal is {here}"
        self.query_one(Quiet).show(text, layout=True)

    def on_screen_resume(self) -> None:
        """A screen that lay above is gone; the terminal may have grown meanwhile."""
        if not is_too_small(self.app.size):
            self.dismiss()
