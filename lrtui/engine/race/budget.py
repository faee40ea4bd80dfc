"""A race within a budget: of optimizer steps, of seconds, or of both."""

import itertools
import statistics
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import NamedTuple, TypeAlias

from lrtui.analysis.answer import Plan
from lrtui.analysis.race import BUDGET, LEAST_RATES, Rates, check_budget, least_budget
from lrtui.analysis.race_verdict import Race, judge
from lrtui.engine.race.race import RaceStopped, Trials, race
from lrtui.engine.race.trial import Trial, TrialRunner, TrialStep

PROBE_STEPS = 5
MARGIN = 0.85  # the share of the seconds that is planned for: not all steps take the same time

Clock: TypeAlias = Callable[[], float]


class Speed(NamedTuple):
    """Seconds per optimizer step, and seconds that a trial takes besides its steps."""

    step: float
    trial: float

    def seconds(self, trials: int, steps: int) -> float:
        """How long this many trials take, with this many steps in all."""
        return steps * self.step + trials * self.trial


def check_trials(iterations: int | None, seconds: float | None) -> None:
    """Raise ValueError for a budget too small for any comparison."""
    if iterations is not None:
        check_budget(iterations)
    if seconds is not None and not seconds > 0:
        raise ValueError(f"`seconds` must be above 0, got {seconds}")


def budgeted(
    make_runner: Callable[[], TrialRunner],
    rates: Rates,
    iterations: int | None,
    seconds: float | None,
    plan: Plan,
    clock: Clock = time.perf_counter,
) -> Trials:
    """Race within the budget; without one, of `BUDGET` steps.

    Seconds are not exceeded by more than one step (or one validation); a few steps are timed first.
    """
    began = clock()
    runner = make_runner()
    if seconds is None:
        return (yield from race(runner, rates, iterations or BUDGET, plan))
    with closing(_timed(runner, rates, iterations, seconds, plan, clock, began)) as run:
        while True:
            try:
                event = next(run)
                yield event
                if clock() - began >= seconds:
                    run.throw(RaceStopped(f"{seconds:g} s were over"))
            except RaceStopped as stopped:  # from outside, at the `yield`
                return ended(run, stopped)
            except StopIteration as end:
                result: Race = end.value
                return result


def ended(trials: Trials, stopped: RaceStopped) -> Race:
    """End a race that has begun; its verdict is that of what was trained."""
    try:
        trials.throw(stopped)
    except StopIteration as end:
        result: Race = end.value
        return result
    raise RuntimeError("the race went on")


def drained(trials: Trials) -> Race:
    """Run the trials to their end."""
    with closing(trials):
        while True:
            try:
                next(trials)
            except StopIteration as end:
                result: Race = end.value
                return result


def _timed(
    runner: TrialRunner,
    rates: Rates,
    iterations: int | None,
    seconds: float,
    plan: Plan,
    clock: Clock,
    began: float,
) -> Trials:
    """Time a few steps, then race with as many steps as the seconds allow."""
    try:
        speed = yield from _probe(runner, rates.lr, plan, clock)
    except RaceStopped as stopped:
        return judge((), rates.lr, needed=least_budget(), cause=str(stopped))
    seconds_left = MARGIN * (seconds - (clock() - began))
    trials = len(rates.first()) + 2
    budget = max(0, int((seconds_left - trials * speed.trial) / speed.step))
    if iterations is not None:
        budget = min(budget, iterations)
    if budget >= least_budget():
        return (yield from race(runner, rates, budget, plan))
    needed = speed.seconds(LEAST_RATES + 2, least_budget()) / MARGIN + clock() - began
    cause = f"{seconds:g} s are too few for {LEAST_RATES} rates: give it {needed:.2g} s"
    return judge((), rates.lr, needed=least_budget(), cause=cause)


def _probe(
    runner: TrialRunner, lr: float, plan: Plan, clock: Clock
) -> Generator[TrialStep | Trial, None, Speed]:
    """Time a trial of a few steps.

    The first step, which may compile and allocate, counts as part of the trial's own time.
    """
    began = clock()
    times = []
    with closing(runner.trial(lr, PROBE_STEPS, plan, round=-1, seed=0)) as trial:
        for step in trial:
            times.append(clock())
            yield step
    steps = [after - before for before, after in itertools.pairwise(times)]
    if not steps:
        steps = [times[0] - began]
    step_seconds = max(statistics.median_low(steps), 1e-9)  # some steps include a validation
    trial_seconds = max(0.0, clock() - began - step_seconds * len(times))
    return Speed(step_seconds, trial_seconds)
