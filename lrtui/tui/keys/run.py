"""The keys of the run screen and of the screen of its race."""

from dataclasses import replace

from textual.binding import Binding, BindingType

_BOUNDARY = Binding.Group("bounds")
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
    Binding(
        "w",
        "write",
        "write",
        id="run.write",
        tooltip="write the run: JSON, or what the ending says",
    ),
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

# of a run that another process owns: what only that process can do
_NOT_HERE = ("run.again", "run.reset", "run.limit", "run.extend")


def _of_another_process(binding: BindingType) -> BindingType:
    assert isinstance(binding, Binding)
    if binding.id == "run.confirm":  # it shows a race that goes on
        return replace(binding, show=False)
    if binding.id in _NOT_HERE:
        return replace(binding, action="not_here", show=False)
    return binding


ATTACHED: list[BindingType] = [_of_another_process(binding) for binding in RUN]

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
