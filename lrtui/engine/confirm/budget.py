"""Confirmation within a budget: of optimizer steps, of seconds, or of both."""

import itertools
import statistics
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import NamedTuple, TypeAlias, get_args

from lrtui.analysis.answer import Schedule
from lrtui.analysis.halving import affordable, least_budget, trials_in
from lrtui.engine.confirm.trial import Trial, TrialRunner, TrialStep
from lrtui.engine.confirm.verdict import (
    Confirmation,
    Trials,
    confirm,
    decide,
    difference,
    undecided,
)

PROBE_STEPS = 5
MARGIN = 0.85  # the share of the seconds that is planned for: not all steps take the same time
GENEROUS = 5  # without a budget: this many times the least number of steps

Clock: TypeAlias = Callable[[], float]


class Speed(NamedTuple):
    """Seconds per optimizer step, and seconds that a trial takes besides its steps."""

    step: float
    trial: float

    def seconds(self, trials: int, steps: int) -> float:
        """How long this many trials take, with this many steps in all."""
        return steps * self.step + trials * self.trial


def check_trials(iterations: int | None, seconds: float | None, schedule: str) -> None:
    """Raise ValueError for a budget too small for any comparison, or an unknown schedule."""
    if schedule not in get_args(Schedule):
        raise ValueError(f"expected one of ({', '.join(get_args(Schedule))}), got {schedule}")
    if iterations is not None and iterations < least_budget(2):
        raise ValueError(
            f"{iterations} iterations are too few to compare two learning rates: "
            f"{least_budget(2)} are the least"
        )
    if seconds is not None and not seconds > 0:
        raise ValueError(f"`seconds` must be above 0, got {seconds}")


def budgeted(
    make_runner: Callable[[], TrialRunner],
    rates: Sequence[float],
    iterations: int | None,
    seconds: float | None,
    schedule: Schedule,
    clock: Clock = time.perf_counter,
) -> Trials:
    """Confirm the first of the rates within the budget; without one, within a few times the least.

    The budget decides how many of the rates are tried, in their order. Seconds are not exceeded by
    more than one step (or one validation); a few steps are timed first.
    """
    began = clock()
    runner = make_runner()
    if seconds is None:
        budget = iterations or GENEROUS * least_budget(len(rates))
        tried = rates[: affordable(len(rates), budget)]
        return (yield from confirm(runner, tried, budget, schedule))
    trials: list[Trial] = []
    with closing(_timed(runner, rates, iterations, seconds, schedule, clock, began)) as run:
        while True:
            try:
                event = next(run)
            except StopIteration as end:
                confirmation: Confirmation = end.value
                return confirmation
            yield event
            if isinstance(event, Trial):
                trials.append(event)
            if clock() - began >= seconds:
                return cut_short(rates[0], trials, f"{seconds:g} s were over")


def cut_short(suggested: float, trials: Sequence[Trial], why: str) -> Confirmation:
    """The verdict of trials that ended early: from the last round's pairs, if two are complete."""
    pairs = _final_pairs(trials)
    if len(pairs) >= 2:
        margins = [difference(rival.loss, own.loss) for own, rival in pairs]
        first_loss = pairs[-1][0].curve[0]
        return decide(suggested, pairs[0][1].lr, margins, first_loss, trials)
    if not trials:
        return undecided(suggested, trials, f"{why} before one trial was finished")
    latest = [trial for trial in trials if trial.round == trials[-1].round]
    leader = min(latest, key=lambda trial: trial.loss)
    count = "1 trial" if len(trials) == 1 else f"{len(trials)} trials"
    return undecided(
        suggested,
        trials,
        f"{why} after {count}; {leader.lr:.1e} leads with a loss of {leader.loss:.3g}",
    )


def drained(trials: Trials) -> Confirmation:
    """Run the trials to their end."""
    with closing(trials):
        while True:
            try:
                next(trials)
            except StopIteration as end:
                confirmation: Confirmation = end.value
                return confirmation


def _timed(
    runner: TrialRunner,
    rates: Sequence[float],
    iterations: int | None,
    seconds: float,
    schedule: Schedule,
    clock: Clock,
    began: float,
) -> Trials:
    """Time a few steps, then confirm with as many rates and steps as the seconds allow."""
    speed = yield from _probe(runner, min(rates), schedule, clock)
    seconds_left = MARGIN * (seconds - (clock() - began))
    for count in range(len(rates), 1, -1):
        budget = int((seconds_left - trials_in(count) * speed.trial) / speed.step)
        if iterations is not None:
            budget = min(budget, iterations)
        if budget >= least_budget(count):
            return (yield from confirm(runner, rates[:count], budget, schedule))
    needed = speed.seconds(trials_in(2), least_budget(2)) / MARGIN + clock() - began
    return undecided(
        rates[0], [], f"{seconds:g} s are too few for two rates: give it {needed:.2g} s"
    )


def _probe(
    runner: TrialRunner, lr: float, schedule: Schedule, clock: Clock
) -> Generator[TrialStep | Trial, None, Speed]:
    """Time a trial of a few steps.

    The first step, which may compile and allocate, counts as part of the trial's own time.
    """
    began = clock()
    times = []
    with closing(runner.trial(lr, PROBE_STEPS, schedule, round=-1, seed=0)) as trial:
        for step in trial:
            times.append(clock())
            yield step
    steps = [after - before for before, after in itertools.pairwise(times)]
    if not steps:
        steps = [times[0] - began]
    step_seconds = max(statistics.median_low(steps), 1e-9)  # some steps include a validation
    trial_seconds = max(0.0, clock() - began - step_seconds * len(times))
    return Speed(step_seconds, trial_seconds)


def _final_pairs(trials: Sequence[Trial]) -> list[tuple[Trial, Trial]]:
    """The finished pairs of the last round: the suggestion's trial and its rival's, per seed."""
    rounds = {trial.round for trial in trials if trial.seed > 0}
    last = [trial for trial in trials if trial.round in rounds]
    return list(zip(last[::2], last[1::2], strict=False))
