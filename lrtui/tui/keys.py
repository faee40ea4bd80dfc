"""Every key in one table: the footer, the help and the remapping all read it.

Plain letters, arrows and F-keys: tmux, screen and terminals eat ctrl chords. A binding's tooltip is its line in the
help.
"""

from textual.binding import Binding, BindingType

_BOUNDARY = Binding.Group("bounds")

RUN: list[BindingType] = [
    Binding(
        "s",
        "choose('start')",
        "start",
        id="run.start",
        group=_BOUNDARY,
        tooltip="take the start boundary in hand",
    ),
    Binding(
        "e",
        "choose('end')",
        "end",
        id="run.end",
        group=_BOUNDARY,
        tooltip="take the end boundary in hand",
    ),
    Binding(
        "left",
        "move(-1)",
        "left",
        id="run.left",
        group=_BOUNDARY,
        key_display="←",
        tooltip="move it one column down",
    ),
    Binding(
        "right",
        "move(1)",
        "right",
        id="run.right",
        group=_BOUNDARY,
        key_display="→",
        tooltip="move it one column up",
    ),
    Binding(
        "shift+left", "move(-10)", show=False, id="run.left10", tooltip="move it ten columns down"
    ),
    Binding(
        "shift+right", "move(10)", show=False, id="run.right10", tooltip="move it ten columns up"
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
        tooltip="put model and optimizer back and empty the chart",
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
    Binding("c", "confirm", "try", id="run.confirm", tooltip="try the answer in short trainings"),
    Binding(
        "l",
        "limit",
        show=False,
        id="run.limit",
        tooltip="measure the stability limit; again: hide or show it",
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
        tooltip="take them in again",
    ),
    Binding(
        "greater_than_sign",
        "trim('end', -1)",
        show=False,
        id="run.untrim_end",
        tooltip="take those in again",
    ),
    Binding(
        "1",
        "leave_out(0)",
        show=False,
        id="run.repeat1",
        key_display="1-9",
        tooltip="leave that repeat out, or not",
    ),
    *(
        Binding(str(n), f"leave_out({n - 1})", show=False, id=f"run.repeat{n}")
        for n in range(2, 10)
    ),
    Binding(
        "u",
        "as_measured",
        "undo",
        id="run.undo",
        tooltip="look at the curves as they were measured again",
    ),
    Binding(
        "b", "copy_bounds", show=False, id="run.copy_bounds", tooltip="copy the two boundaries"
    ),
    Binding("up,k", "scroll_answer(-1)", show=False, id="run.up", tooltip="scroll the answer up"),
    Binding(
        "down,j", "scroll_answer(1)", show=False, id="run.down", tooltip="scroll the answer down"
    ),
    Binding(
        "escape",
        "back",
        "form",
        id="run.back",
        key_display="esc",
        tooltip="back to the form, which keeps its values",
    ),
]

TRIALS: list[BindingType] = [
    Binding(
        "a",
        "take",
        "take the better rate",
        id="trials.take",
        tooltip="take the better rate as the answer",
    ),
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
        "once more",
        id="trials.again",
        tooltip="train again, with another budget or schedule",
    ),
    Binding(
        "w",
        "write",
        "write",
        id="trials.write",
        tooltip="write the run record, these trainings in it",
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
        tooltip="download the data, where it is not here yet",
    ),
    Binding(
        "f5",
        "run",
        "run",
        id="setup.run",
        tooltip="run the range test, from wherever you are in the form",
    ),
    Binding("up", "app.focus_previous", show=False, id="setup.up", tooltip="the field before"),
    Binding(
        "down",
        "app.focus_next",
        show=False,
        id="setup.down",
        tooltip="the next field; in a list: the next line",
    ),
    Binding(
        "escape",
        "leave_field",
        "to the button",
        id="setup.leave",
        key_display="esc",
        tooltip="leave a field for the run button",
    ),
]

EVERYWHERE: list[BindingType] = [
    Binding(
        "question_mark,f1", "help", "help", id="app.help", key_display="?", tooltip="this page"
    ),
    Binding("q", "quit", "quit", id="app.quit", tooltip="leave lrtui"),
]
