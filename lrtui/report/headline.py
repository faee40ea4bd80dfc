"""The answer in one line, and its interval: for the commands and for the end of the app."""

from collections.abc import Sequence

from lrtui.analysis.answer import Suggestion
from lrtui.events import Result
from lrtui.report import training


def headline(suggestion: Suggestion, measured: Sequence[Result], warmup: int) -> str:
    """The rate, or the interval of a long training, and the training that it is for.

    Args:
        suggestion: the answer, after the races.
        measured: of the record.
        warmup: steps of the warm-up in the planned training.
    """
    if suggestion.lr is None:
        verdict = suggestion.verdict.replace("_", " ")
        return f"no learning rate can be recommended ({verdict})"
    words = training.training(suggestion.schedule, suggestion.steps, warmup)
    if training.is_interval_only(suggestion, measured):
        return f"lr       {interval(suggestion)} · {words}"
    return f"lr       {suggestion.lr:.1e} · {words}"


def interval(suggestion: Suggestion) -> str:
    """The interval of an answer; "" where it has none."""
    if suggestion.low is None or suggestion.high is None:
        return ""
    return f"{suggestion.low:.1e} to {suggestion.high:.1e}"
