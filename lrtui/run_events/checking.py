"""The checks of an answer as events: races and the stability limit."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

from lrtui.analysis.answer import Schedule
from lrtui.analysis.race import Trial
from lrtui.analysis.race_verdict import Race
from lrtui.catalog.errors import user_line
from lrtui.endings import StopFlag, check_problem
from lrtui.engine.failures.device import WHAT_HAPPENED
from lrtui.engine.race.budget import ended
from lrtui.engine.race.race import RaceStopped
from lrtui.engine.race.trial import RacePlan, TrialStep
from lrtui.engine.stability import Stability
from lrtui.events import (
    Check,
    ConfirmationResult,
    Event,
    Measured,
    Racing,
    StabilityResult,
    TrialResult,
)
from lrtui.protocol import Confirm
from lrtui.report.race import what_it_is
from lrtui.run_events.failing import exit_kept, failure_reason, own_error, print_traceback
from lrtui.run_events.numbers import finite, nonfinite_places, thinned
from lrtui.run_events.objects import LiveObjects, Loader

CURVE_POINTS = 60
RACING_SECONDS = 0.25  # between two events of how far a race is
STEPS_OF_A_PACE = 5  # before them the time of a step is not known


def confirmation_events(
    objects: LiveObjects, command: Confirm, stop: StopFlag
) -> Iterator[Measured | Racing]:
    """Run a race: a `TrialResult` for each short training, then a `ConfirmationResult`.

    While a trial runs, there are a few `Racing` a second.
    """
    return _guarded("confirmation", _confirmation(objects, command, stop))


def stability_events(objects: LiveObjects) -> Iterator[Measured | Racing]:
    """Measure the largest stable learning rate at the start of training: a `StabilityResult`."""
    return _guarded("stability", _stability(objects))


def _guarded(check: Check, events: Iterator[Measured | Racing]) -> Iterator[Measured | Racing]:
    """The events of a check; a check that fails ends with the problem."""
    try:
        yield from exit_kept(events)
    except GeneratorExit:
        raise  # nobody listens any more
    except BaseException as raised:  # noqa: BLE001 - user code may raise anything
        error = own_error(raised)
        print_traceback(error)
        yield check_problem(check, _check_failure(error))


class _Pace:
    """How far a race is, told a few times a second."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds  # that the race may take
        self._began = time.perf_counter()
        self._first: float | None = None  # when the first step was over
        self._told = -math.inf
        self._finished = 0
        self._spent = 0  # by the finished trials

    def finish(self, trial: Trial) -> None:
        """Count a trial."""
        self._finished += 1
        self._spent += trial.iterations

    def new(self, step: TrialStep) -> Iterator[Racing]:
        """The progress, unless it was told a moment ago."""
        now = time.perf_counter()
        if self._first is None:
            self._first = now
        if now - self._told < RACING_SECONDS:
            return
        self._told = now
        allowed = step.plan or RacePlan(budget=0, trials=0)
        spent = self._spent + step.iteration + 1
        yield Racing(
            lr=step.lr,
            round=step.round,
            seed=step.seed,
            done=step.iteration + 1,
            of=step.iterations,
            trials=self._finished,
            total=allowed.trials,
            spent=spent,
            budget=allowed.budget,
            seconds_left=self._seconds_left(now, spent, allowed.budget),
        )

    def _seconds_left(self, now: float, spent: int, budget: int) -> float | None:
        """Until the budget is over: steps at the pace so far, or seconds, whichever is less."""
        known = []
        if self._first is not None and budget and spent >= STEPS_OF_A_PACE:
            known.append((now - self._first) / (spent - 1) * max(0, budget - spent))
        if self._seconds is not None:
            known.append(max(0.0, self._seconds - (now - self._began)))
        return min(known, default=None)


def _confirmation(
    objects: LiveObjects, command: Confirm, stop: StopFlag
) -> Iterator[Measured | Racing]:
    finished: list[Trial] = []
    pace = _Pace(command.seconds)
    race: Race | None = None
    raced_name = "suggestion"
    if command.lr not in (None, objects.analysis().suggestion.lr):
        raced_name = "tried"
    trials = objects.finder.trials(
        _train_loader(objects),
        objects.trial_val_loader,
        lr=command.lr,
        iterations=command.iterations,
        seconds=command.seconds,
        schedule=command.schedule,
        steps=command.steps,
        warmup=command.warmup,
    )
    # the last event follows when the trials are closed and the objects are restored
    with closing(trials):
        while race is None:
            try:
                progress = next(trials)
            except StopIteration as end:
                race = end.value
                continue
            if isinstance(progress, Trial):
                finished.append(progress)
                pace.finish(progress)
                yield trial_event(finished, raced_name, command.schedule)
            else:
                yield from pace.new(progress)
            if stop.is_set():
                count = "1 trial" if len(finished) == 1 else f"{len(finished)} trials"
                race = ended(trials, RaceStopped(stop.reason(f"after {count}")))
    yield confirmation_event(race, command, objects.judged_by)


def _stability(objects: LiveObjects) -> Iterator[Measured | Racing]:
    yield stability_event(objects.finder.stability(_train_loader(objects)))


def _train_loader(objects: LiveObjects) -> Loader:
    if objects.train_loader is None:
        raise ValueError("no loader was given to show(), so nothing can be trained")
    return objects.train_loader


def _check_failure(error: BaseException) -> str:
    """Why a check failed. A ValueError of the engine is a refusal that is written for the user."""
    if isinstance(error, ValueError) and not user_line(error):
        return str(error)
    return failure_reason(error)


def was_device(event: Event) -> bool:
    """Whether a check ended because a device failed."""
    if not isinstance(event, Measured):
        return False
    problem = getattr(event.result, "problem", "")
    return bool(problem) and problem.startswith(tuple(WHAT_HAPPENED.values()))


def trial_event(finished: Sequence[Trial], raced_name: str, schedule: Schedule) -> Measured:
    """The event of the trial that has just finished.

    Args:
        finished: the trials so far, this one last; the first is at the raced rate.
        raced_name: what the raced rate is called.
        schedule: of the planned training.
    """
    trial = finished[-1]
    curve = [trial.curve[index] for index in thinned(len(trial.curve), CURVE_POINTS)]
    return Measured(
        TrialResult(
            lr=trial.lr,
            what=what_it_is(trial.lr, finished[0].lr, raced_name),
            round=trial.round,
            seed=trial.seed,
            iterations=trial.iterations,
            loss=finite(trial.loss),
            curve=[finite(loss) for loss in curve],
            schedule=schedule,
            spent=sum(earlier.iterations for earlier in finished),
            nonfinite=nonfinite_places("loss", [trial.loss]) + nonfinite_places("curve", curve),
        )
    )


def confirmation_event(race: Race, command: Confirm, judged_by: str) -> Measured:
    """The verdict of a race."""
    margin, error = race.margin, race.error
    return Measured(
        ConfirmationResult(
            verdict=race.verdict,
            lr=race.lr,
            better=race.better,
            also=race.also,
            reason=race.reason,
            low=race.low,
            high=race.high,
            apart=race.apart,
            more_steps=race.more_steps,
            sure=race.sure,
            margin=finite(margin),
            error=finite(error),
            iterations=race.iterations,
            schedule=command.schedule,
            steps=command.steps,
            judged_by=judged_by,
            problem="",
            nonfinite=nonfinite_places("margin", [margin]) + nonfinite_places("error", [error]),
        )
    )


def stability_event(stability: Stability) -> Measured:
    """The stability limit."""
    limit, eigenvalue = stability.limit, stability.eigenvalue
    return Measured(
        StabilityResult(
            limit=finite(limit),
            eigenvalue=finite(eigenvalue),
            formula=stability.formula,
            problem="",
            nonfinite=nonfinite_places("limit", [limit])
            + nonfinite_places("eigenvalue", [eigenvalue]),
        )
    )
