"""Dialog: a modal screen with a frame in its middle; the screen below stays visible around it."""

from typing import Self

from textual._context import visible_screen_stack
from textual.geometry import Region
from textual.screen import ModalScreen, ScreenResultType
from textual.strip import Strip


class Dialog(ModalScreen[ScreenResultType]):
    """Subclasses put their content into one container of the class `dialog`."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: transparent;

        .dialog {
            width: 72;
            max-width: 94%;
            height: auto;
            max-height: 90%;
            border: round $accent;
            padding: 0 1;
            background: $background;
        }
    }
    """

    _below: list[Strip] | None = None  # the screen below, as it was drawn last

    def render_lines(self, crop: Region) -> list[Strip]:
        """The screen below, line by line.

        Textual takes it apart into segments, tints them, and splits them into lines again, several
        times while a dialog opens: that took half of the time.
        """
        if self._below is None:
            screens = visible_screen_stack.get([])
            if not screens:
                return super().render_lines(crop)
            self._below = screens.pop()._compositor.render_strips()
        lines = self._below[crop.y : crop.bottom]
        if crop.column_span == (0, self.size.width):
            return lines
        return [line.crop(crop.x, crop.right) for line in lines]

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Draw the screen below again: it calls this when it has changed."""
        self._below = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
