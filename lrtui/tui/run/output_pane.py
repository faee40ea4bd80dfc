"""The pane with what the user's code prints, shown on demand."""

from textual.content import Content

from lrtui.launch.driver import Driver
from lrtui.tui.clean import clean
from lrtui.tui.widgets.quiet import Quiet

ROWS = 8


class OutputPane(Quiet):
    """The last lines of the run's log; hidden until the person asks for it."""

    DEFAULT_CSS = """
    OutputPane {
        display: none;
        height: 9;
        border-top: solid $border-blurred;
        border-title-color: $text-muted;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        text-style: dim;
    }
    """

    def toggle(self) -> None:
        """Show the pane, or hide it."""
        self.display = not self.display

    def follow(self, driver: Driver, log: str) -> None:
        """Show the newest lines, where the pane is visible; or where they are, of a saved run."""
        if not self.display:
            return
        self.border_title = driver.print_count().words or None
        lines = [Content(clean(line)) for line in driver.output()[-ROWS:]]
        if not lines:
            lines = [Content(_nothing(driver, log))]
        self.show(Content("\n").join(lines))


def _nothing(driver: Driver, log: str) -> str:
    if not driver.read_only:
        return "nothing was printed so far"
    if log:
        return f"what this run printed is in its log: {clean(log)}"
    return "what this run printed was not kept"
