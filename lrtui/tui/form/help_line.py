"""HelpLine: what the row with the cursor is. It grows where a value does not fit into its row."""

from textual.content import Content

from lrtui.tui.clean import clean
from lrtui.tui.widgets.quiet import Quiet

_MOST_ROWS = 4


class HelpLine(Quiet):
    """One row for help; more only for a whole value, since another height costs a layout."""

    DEFAULT_CSS = """
    HelpLine { height: 1; padding: 0 1; text-overflow: ellipsis; text-wrap: nowrap; }
    HelpLine.-value { text-wrap: wrap; text-overflow: fold; }
    """

    def __init__(self) -> None:
        super().__init__(id="help")

    def show_help(self, text: str, value: str = "") -> None:
        """Show a help text, after a whole value where there is one."""
        rows = 1
        if value:
            text = f"{clean(value)}  · {text}"
            rows = min(-(-Content(text).cell_length // max(self.size.width, 1)) + 1, _MOST_ROWS)
        self.set_class(bool(value), "-value")
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows
        self.show(Content.styled(clean(text), "dim"))
