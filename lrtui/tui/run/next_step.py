"""What to do next on the run screen: a few steps, each with its key and what it costs."""

from collections.abc import Iterator
from typing import NamedTuple

from lrtui.analysis.answer import Suggestion
from lrtui.report import training
from lrtui.tui.numbers import duration
from lrtui.tui.run.model import RunModel

_IN_THE_CODE = ("bad_batch", "rate_fought")  # verdicts that no field of the form changes


class NextStep(NamedTuple):
    """A binding's id, and what its key does and costs."""

    binding: str
    words: str


def next_steps(model: RunModel) -> Iterator[NextStep]:
    """The steps that make sense now, the best one first."""
    state = model.state
    if state.phase in ("building", "running"):
        yield NextStep("run.stop", "stop; what was measured is kept")
        if model.driver.owner:
            yield NextStep("run.back", f"leave; it goes on in {model.driver.owner}")
    elif state.checking == "confirmation":
        yield NextStep("run.confirm", "see the race")
        yield NextStep("run.stop", "stop it; its trials are kept")
    elif state.checking is not None:
        yield NextStep("run.stop", "stop measuring")
    elif state.phase == "reset":
        yield NextStep("run.again", "run again, from the restored model")
    elif state.phase == "ended":
        yield from _after(model)


def _after(model: RunModel) -> Iterator[NextStep]:
    """The steps after a run, whether it found a rate or not."""
    suggestion = model.suggestion
    if model.driver.read_only:
        if suggestion is not None and suggestion.lr is not None:
            yield NextStep("run.copy", "copy the rate and train")
        yield NextStep("run.back", "leave" if model.driver.owner else "back to the runs")
        return
    if model.state.failed or suggestion is None:
        yield NextStep("run.again", "run again")
        yield NextStep("run.back", "change the form")
        return
    if suggestion.lr is not None:
        if model.state.confirmation is None or model.state.confirmation.verdict == "open":
            yield NextStep("run.confirm", _race(model))
        yield NextStep("run.copy", "copy the rate and train")
        yield NextStep("run.details", "lines of code")
        return
    yield from _after_refusal(model, suggestion)


def _after_refusal(model: RunModel, suggestion: Suggestion) -> Iterator[NextStep]:
    """The steps after a test that gave no rate."""
    if model.view.options.leaves_out:
        yield NextStep("run.undo", "leave nothing out: judge the curve as measured")
        return
    if suggestion.verdict == "still_falling" and model.can_extend:
        words = f"go on to {model.extended_end:.0e}: {_cost(model, model.extra_steps)}"
        yield NextStep("run.extend", words)
    if suggestion.verdict in _IN_THE_CODE:
        yield NextStep("run.again", f"run again, after this: {suggestion.advice}")
    else:
        yield NextStep("run.back", f"change the form: {suggestion.advice}".removesuffix(": "))


def _race(model: RunModel) -> str:
    """A race of the usual budget, and what it costs."""
    budget = training.race_budget(model.suggestion, model.state.measured)
    return f"race it: {_cost(model, budget)}"


def _cost(model: RunModel, steps: int) -> str:
    """A number of steps, and how long they take at the pace of the run."""
    words = f"{steps:,} steps"
    seconds = model.state.seconds_per_step
    if seconds is not None:
        words += f", {duration(steps * seconds)}"
    return words
