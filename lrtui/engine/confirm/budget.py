"""Confirmation within a budget: of optimizer steps, of seconds, or of both."""

import itertools
import statistics
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any, NamedTuple, get_args

from lrtui.analysis.answer import Schedule
from lrtui.analysis.halving import affordable, least_budget, trials_in
from lrtui.engine.confirm.trial import Trial, TrialRunner, TrialStep
from lrtui.engine.confirm.verdict import Confirmation, confirm, decide, difference, undecided

PROBE_STEPS = 5
MARGIN = 0.85  # of the seconds are planned for: steps do not all take the same time
GENEROUS = 5  # times the least number of steps, where no budget is given

Trials = Generator[TrialStep | Trial, None, Confirmation]


class Speed(NamedTuple):
    """Seconds that an optimizer step takes, and those that a trial takes beside its steps."""

    step: float
    trial: float


def check_trials(iterations: int | None, seconds: float | None, schedule: str) -> None:
    """Raise ValueError for a budget that is known to be too small for any comparison, or an unknown schedule."""
    if schedule not in get_args(Schedule):
        raise ValueError(f"expected one of ({', '.join(get_args(Schedule))}), got {schedule}")
    if iterations is not None and iterations < least_budget(2):
        raise ValueError(
            f"{iterations} iterations are too few to compare two learning rates: {least_budget(2)} are the least"
        )
    if seconds is not None and not seconds > 0:
        raise ValueError(f"`seconds` must be above 0, got {seconds}")


def budgeted(
    make: Callable[[], TrialRunner],
    rates: Sequence[float],
    iterations: int | None,
    seconds: float | None,
    schedule: Schedule,
    clock: Callable[[], float] = time.perf_counter,
) -> Trials:
    """Confirm the first of the rates within the budget; without one, within a few times the least.

    So many rates are tried as the budget allows for, the first ones. Seconds are never exceeded by more than the step
    (or the validation) that is going on when they are over; a few steps are timed before that.
    """
    began = clock()
    runner = make()
    if seconds is None:
        budget = iterations or GENEROUS * least_budget(len(rates))
        return (
            yield from confirm(runner, rates[: affordable(len(rates), budget)], budget, schedule)
        )
    run = _timed(runner, rates, iterations, seconds, schedule, clock, began)
    trials: list[Trial] = []
    with closing(run):
        while True:
            try:
                event = next(run)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            yield event
            if isinstance(event, Trial):
                trials.append(event)
            if clock() - began >= seconds:
                return cut_short(rates[0], trials, f"{seconds:g} s were over")


def _timed(
    runner: TrialRunner,
    rates: Sequence[float],
    iterations: int | None,
    seconds: float,
    schedule: Schedule,
    clock: Callable[[], float],
    began: float,
) -> Trials:
    speed = yield from _probe(runner, min(rates), schedule, clock)
    left = MARGIN * (seconds - (clock() - began))
    for count in range(len(rates), 1, -1):
        steps = int((left - trials_in(count) * speed.trial) / speed.step)
        budget = steps if iterations is None else min(steps, iterations)
        if budget >= least_budget(count):
            return (yield from confirm(runner, rates[:count], budget, schedule))
    needed = (least_budget(2) * speed.step + trials_in(2) * speed.trial) / MARGIN + clock() - began
    return undecided(
        rates[0], [], f"{seconds:g} s are too few for two rates: give it {needed:.2g} s"
    )


def cut_short(suggested: float, trials: Sequence[Trial], why: str) -> Confirmation:
    """The verdict of trials that were ended early: of the last round's pairs where there are two or more."""
    pairs = _final_pairs(trials)
    if len(pairs) >= 2:
        margins = [difference(rival.loss, own.loss) for own, rival in pairs]
        return decide(suggested, pairs[0][1].lr, margins, pairs[-1][0].curve[0], trials)
    if not trials:
        return undecided(suggested, trials, f"{why} before one trial was finished")
    latest = [trial for trial in trials if trial.round == trials[-1].round]
    leader = min(latest, key=lambda trial: trial.loss)
    many = "1 trial" if len(trials) == 1 else f"{len(trials)} trials"
    return undecided(
        suggested,
        trials,
        f"{why} after {many}; {leader.lr:.1e} leads with a loss of {leader.loss:.3g}",
    )


def _final_pairs(trials: Sequence[Trial]) -> list[tuple[Trial, Trial]]:
    """The suggestion's trial and its rival's for each seed of the last round, as far as it came."""
    rounds = {trial.round for trial in trials if trial.seed > 0}
    last = [trial for trial in trials if trial.round in rounds]
    return list(zip(last[::2], last[1::2], strict=False))


def _probe(
    runner: TrialRunner, lr: float, schedule: Schedule, clock: Callable[[], float]
) -> Generator[TrialStep | Trial, None, Speed]:
    """Time a trial of a few steps; the first one, which may compile and allocate, counts for the trial."""
    began = clock()
    times = []
    with closing(runner.trial(lr, PROBE_STEPS, schedule, round=-1, seed=0)) as trial:
        for step in trial:
            times.append(clock())
            yield step
    steps = [after - before for before, after in itertools.pairwise(times)] or [times[0] - began]
    step_seconds = max(statistics.median_low(steps), 1e-9)  # some of them have a validation in them
    return Speed(step_seconds, max(0.0, clock() - began - step_seconds * len(times)))


def drained(run: Generator[Any, None, Confirmation]) -> Confirmation:
    """Run the trials to their end."""
    with closing(run):
        while True:
            try:
                next(run)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
