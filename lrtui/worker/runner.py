"""One run after another on the same live objects: build, test, analyse, keep the journal, write the record."""

import os
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Protocol, cast

import msgspec
import torch

import lrtui
from lrtui.build.assemble import Built, build
from lrtui.catalog.errors import PhaseError, one_line
from lrtui.engine import precision
from lrtui.engine.optim import momentum_of
from lrtui.events import (
    Check,
    Ended,
    Event,
    Measured,
    Notice,
    Restored,
    Started,
    Status,
    Step,
    ends_check,
)
from lrtui.finder import LRFinder
from lrtui.protocol import Confirm
from lrtui.range_settings import engine_settings
from lrtui.record import from_events, now
from lrtui.run_events import STOPPED, check_problem
from lrtui.runs.curves import answer_of
from lrtui.spec import RunSpec
from lrtui.worker import checks
from lrtui.worker.recorder import Recorder


class Stoppable(Protocol):
    """Says when a run is to end."""

    stop: threading.Event
    orphaned: bool  # the front end is gone


class Runner:
    """Holds what a spec was built into. Runs again from the restored state when only the range is another one."""

    def __init__(self, send: Callable[[Event], None], inbox: Stoppable) -> None:
        self._send = send
        self._inbox = inbox
        self._spec: RunSpec | None = None
        self._built: Built | None = None
        self._finder: LRFinder | None = None
        self._digest = ""
        self._recorder: Recorder | None = None

    def serves(self, spec: RunSpec) -> bool:
        """Whether this runner's live objects are those of the spec."""
        return self._spec is None or _objects_of(self._spec) == _objects_of(spec)

    def run(self, spec: RunSpec, run_id: str) -> None:
        """Run a spec to its end, whatever that is; the last event is `Ended`."""
        began = time.perf_counter()
        recorder = self._recorder = Recorder(self._send, run_id)
        try:
            status, reason = self._test(spec, run_id)
            end = Ended(status=status, reason=reason, seconds=time.perf_counter() - began)
        except PhaseError as failure:
            traceback.print_exception(failure)
            end = Ended(
                status="failed",
                reason=str(failure),
                phase=failure.phase,
                seconds=time.perf_counter() - began,
            )
        self._suggest(recorder)
        recorder.finish(end)

    def confirm(self, command: Confirm) -> None:
        """Confirm the answer of the last run; its record gets the trials too."""
        self._check(
            "confirmation",
            lambda finder, built, spec: checks.confirmation(
                finder, built, spec, command, self._inbox.stop
            ),
        )

    def stability(self) -> None:
        """Measure the stability limit; the record of the last run gets it too."""
        self._check("stability", lambda finder, built, spec: checks.stability(finder, built))

    def reset(self) -> None:
        """Put model and optimizer back and prove it by the digest."""
        if self._finder is None:
            self._send(Restored(digest="", exact=True))
            return
        self._finder.reset()
        digest = self._finder.digest()
        self._send(Restored(digest=digest, exact=digest == self._digest))

    def _test(self, spec: RunSpec, run_id: str) -> tuple[Status, str]:
        """Build what is to be built and drive the engine; how that ended, and why."""
        try:
            finder = self._prepare(spec, run_id)
            with closing(self._steps(finder, spec)) as steps:
                for step in steps:
                    self._told(step)
                    if self._inbox.stop.is_set():
                        return self._stopped_after(step, spec)
        except PhaseError:
            raise
        except torch.OutOfMemoryError as error:
            raise PhaseError(
                "training",
                f"out of memory on the device: {one_line(error)}; try a smaller batch_size",
            ) from error
        except (
            Exception,
            SystemExit,
        ) as error:  # a user's code may raise anything; it ends the run, not the worker
            raise PhaseError("training", one_line(error)) from error
        return cast(Status, finder.status), finder.reason

    def _stopped_after(self, step: Step, spec: RunSpec) -> tuple[Status, str]:
        done = f"after {step.iteration + 1} of {spec.range.num_iter} iterations"
        if self._inbox.orphaned:
            return "interrupted", f"the front end went away {done}"
        return "stopped", f"stopped by the user {done}"

    def _prepare(self, spec: RunSpec, run_id: str) -> LRFinder:
        if self._finder is not None:
            self._finder.reset()
        else:
            try:
                self._built = build(spec, lambda text: self._send(Notice(text=text)))
                _check_precision(self._built, spec)
                self._finder = _finder(self._built, spec)
            except PhaseError:
                self._start(spec, run_id)
                raise
            except ValueError as error:
                self._start(spec, run_id)
                raise PhaseError("model", one_line(error)) from error
            self._spec = spec
            self._digest = self._finder.digest()
        self._start(spec, run_id)
        return self._finder

    def _start(self, spec: RunSpec, run_id: str) -> None:
        built = self._built
        self._told(
            Started(
                id=run_id,
                created=now(),
                lrtui=lrtui.__version__,
                torch=str(torch.__version__),
                device=str(built.device) if built else spec.device,
                spec=spec,
                parameters=sum(param.numel() for param in built.model.parameters()) if built else 0,
                batch=built.batch if built else "",
                loss=built.loss_name if built else "",
                digest=self._digest,
                total_steps=spec.range.num_iter * spec.range.repeats,
                momentum=momentum_of(built.optimizer) if built else None,
                log=os.environ.get("LRTUI_WORKER_LOG", ""),
            )
        )

    def _told(self, event: Event) -> None:
        assert self._recorder is not None
        self._recorder.emit(event)

    def _steps(self, finder: LRFinder, spec: RunSpec) -> Generator[Step, None, None]:
        built = self._built
        assert built is not None
        val_loader = built.val_loader if spec.range.val else None
        settings = engine_settings(spec.range, built.metric, built.step)
        return finder.steps(built.train_loader, val_loader, **settings)

    def _check(
        self, name: Check, how: Callable[[LRFinder, Built, RunSpec], Iterator[Measured]]
    ) -> None:
        """Measure something beside the last run's curve; the last event ends the check, whatever happens."""
        recorder, finder, built = self._recorder, self._finder, self._built
        if recorder is None or finder is None or built is None:
            self._send(check_problem(name, "there is no model yet: run the range test first"))
            return
        spec = next(event.spec for event in recorder.events if isinstance(event, Started))
        last = check_problem(name, STOPPED)
        recorder.reopen()
        try:
            for event in how(finder, built, spec):
                if ends_check(event):
                    last = event
                else:
                    recorder.emit(event)
        except ValueError as error:
            traceback.print_exc()
            last = check_problem(name, str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's code may raise anything; the log has it all
            traceback.print_exc()
            last = check_problem(name, one_line(error))
        recorder.finish(last)

    def _suggest(self, recorder: Recorder) -> None:
        answer = answer_of(from_events(recorder.events))
        if answer is not None:
            recorder.emit(answer)


def _finder(built: Built, spec: RunSpec) -> LRFinder:
    return LRFinder(
        built.model,
        built.optimizer,
        built.criterion,
        device=built.device,
        precision=spec.precision,
        channels_last=spec.channels_last,
        cudnn_benchmark=spec.cudnn_benchmark or None,
        compile=spec.compile,
        verbose=False,
    )


def _check_precision(built: Built, spec: RunSpec) -> None:
    try:
        precision.of_name(spec.precision, built.device)
    except ValueError as error:
        raise PhaseError("precision", str(error)) from error


def _objects_of(spec: RunSpec) -> RunSpec:
    """The part of a spec that live objects depend on."""
    return msgspec.structs.replace(spec, range=RunSpec().range)
