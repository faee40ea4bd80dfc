"""Dialog: a modal screen with a frame in its middle; the screen below stays visible around it."""

from textual.screen import ModalScreen, ScreenResultType


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
