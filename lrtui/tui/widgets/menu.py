"""Menu: a list to pick from while the cursor stays in the line that filters it."""

from textual.widgets import OptionList


class Menu(OptionList, can_focus=False):
    """Its lines are shortened, never broken."""

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
