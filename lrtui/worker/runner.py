"""One run after another on the same live objects: build, test, analyse, keep the journal, write the record."""

import os
import threading
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Protocol, cast

import msgspec
import torch

import lrtui
from lrtui.analysis.analyse import analyse
from lrtui.catalog.build import Built, build
from lrtui.catalog.errors import BuildError, told
from lrtui.engine.finder import LRFinder
from lrtui.engine.momentum import momentum_of
from lrtui.events import Ended, Event, Notice, Restored, Started, Status, Step, Suggested
from lrtui.history.curves import curves_of
from lrtui.history.save import save
from lrtui.history.store import journal_path, record_path
from lrtui.record import from_events, now
from lrtui.spec import RunSpec
from lrtui.worker.journal import Journal


class Stoppable(Protocol):
    """Says when a run is to end."""

    stop: threading.Event
    orphaned: bool  # the front end is gone


class RunError(Exception):
    """A run that failed: in which phase, and one line. The cause is chained."""

    def __init__(self, phase: str, message: str) -> None:
        super().__init__(message)
        self.phase = phase


class Runner:
    """Holds what a spec was built into. Runs again from the restored state when only the range is another one."""

    def __init__(self, send: Callable[[Event], None], inbox: Stoppable) -> None:
        self._send = send
        self._inbox = inbox
        self._spec: RunSpec | None = None
        self._built: Built | None = None
        self._finder: LRFinder | None = None
        self._digest = ""
        self._events: list[Event] = []
        self._journal: Journal | None = None

    def serves(self, spec: RunSpec) -> bool:
        """Whether this runner's live objects are those of the spec."""
        return self._spec is None or _objects_of(self._spec) == _objects_of(spec)

    def run(self, spec: RunSpec, run_id: str) -> None:
        """Run a spec to its end, whatever that is; the last event is `Ended`."""
        began = time.perf_counter()
        self._events = []
        self._journal = Journal(journal_path(run_id))
        try:
            status, reason = self._test(spec, run_id)
            end = Ended(status=status, reason=reason, seconds=time.perf_counter() - began)
        except RunError as failure:
            traceback.print_exception(failure)
            end = Ended(status="failed", reason=str(failure), phase=failure.phase, seconds=time.perf_counter() - began)
        self._suggest()
        self._end(end, run_id)

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
                    self._emit(step)
                    if self._inbox.stop.is_set():
                        return self._stopped_after(step, spec)
        except RunError:
            raise
        except torch.OutOfMemoryError as error:
            raise RunError(
                "training", f"out of memory on the device: {told(error)}; try a smaller batch_size"
            ) from error
        except (Exception, SystemExit) as error:  # a user's code may raise anything; it ends the run, not the worker
            raise RunError("training", told(error)) from error
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
                self._finder = _finder(self._built, spec)
            except BuildError as error:
                self._start(spec, run_id)
                raise RunError(error.phase, error.message) from error
            except ValueError as error:
                self._start(spec, run_id)
                raise RunError("precision", str(error)) from error
            self._spec = spec
            self._digest = self._finder.digest()
        self._start(spec, run_id)
        return self._finder

    def _start(self, spec: RunSpec, run_id: str) -> None:
        built = self._built
        self._emit(
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

    def _steps(self, finder: LRFinder, spec: RunSpec) -> Generator[Step, None, None]:
        built, test = self._built, spec.range
        assert built is not None
        return finder.steps(
            built.train_loader,
            built.val_loader if test.val else None,
            start_lr=test.start_lr,
            end_lr=test.end_lr,
            num_iter=test.num_iter,
            step_mode=test.mode,
            smooth_f=test.smooth_f,
            diverge_th=test.diverge_th,
            accumulation_steps=test.accumulation_steps,
            keep_ratios=True,
            iterations_per_lr=test.iterations_per_lr,
            warmup=test.warmup,
            val_batches=test.val_batches,
            max_seconds=test.max_seconds or None,
            metric=built.metric,
            batch_step=built.step,
            repeats=test.repeats,
            vary=test.vary,
            clip_grad_norm=test.clip_grad_norm or None,
            metric_mode=test.metric_mode,
        )

    def _suggest(self) -> None:
        curves = curves_of(from_events(self._events))
        if not curves:
            return
        answer = analyse(curves)
        self._emit(Suggested(suggestion=answer.suggestion, suggestions=dict(answer.suggestions), bounds=answer.bounds))

    def _end(self, end: Ended, run_id: str) -> None:
        assert self._journal is not None
        path = record_path(run_id)
        try:
            save(from_events([*self._events, end]), path, overwrite=True)
        except OSError as error:
            self._emit(Notice(text=f"the record could not be saved: {error.strerror} ({path})", level="warning"))
            saved = False
        else:
            saved = True
        self._emit(msgspec.structs.replace(end, record=str(path) if saved else ""))
        self._journal.close(discard=saved)

    def _emit(self, event: Event) -> None:
        self._events.append(event)
        if self._journal is not None:
            self._journal.append(event)
            if self._journal.problem:
                self._send(Notice(text=self._journal.problem, level="warning"))
                self._journal.problem = ""
        self._send(event)


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


def _objects_of(spec: RunSpec) -> RunSpec:
    """The part of a spec that live objects depend on."""
    return msgspec.structs.replace(spec, range=RunSpec().range)
