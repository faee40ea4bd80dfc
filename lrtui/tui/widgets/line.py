"""Line: an input of one row, without a border."""

from textual.widgets import Input


class Line(Input):
    """It does not validate, and does not use `compact`: each would cost a style update."""

    DEFAULT_CSS = """
    Line {
        width: 1fr;
        height: 1;
        padding: 0;
        border: none !important;

        & > .input--cursor, &:ansi > .input--cursor {
            background: ansi_default;
            color: ansi_default;
            text-style: reverse;
        }
    }
    """

    def __init__(
        self,
        text: str = "",
        placeholder: str = "",
        *,
        select_on_focus: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(text, placeholder, select_on_focus=select_on_focus, validate_on=(), id=id)
