"""The one driver of a run: from engine calls to events, for the worker and for live objects.

`range_test_events`, `confirmation_events` and `stability_events` are generators. They run on the
thread that consumes them, and the last event of each ends the run or the check, whatever the user's
code raises.

Numbers that are not finite are None in these events; `nonfinite` lists their places.
"""

import math
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import msgspec
import torch
from msgspec import UNSET

from lrtui import __version__
from lrtui.analysis.analyse import Analysis
from lrtui.analysis.answer import Schedule
from lrtui.analysis.race import Trial
from lrtui.analysis.race_verdict import Race
from lrtui.catalog.errors import Phase, one_line, user_line, with_user_line
from lrtui.catalog.places import crash_place, user_place
from lrtui.endings import StopFlag, check_problem
from lrtui.engine.checks.gradients import NoGradientError
from lrtui.engine.checks.updates import OptimizerError, optimizer_that_failed
from lrtui.engine.data.batches import loader_length
from lrtui.engine.failures.described import loader_died
from lrtui.engine.failures.device import WHAT_HAPPENED, Trouble, device_trouble
from lrtui.engine.machine import sampled
from lrtui.engine.optim import momentum_of
from lrtui.engine.race.budget import ended
from lrtui.engine.race.race import RaceStopped
from lrtui.engine.race.trial import RacePlan, TrialStep
from lrtui.engine.settings import Given
from lrtui.engine.stability import Stability
from lrtui.events import (
    Check,
    ConfirmationResult,
    Ended,
    Event,
    Extended,
    Machine,
    Measured,
    NonFinitePlace,
    Notice,
    Racing,
    Restored,
    StabilityResult,
    Started,
    Status,
    Step,
    Suggested,
    TrialResult,
    ends_check,
    nonfinite_kind,
)
from lrtui.finder import LRFinder
from lrtui.output import NO_OUTPUT, Output
from lrtui.planned import Planned, planned
from lrtui.protocol import Confirm
from lrtui.record import now
from lrtui.report import failure
from lrtui.report.race import what_it_is
from lrtui.spec import RunSpec

CURVE_POINTS = 60
RACING_SECONDS = 0.25  # between two events of how far a race is
STEPS_OF_A_PACE = 5  # before them the time of a step is not known
Loader = Iterable[object]
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class LiveObjects:
    """What a run works on, and how it is tested.

    Args:
        finder: holds the model, the optimizers and the criterion.
        train_loader: None where nothing can be trained, because only `past` is shown.
        val_loader: with it the curve is the validation loss.
        trial_val_loader: with it trials are judged by the validation loss.
        settings: of the range test, as `LRFinder.steps` takes them.
        spec: the same run as plain data.
        batch: the structure of a batch, in words.
        loss: the criterion's name.
        notices: what was said of the run before it began.
        past: the steps of a test that the finder has measured before. Where there are some, they
            are the run, and no new test is measured.
    """

    finder: LRFinder
    train_loader: Loader | None
    val_loader: Loader | None
    trial_val_loader: Loader | None
    settings: Given
    spec: RunSpec
    batch: str
    loss: str
    notices: tuple[str, ...] = ()
    past: tuple[Step, ...] = ()

    @property
    def total_steps(self) -> int:
        """Steps of the run over all repeats."""
        test = self.spec.range
        return len(self.past) or test.num_iter * test.repeats

    @cached_property
    def planned(self) -> Planned:
        """The plan in optimizer steps, and what could not be used of it."""
        spec, batches = self.spec, None
        if spec.plan.epochs:
            loader = getattr(self.train_loader, "data_loader", self.train_loader)
            batches = loader_length(loader)
        return planned(spec.plan, batches, spec.range.accumulation_steps)

    @property
    def samples_per_step(self) -> int:
        """Examples of one optimizer step, as far as the loader says; 0: it does not."""
        loader = getattr(self.train_loader, "data_loader", self.train_loader)
        sampler = getattr(loader, "batch_sampler", None)
        size = getattr(loader, "batch_size", None) or getattr(sampler, "batch_size", None)
        if not isinstance(size, int):
            return 0
        if self.finder.ranks is not None:
            size *= self.finder.ranks.size
        return size * self.spec.range.accumulation_steps

    def analysis(self) -> Analysis:
        """The answer for the plan."""
        plan = self.planned.plan
        return self.finder.analysis(plan.schedule, plan.steps, plan.warmup)

    @property
    def judged_by(self) -> str:
        """The loss that trials are judged by."""
        return "training loss" if self.trial_val_loader is None else "validation loss"


class _TestEnd(NamedTuple):
    """How a range test ended, and after how many iterations."""

    iterations: int
    ended: Ended


def started_event(objects: LiveObjects, *, run_id: str, digest: str, log: str) -> Started:
    """The first event of a run; `digest` is that of the objects as they are now."""
    finder = objects.finder
    return Started(
        id=run_id,
        created=now(),
        lrtui=__version__,
        torch=str(torch.__version__),
        device=str(finder.device),
        spec=objects.spec,
        parameters=sum(parameter.numel() for parameter in finder.model.parameters()),
        batch=objects.batch,
        loss=objects.loss,
        digest=digest,
        total_steps=objects.total_steps,
        momentum=momentum_of(finder.optimizer),
        plan=objects.planned.plan,
        log=log,
        samples_per_step=objects.samples_per_step,
    )


def range_test_events(
    objects: LiveObjects,
    started: Started,
    stop: StopFlag,
    began: float,
    output: Output = NO_OUTPUT,
) -> Iterator[Event]:
    """Run a range test: `Started`, every `Step`, `Suggested`, `Ended`.

    A notice may come before each of them but the first. There is no `Suggested` where no step was
    measured, nor where a test failed before there was a rate: its answer is the failure.

    Args:
        objects: in the state that the test starts from.
        started: see `started_event`.
        stop: ends the test after the step in progress.
        began: when the run began, on the clock of `time.perf_counter`.
        output: what the user's code prints in this run.
    """
    yield started
    if objects.planned.problem:
        yield Notice(text=objects.planned.problem, level="warning")
    if objects.past:
        end = yield from _past_steps(objects)
    else:
        end = yield from _measured_steps(objects, stop, output)
    yield from _conclusion(objects, end, time.perf_counter() - began)


def extension_events(
    objects: LiveObjects,
    end_lr: float,
    stop: StopFlag,
    seconds: float,
    output: Output = NO_OUTPUT,
) -> Iterator[Event]:
    """Go on with a run that has ended: `Extended`, its further steps, `Suggested`, `Ended`.

    Where it cannot go on, there is nothing but an `Extended` with the problem.

    Args:
        objects: of the run, as it left them.
        end_lr: the new end of its range.
        stop: ends the test after the step in progress.
        seconds: that the run has taken.
        output: what the user's code prints in it.
    """
    began = time.perf_counter()
    finder = objects.finder
    try:
        steps = finder.extend(end_lr)
    except ValueError as error:
        yield Extended(problem=str(error))
        return
    yield _extended_event(finder)
    before = len(finder.history["lr"])
    end = yield from _followed_steps(objects, lambda: steps, before, stop, output)
    yield from _conclusion(objects, end, seconds + time.perf_counter() - began)


def _extended_event(finder: LRFinder) -> Extended:
    settings = finder.settings
    end_lr = settings.end_lr
    assert isinstance(end_lr, float)  # an extension sets one end for all groups
    return Extended(
        end_lr=end_lr, num_iter=settings.num_iter, total_steps=settings.num_iter * settings.repeats
    )


def _conclusion(objects: LiveObjects, end: "_TestEnd", seconds: float) -> Iterator[Event]:
    """The answer, where there is one, and the end."""
    if end.iterations:
        yield from _answer(objects, end.ended.status)
    yield msgspec.structs.replace(end.ended, seconds=seconds)


def _answer(objects: LiveObjects, status: Status) -> Iterator[Suggested | Notice]:
    """The answer, or a notice where a fault of ours left none: the curve is kept all the same."""
    try:
        analysis = objects.analysis()
    except Exception as error:  # noqa: BLE001 - see above
        traceback.print_exc()
        text = f"the curve is kept, but lrtui could not analyse it: {one_line(error)}"
        yield Notice(text=text, level="warning")
        return
    if status != "failed" or analysis.suggestion.lr is not None:
        yield suggested_event(analysis)


def while_sampled(
    events: Iterable[Event], device: torch.device, send: Callable[[Machine], None]
) -> Iterator[Event]:
    """Pass events on while samples of the machine are sent beside them, until the last event.

    Args:
        events: of a run or a check.
        device: that it is computed on.
        send: takes a sample, on another thread.
    """
    last: Event | None = None
    with sampled(device, send):
        for event in events:
            if isinstance(event, Ended) or ends_check(event):
                last = event  # nothing comes after it
            else:
                yield event
    if last is not None:
        yield last


class _Notices:
    """Passes on the notices of a finder's test as they come, but for those before the run."""

    def __init__(
        self, finder: LRFinder | None = None, before: Sequence[str] = (), since: int = 0
    ) -> None:
        self._finder = finder
        self._before = before
        self._sent = since

    def new(self) -> Sequence[Notice]:
        """Those since the last call."""
        if self._finder is None:
            return ()
        notices = self._finder.notices[self._sent :]
        self._sent += len(notices)
        return [notice for notice in notices if notice.text not in self._before]


def _past_steps(objects: LiveObjects) -> Generator[Step | Notice, None, _TestEnd]:
    yield from objects.finder.notices
    yield from objects.past
    return _finished(objects.finder, len(objects.past))


def _measured_steps(
    objects: LiveObjects, stop: StopFlag, output: Output
) -> Generator[Step | Notice | Extended, None, _TestEnd]:
    def steps() -> Generator[Step, None, None]:
        return objects.finder.steps(objects.train_loader, objects.val_loader, **objects.settings)

    return _followed_steps(objects, steps, 0, stop, output)


def _followed_steps(
    objects: LiveObjects,
    make_steps: Callable[[], Generator[Step, None, None]],
    before: int,
    stop: StopFlag,
    output: Output,
) -> Generator[Step | Notice | Extended, None, _TestEnd]:
    """The steps of a test that has measured some `before`, to its end, however it comes."""
    iterations = before
    finder = objects.finder
    notices = _Notices()
    end: _TestEnd | None = None
    try:
        steps = make_steps()
        notices = _Notices(finder, objects.notices, since=len(finder.notices) if before else 0)
        with closing(steps):
            for step in exit_kept(steps):
                iterations += 1
                yield from notices.new()
                yield step
                if stop.asked:
                    yield from _extended_in_mid_run(finder, stop)
                    if not stop.is_set():
                        continue
                    total = finder.settings.num_iter * finder.settings.repeats
                    progress = f"after {iterations} of {total} iterations"
                    end = _TestEnd(iterations, _ended(stop.status, stop.reason(progress)))
                    break
    except GeneratorExit:
        raise  # nobody listens any more
    except BaseException as raised:  # noqa: BLE001 - user code may raise anything
        error = own_error(raised)
        reason, phase = _failure(objects.finder, error)
        end = _TestEnd(iterations, failed_event(error, reason, phase, output, objects.spec))
    yield from notices.new()
    return end or _finished(objects.finder, iterations)


def _extended_in_mid_run(finder: LRFinder, stop: StopFlag) -> Iterator[Extended]:
    """Raise the end of a test in progress, if that was asked for.

    One whose ramp is over is extended when it has ended.
    """
    if not finder.is_ramping:
        return
    end_lr = stop.take_extension()
    if end_lr is None:
        return
    try:
        finder.extend(end_lr)
    except ValueError as error:
        yield Extended(problem=str(error))
    else:
        yield _extended_event(finder)


class CodeExit(Exception):  # noqa: N818 - it carries what is no error
    """A GeneratorExit that the user's code raised, which is no request to end a generator."""


def exit_kept(items: Iterator[Item]) -> Iterator[Item]:
    """The items of a generator that runs the user's code.

    Raises:
        CodeExit: from a GeneratorExit of that code.
    """
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except GeneratorExit as error:
            raise CodeExit from error
        yield item


def own_error(raised: BaseException) -> BaseException:
    """What the user's code raised."""
    if isinstance(raised, CodeExit) and raised.__cause__ is not None:
        return raised.__cause__
    return raised


def failed_event(
    error: BaseException, reason: str, phase: str, output: Output, spec: RunSpec
) -> Ended:
    """The end of a run that failed; prints the traceback, which is no output of the user's."""
    printed, where = output.last_lines(), user_place(error)
    if loader_died(error):  # the log has the stack of the process that died
        where = crash_place(output.lines()) or where
    print_traceback(error)
    trouble = device_trouble(error)
    return Ended(
        status="failed",
        reason=reason,
        phase=phase if trouble in (None, "host memory") else "device",
        seconds=0.0,
        where=where,
        output=printed,
        advice=UNSET if trouble is None else advice(trouble, spec),
    )


def advice(trouble: Trouble, spec: RunSpec) -> str:
    """What to change in a spec after the failure of a device."""
    match trouble:
        case "memory":
            return failure.less_memory(spec)
        case "host memory":
            return failure.LESS_HOST_MEMORY
        case "assert":
            return failure.after_assert(spec)
        case "lost":
            return failure.AFTER_LOSS


def print_traceback(error: BaseException) -> None:
    """The traceback, for the log; whatever the error's class does when it is printed."""
    try:
        traceback.print_exception(error)
    except BaseException:  # noqa: BLE001 - see above
        traceback.print_tb(error.__traceback__)


def _ended(status: Status, reason: str) -> Ended:
    return Ended(status=status, reason=reason, seconds=0.0)


def _failure(finder: LRFinder, error: BaseException) -> tuple[str, Phase]:
    """Why a test failed, and in which phase."""
    if isinstance(error, OptimizerError):
        return str(error), "optimizer"
    if isinstance(error, NoGradientError):
        return str(error), "model"
    optimizer = optimizer_that_failed(error)
    if optimizer:
        return f"{optimizer}: {failure_reason(error)}", "optimizer"
    described = finder.failure or finder.failure_of(error)
    return described.message, described.phase


def _finished(finder: LRFinder, iterations: int) -> _TestEnd:
    statuses: dict[str, Status] = {
        "diverged": "diverged",
        "stopped": "stopped",
        "interrupted": "interrupted",
    }
    status = statuses.get(finder.status, "completed")
    return _TestEnd(iterations, _ended(status, finder.reason))


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


def restore(finder: LRFinder, digest: str) -> Restored:
    """Put model and optimizer back; `digest` is that of their initial state."""
    finder.reset()
    restored = finder.digest()
    return Restored(digest=restored, exact=restored == digest)


def failure_reason(error: BaseException) -> str:
    """Why a training failed, in one line that ends with the user's `file:line` if there is one."""
    reason = one_line(error)
    trouble = device_trouble(error)
    if trouble is not None:
        reason = f"{WHAT_HAPPENED[trouble]}: {reason}"
    if trouble == "memory":
        reason = f"{reason}; try a smaller batch_size"
    return with_user_line(reason, error)


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


def suggested_event(analysis: Analysis) -> Suggested:
    """The answer that the curves give."""
    return Suggested(
        suggestion=analysis.suggestion,
        by_schedule=dict(analysis.by_schedule),
        suggestions=dict(analysis.suggestions),
        bounds=analysis.bounds,
    )


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


def finite(number: float) -> float | None:
    """The number, or None where RFC 8259 JSON has no form for it."""
    return None if nonfinite_kind(number) else number


def nonfinite_places(series: str, numbers: Iterable[float]) -> list[NonFinitePlace]:
    """Where a series has numbers that are not finite, and of which kind they are."""
    places: list[NonFinitePlace] = []
    for index, number in enumerate(numbers):
        kind = nonfinite_kind(number)
        if kind is not None:
            places.append(NonFinitePlace(series, index, kind))
    return places


def thinned(count: int, most: int) -> list[int]:
    """At most `most` indices of a list of `count`, evenly spread, with the first and the last."""
    if count <= most:
        return list(range(count))
    return [round(index * (count - 1) / (most - 1)) for index in range(most)]
