"""Dialog: a frame in the middle of the screen, before what stands there."""

from textual.screen import ModalScreen, ScreenResultType


class Dialog(ModalScreen[ScreenResultType]):
    """Its content goes into one container of the class `dialog`."""

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
