"""The keys of every screen: the key bar, the help and the user's keymap all read these tables.

Plain letters, arrows and F-keys only: tmux, screen and terminals intercept ctrl chords. A binding's
tooltip is its line in the help. Its id names it in the `[keys]` table of the user's config.toml.
The keys of dialogs are fixed.
"""

from collections.abc import Callable

from textual.binding import Binding, BindingType

KeyName = Callable[[str], str]  # the key of a binding's id, as the user's keymap has it

_BOUNDARY = Binding.Group("bounds")
_THIS_SCREEN = "this screen"
_OTHER_REPEATS = [  # in the help they share the line of the first repeat
    Binding(str(number), f"leave_out({number - 1})", show=False, id=f"run.repeat{number}")
    for number in range(2, 10)
]

RUN: list[BindingType] = [
    Binding(
        "s",
        "choose('start')",
        "start",
        id="run.start",
        group=_BOUNDARY,
        tooltip="select the start boundary",
    ),
    Binding(
        "e",
        "choose('end')",
        "end",
        id="run.end",
        group=_BOUNDARY,
        tooltip="select the end boundary",
    ),
    Binding(
        "left",
        "move(-1)",
        "left",
        id="run.left",
        group=_BOUNDARY,
        key_display="←",
        tooltip="move the selected boundary one column left",
    ),
    Binding(
        "right",
        "move(1)",
        "right",
        id="run.right",
        group=_BOUNDARY,
        key_display="→",
        tooltip="move it one column right",
    ),
    Binding(
        "shift+left", "move(-10)", show=False, id="run.left10", tooltip="move it ten columns left"
    ),
    Binding(
        "shift+right", "move(10)", show=False, id="run.right10", tooltip="move it ten columns right"
    ),
    Binding(
        "a",
        "adopt",
        "adopt",
        id="run.adopt",
        tooltip="put both boundaries where the answer proposes them",
    ),
    Binding(
        "enter",
        "again",
        "run",
        id="run.again",
        key_display="⏎",
        tooltip="run again, from the restored model",
    ),
    Binding("x", "stop", "stop", id="run.stop", tooltip="stop the run; what was measured is kept"),
    Binding(
        "r",
        "reset",
        "reset",
        id="run.reset",
        tooltip="restore model and optimizer, and empty the chart",
    ),
    Binding("w", "write", "write", id="run.write", tooltip="write the run record as JSON"),
    Binding("y", "copy", show=False, id="run.copy", tooltip="copy the suggested learning rate"),
    Binding(
        "i",
        "details",
        "why",
        id="run.details",
        tooltip="the answer in full: reasons, rules, lines of code",
    ),
    Binding("c", "confirm", "race", id="run.confirm", tooltip="race the answer in short trainings"),
    Binding(
        "l",
        "limit",
        show=False,
        id="run.limit",
        tooltip="measure the stability limit; then hide or show it",
    ),
    Binding(
        "left_square_bracket",
        "smooth(-1)",
        show=False,
        id="run.smoother",
        tooltip="smooth the curve more",
    ),
    Binding(
        "right_square_bracket",
        "smooth(1)",
        show=False,
        id="run.rougher",
        tooltip="smooth the curve less",
    ),
    Binding(
        "v",
        "line",
        show=False,
        id="run.line",
        tooltip="bold line: trend, exponential average or batches",
    ),
    Binding("L", "log_y", show=False, id="run.log_y", tooltip="logarithmic axis of the loss"),
    Binding("z", "zoom(1)", "zoom", id="run.zoom_in", tooltip="zoom in on what the arrows move"),
    Binding("Z", "zoom(-1)", show=False, id="run.zoom_out", tooltip="zoom out"),
    Binding(
        "left_curly_bracket",
        "pan(-1)",
        show=False,
        id="run.pan_left",
        tooltip="see lower rates, zoomed",
    ),
    Binding(
        "right_curly_bracket",
        "pan(1)",
        show=False,
        id="run.pan_right",
        tooltip="see higher rates, zoomed",
    ),
    Binding(
        "p",
        "cross",
        show=False,
        id="run.cross",
        tooltip="a crosshair: loss and slope at any rate",
    ),
    Binding("o", "output", show=False, id="run.output", tooltip="show what your code printed"),
    Binding(
        "plus",
        "extend",
        show=False,
        id="run.extend",
        tooltip="extend the range, without starting again",
    ),
    Binding(
        "comma",
        "trim('start', 1)",
        show=False,
        id="run.trim_start",
        tooltip="leave out points at the start",
    ),
    Binding(
        "full_stop",
        "trim('end', 1)",
        show=False,
        id="run.trim_end",
        tooltip="leave out points at the end",
    ),
    Binding(
        "less_than_sign",
        "trim('start', -1)",
        show=False,
        id="run.untrim_start",
        tooltip="include points at the start again",
    ),
    Binding(
        "greater_than_sign",
        "trim('end', -1)",
        show=False,
        id="run.untrim_end",
        tooltip="include points at the end again",
    ),
    Binding(
        "1",
        "leave_out(0)",
        show=False,
        id="run.repeat1",
        key_display="1-9",
        tooltip="leave out that repeat, or include it again",
    ),
    *_OTHER_REPEATS,
    Binding(
        "u",
        "as_measured",
        "undo",
        id="run.undo",
        tooltip="undo smoothing, trimming, repeats left out and the zoom",
    ),
    Binding(
        "b", "copy_bounds", show=False, id="run.copy_bounds", tooltip="copy the two boundaries"
    ),
    Binding("up,k", "scroll_answer(-1)", show=False, id="run.up", tooltip="scroll the answer up"),
    Binding(
        "down,j", "scroll_answer(1)", show=False, id="run.down", tooltip="scroll the answer down"
    ),
    Binding("h", "history", "runs", id="run.history", tooltip="every run that was kept"),
    Binding(
        "C", "compare", show=False, id="run.compare", tooltip="compare the repeats of this run"
    ),
    Binding(
        "escape",
        "back",
        "back",
        id="run.back",
        key_display="esc",
        tooltip="back to where you were",
    ),
]

TRIALS: list[BindingType] = [
    Binding(
        "x",
        "stop",
        "stop",
        id="trials.stop",
        tooltip="stop the trainings; what was measured is kept",
    ),
    Binding(
        "c",
        "again",
        "again",
        id="trials.again",
        tooltip="train again, with another budget or schedule",
    ),
    Binding(
        "w",
        "write",
        "write",
        id="trials.write",
        tooltip="write the run record with these trainings",
    ),
    Binding(
        "escape",
        "dismiss",
        "curve",
        id="trials.back",
        key_display="esc",
        tooltip="back to the curve",
    ),
]

SETUP: list[BindingType] = [
    Binding(
        "enter",
        "press_button",
        "run",
        id="setup.press",
        key_display="⏎",
        tooltip="on the button: run the range test",
    ),
    Binding(
        "enter",
        "row('list')",
        "list",
        id="setup.list",
        key_display="⏎",
        tooltip="in a target: list what there is",
    ),
    Binding(
        "enter",
        "row('pick')",
        "pick",
        id="setup.pick",
        key_display="⏎",
        tooltip="in a list: take the marked line",
    ),
    Binding(
        "enter",
        "done",
        "done",
        id="setup.done",
        key_display="⏎",
        tooltip="in a text: go to the run button",
    ),
    Binding(
        "right,enter,space",
        "row('next')",
        "next value",
        id="setup.next_value",
        key_display="→",
        tooltip="the next value; a letter goes to the next one that starts with it",
    ),
    Binding("left", "row('before')", show=False, id="setup.last_value", tooltip="the value before"),
    Binding(
        "enter,space",
        "row('toggle')",
        "open or close",
        id="setup.toggle",
        key_display="⏎",
        tooltip="on “more”: show or hide the other fields",
    ),
    Binding(
        "f2", "save", "save", id="setup.save", tooltip="save the whole form as a preset (TOML)"
    ),
    Binding(
        "f3",
        "open",
        "open",
        id="setup.open",
        tooltip="open a preset: recent ones, saved ones, any TOML spec",
    ),
    Binding(
        "f4",
        "fetch",
        "download",
        id="setup.fetch",
        tooltip="download the data, where it is missing",
    ),
    Binding(
        "f5",
        "run",
        "run",
        id="setup.run",
        tooltip="run the range test, from any field",
    ),
    Binding(
        "f6",
        "copy_command",
        "command",
        id="setup.copy",
        tooltip="copy the `lrtui run` command that does the same",
    ),
    Binding(
        "up,shift+tab",
        "row('up')",
        show=False,
        id="setup.up",
        tooltip="the previous field; in a list: the previous line",
    ),
    Binding(
        "down,tab",
        "row('down')",
        show=False,
        id="setup.down",
        tooltip="the next field; in a list: the next line",
    ),
    Binding("pageup", "scroll(-1)", show=False, id="setup.page_up", tooltip="scroll up"),
    Binding("pagedown", "scroll(1)", show=False, id="setup.page_down", tooltip="scroll down"),
    Binding(
        "escape",
        "row('close')",
        "close the list",
        id="setup.close_list",
        key_display="esc",
        tooltip="close the list",
    ),
    Binding(
        "escape",
        "leave_field",
        "to the button",
        id="setup.leave",
        key_display="esc",
        tooltip="go from a field to the run button",
    ),
    Binding("h", "history", "runs", id="setup.history", tooltip="every run that was kept"),
    Binding(
        "g",
        "grid",
        "grid",
        id="setup.grid",
        tooltip="run a grid of optimizers, batch sizes and weight decays, one after the other",
    ),
]

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
    Binding("n", "rename", "name", id="runs.name", tooltip="give the run a name"),
    Binding("d", "delete", "delete", id="runs.delete", tooltip="delete the run"),
    Binding("u", "undo", "undo", id="runs.undo", tooltip="bring the deleted run back"),
    Binding(
        "e",
        "export",
        show=False,
        id="runs.export",
        tooltip="write the curve as CSV or the record as JSON",
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

EVERYWHERE: list[BindingType] = [
    Binding(
        "question_mark,f1", "help", "help", id="app.help", key_display="?", tooltip="this page"
    ),
    Binding("q", "quit", "quit", id="app.quit", tooltip="leave lrtui"),
]

# of the user's keymap: each of these tables is checked together with the keys of the app
SCREENS = (RUN, TRIALS, SETUP, RUNS, COMPARE, GRID)

# the help shows the keys in these sections, in this order; ids that are in none come first
SECTIONS: dict[str, tuple[str, ...]] = {
    "move the boundaries": (
        "run.start",
        "run.end",
        "run.left",
        "run.right",
        "run.left10",
        "run.right10",
        "run.adopt",
    ),
    "view": (
        "run.line",
        "run.cross",
        "run.zoom_in",
        "run.zoom_out",
        "run.pan_left",
        "run.pan_right",
        "run.log_y",
        "run.output",
        "run.smoother",
        "run.rougher",
        "run.trim_start",
        "run.trim_end",
        "run.untrim_start",
        "run.untrim_end",
        "run.repeat1",
        "run.undo",
        "run.limit",
        "run.up",
        "run.down",
    ),
    "run": (
        "run.again",
        "run.stop",
        "run.extend",
        "run.reset",
        "run.confirm",
        "trials.stop",
        "trials.again",
    ),
    "take away": ("run.copy", "run.copy_bounds", "run.write", "trials.write", "setup.save"),
    "go to": (
        "run.details",
        "run.history",
        "run.compare",
        "run.back",
        "trials.back",
        "setup.open",
        "setup.up",
        "setup.down",
        "setup.leave",
        "app.help",
        "app.quit",
    ),
}


def section_of(binding_id: str | None) -> str:
    """The section of the help that a binding stands in."""
    for section, ids in SECTIONS.items():
        if binding_id in ids:
            return section
    return _THIS_SCREEN
