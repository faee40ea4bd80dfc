"""The keys of the list of runs, of a comparison and of a grid."""

from textual.binding import Binding, BindingType

RUNS: list[BindingType] = [
    Binding("up,k", "move(-1)", show=False, id="runs.up", tooltip="the previous run"),
    Binding("down,j", "move(1)", show=False, id="runs.down", tooltip="the next run"),
    Binding("pageup", "page(-1)", show=False, id="runs.page_up", tooltip="a page up"),
    Binding("pagedown", "page(1)", show=False, id="runs.page_down", tooltip="a page down"),
    Binding("home", "move(-1000000)", show=False, id="runs.first", tooltip="the first run"),
    Binding("end", "move(1000000)", show=False, id="runs.last", tooltip="the last run"),
    Binding(
        "space",
        "mark",
        "mark",
        id="runs.mark",
        tooltip="mark the run for the comparison, up to eight; or take its mark away",
    ),
    Binding(
        "enter",
        "open",
        "open",
        id="runs.open",
        key_display="⏎",
        tooltip="open the run: its curve, its answer, lines of code",
    ),
    Binding(
        "slash",
        "find",
        "find",
        id="runs.find",
        key_display="/",
        priority=True,  # what is typed next must reach the search, not the keys of the screen
        tooltip="search: every word has to be in the run's line",
    ),
    Binding(
        "escape",
        "back",
        "back",
        id="runs.back",
        key_display="esc",
        tooltip="leave the list of runs",
    ),
    Binding(
        "C",
        "compare",
        "compare",
        id="runs.compare",
        tooltip="compare the marked runs; without marks the repeats of this one",
    ),
    Binding(
        "r", "again", "re-run", id="runs.again", tooltip="fill the form with the run's settings"
    ),
    Binding(
        "x",
        "stop",
        "stop",
        id="runs.stop",
        tooltip="stop the run that goes on, in whatever process; what was measured is kept",
    ),
    Binding("n", "rename", "name", id="runs.name", tooltip="give the run a name"),
    Binding("d", "delete", "delete", id="runs.delete", tooltip="delete the run"),
    Binding("u", "undo", "undo", id="runs.undo", tooltip="bring the deleted run back"),
    Binding(
        "e",
        "export",
        show=False,
        id="runs.export",
        tooltip="write the run as CSV, JSON, a picture, a page, a report or Python code",
    ),
    Binding(
        "o",
        "order",
        show=False,
        id="runs.order",
        tooltip="sort by time, rate, loss tried, seconds or name",
    ),
    Binding("M", "unmark", show=False, id="runs.unmark", tooltip="take all marks away"),
    Binding(
        "R",
        "recover",
        "recover",
        id="runs.recover",
        tooltip="make records of the runs that were cut off",
    ),
    Binding(
        "g",
        "grid",
        "grid",
        id="runs.grid",
        tooltip="run a grid of optimizers, batch sizes and weight decays from this run's settings",
    ),
]

COMPARE: list[BindingType] = [
    Binding(
        "L", "log", "log y", id="compare.log", tooltip="losses on a logarithmic or a linear axis"
    ),
    Binding("y", "copy", "copy", id="compare.copy", tooltip="copy the rate of the pick"),
    Binding("up,k", "scroll(-1)", show=False, id="compare.up", tooltip="scroll the text up"),
    Binding("down,j", "scroll(1)", show=False, id="compare.down", tooltip="scroll the text down"),
    Binding(
        "escape",
        "dismiss",
        "back",
        id="compare.back",
        key_display="esc",
        tooltip="back to where you were",
    ),
]

GRID: list[BindingType] = [
    Binding(
        "x",
        "stop",
        "stop",
        id="grid.stop",
        tooltip="stop the run in progress and begin no other; what was measured is kept",
    ),
    Binding(
        "C", "compare", "compare", id="grid.compare", tooltip="compare the runs that have ended"
    ),
    Binding(
        "escape",
        "leave(False)",
        "back",
        id="grid.back",
        key_display="esc",
        tooltip="back; asks where runs are left",
    ),
    Binding("q", "leave(True)", "quit", id="grid.quit", tooltip="leave lrtui; asks before"),
]
