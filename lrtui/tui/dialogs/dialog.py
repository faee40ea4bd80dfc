"""Dialog: a modal screen with a frame in its middle; the screen below stays visible around it."""

from typing import Self

from textual._context import visible_screen_stack
from textual.content import Content
from textual.geometry import Region
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.strip import Strip
from textual.visual import Visual

from lrtui.tui.widgets.key_bar import keys_line


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

    _keys: Content | None = None
    _below: list[Strip] | None = None  # the screen below, as it was drawn last

    def on_mount(self) -> None:
        self.bindings_updated_signal.subscribe(self, self._show_keys)

    def _show_keys(self, _: Screen[object]) -> None:
        keys = keys_line(self)
        if self._keys is None or not keys.is_same(self._keys):
            self._keys = keys
            width, height = self.size
            self.refresh(Region(0, height - 1, width, 1))

    def render_lines(self, crop: Region) -> list[Strip]:
        """The screen below, line by line.

        Textual takes it apart into segments, tints them, and splits them into lines again, several
        times while a dialog opens: that took half of the time.
        """
        if self._below is None:
            screens = visible_screen_stack.get([])
            if not screens:
                return super().render_lines(crop)
            below = screens.pop()._compositor.render_strips()
            # the keys of the screen below do nothing now; this dialog's stand in their place
            self._below = [*below[:-1], self._keys_line()]
        lines = self._below[crop.y : crop.bottom]
        if crop.column_span == (0, self.size.width):
            return lines
        return [line.crop(crop.x, crop.right) for line in lines]

    def _keys_line(self) -> Strip:
        width = self.size.width
        keys = self._keys or Content("")
        (line,) = Visual.to_strips(self, keys, width, 1, self.visual_style)
        background = self.background_colors[1]
        for line_filter in self.get_line_filters():
            line = line.apply_filter(line_filter, background)
        return line.adjust_cell_length(width, self.visual_style.rich_style)

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
