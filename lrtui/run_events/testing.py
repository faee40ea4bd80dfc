"""A range test as events: its start, its steps, the answer, the end."""

import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

import msgspec
import torch

from lrtui import __version__
from lrtui.analysis.analyse import Analysis
from lrtui.catalog.errors import Phase, one_line
from lrtui.endings import StopFlag
from lrtui.engine.checks.gradients import NoGradientError
from lrtui.engine.checks.updates import OptimizerError, optimizer_that_failed
from lrtui.engine.machine import sampled
from lrtui.engine.optim import momentum_of
from lrtui.events import (
    Ended,
    Event,
    Extended,
    Machine,
    Notice,
    Restored,
    Started,
    Status,
    Step,
    Suggested,
    ends_check,
)
from lrtui.finder import LRFinder
from lrtui.output import NO_OUTPUT, Output
from lrtui.record import now
from lrtui.run_events.failing import exit_kept, failed_event, failure_reason, own_error
from lrtui.run_events.objects import LiveObjects


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


def restore(finder: LRFinder, digest: str) -> Restored:
    """Put model and optimizer back; `digest` is that of their initial state."""
    finder.reset()
    restored = finder.digest()
    return Restored(digest=restored, exact=restored == digest)


def suggested_event(analysis: Analysis) -> Suggested:
    """The answer that the curves give."""
    return Suggested(
        suggestion=analysis.suggestion,
        by_schedule=dict(analysis.by_schedule),
        suggestions=dict(analysis.suggestions),
        bounds=analysis.bounds,
    )


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
