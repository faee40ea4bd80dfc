"""Menu: a list without the focus; the line that filters it has that."""

from textual.widgets import OptionList


class Menu(OptionList, can_focus=False):
    """Long options are cut, not wrapped."""

    DEFAULT_CSS = """
    Menu {
        border: none;
        padding: 0;
        background: $background;
        text-wrap: nowrap;
        text-overflow: ellipsis;

        & > .option-list--option-highlighted { color: $accent; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
