"""Runner: builds a spec into live objects and runs tests and checks on them, one after another."""

import os
import time
from collections.abc import Callable, Iterable
from itertools import chain

import msgspec
import torch

from lrtui.build.assemble import Built, build
from lrtui.catalog.errors import PhaseError, one_line
from lrtui.endings import StopFlag, check_problem, unbuilt_start
from lrtui.engine import precision
from lrtui.engine.data.batches import loader_length
from lrtui.engine.restore.placement import NoRoomError
from lrtui.engine.step import updates_itself
from lrtui.events import Ended, Event, Extended, Notice, Restored, ends_check
from lrtui.finder import LRFinder
from lrtui.output import Output
from lrtui.output.log import LOG_VARIABLE
from lrtui.protocol import Confirm, Extend, Run
from lrtui.range_settings import engine_settings
from lrtui.run_events.checking import confirmation_events, stability_events, was_device
from lrtui.run_events.failing import failed_event, failure_reason
from lrtui.run_events.objects import LiveObjects, Loader
from lrtui.run_events.testing import (
    extension_events,
    range_test_events,
    restore,
    started_event,
    while_sampled,
)
from lrtui.spec import PlanSpec, RangeSpec, RunSpec
from lrtui.worker.recorder import Recorder, Recording
from lrtui.worker.watch import PATIENCE_SECONDS, Stacks, Watch

FEW_BATCHES = 50  # trials use a validation set of this size even where the test did without it
Builder = Callable[[RunSpec, Callable[[str], None]], Built]
NO_MODEL = "there is no model yet: run the range test first"


class Runner:
    """Holds the objects of one spec. Only its range and its plan may differ from run to run.

    Args:
        send: takes every event.
        stop: asks for the end of a run.
        make: builds a spec.
        keep: makes the recorder of a run from `send` and its id.
        patience: seconds without a batch before a notice says where the data loader is.
        stacks: where it is.
    """

    def __init__(
        self,
        send: Callable[[Event], None],
        stop: StopFlag,
        *,
        make: Builder = build,
        keep: Callable[[Callable[[Event], None], str], Recording] = Recorder,
        patience: float = PATIENCE_SECONDS,
        stacks: Stacks | None = None,
    ) -> None:
        self._send = send
        self._stop = stop
        self._make = make
        self._keep = keep
        self._watch = Watch(self._tell, patience, stacks)
        self.spoiled = False  # a device has failed: what this process holds of it is of no use
        self._spec: RunSpec | None = None
        self._built: Built | None = None
        self._finder: LRFinder | None = None
        self._digest = ""
        self._objects: LiveObjects | None = None  # of the last run
        self._recorder: Recording | None = None

    def serves(self, spec: RunSpec) -> bool:
        """Whether this runner can run the spec: it has built no other."""
        return self._spec is None or _built_from(self._spec) == _built_from(spec)

    def range_test(self, command: Run) -> None:
        """Run the range test of a spec; the last event is `Ended`, whatever happens."""
        began = time.perf_counter()
        log = os.environ.get(LOG_VARIABLE, "")
        output = Output.from_now(log)
        recorder = self._recorder = self._keep(self._send, command.id)
        try:
            with self._watch.watching():
                objects = self._objects = self._prepare(command.spec)
        except PhaseError as failure:
            recorder.emit(unbuilt_start(command, log=log, torch=str(torch.__version__)))
            end = failed_event(failure, failure.message, failure.phase, output, command.spec)
            seconds = time.perf_counter() - began
            self._record([msgspec.structs.replace(end, seconds=seconds)])
            return
        started = started_event(objects, run_id=command.id, digest=self._digest, log=log)
        events = range_test_events(objects, started, self._stop, began, output)
        self._record(while_sampled(events, objects.finder.device, self._send))

    def _record(self, events: Iterable[Event]) -> None:
        """Pass the events of a run or a check on, and keep them, to the last one."""
        assert self._recorder is not None
        with self._watch.watching():
            self._recorder.record(map(self._seen, events))

    def _seen(self, event: Event) -> Event:
        if isinstance(event, Ended) and event.advice:
            self.spoiled = True
        if ends_check(event) and was_device(event):
            self.spoiled = True
        return event

    def _tell(self, text: str) -> None:
        """Say something on another thread, while a run goes on."""
        notice = Notice(text=text, level="warning")
        if self._recorder is None:
            self._send(notice)
        else:
            self._recorder.emit_from_thread(notice)

    def extend(self, command: Extend) -> None:
        """Raise the end of the last run's range, unless the run in progress did that itself."""
        if self._stop.take_extension() is None:
            return
        if self._objects is None or self._recorder is None:
            self._send(Extended(problem=NO_MODEL))
            return
        log = os.environ.get(LOG_VARIABLE, "")
        events = extension_events(
            self._objects,
            command.end_lr,
            self._stop,
            self._recorder.seconds,
            Output.from_now(log),
        )
        first = next(events)
        if isinstance(first, Extended) and first.problem:
            self._send(first)
            return
        self._recorder.reopen()
        device = self._objects.finder.device
        self._record(while_sampled(chain([first], events), device, self._send))

    def confirm(self, command: Confirm) -> None:
        """Race the answer of the last run; its trials are added to the run's record."""
        if self._objects is None or self._recorder is None:
            self._send(check_problem("confirmation", NO_MODEL))
            return
        self._recorder.reopen()
        events = confirmation_events(self._objects, command, self._stop)
        device = self._objects.finder.device
        self._record(while_sampled(events, device, self._send))

    def stability(self) -> None:
        """Measure the stability limit; it is added to the record of the last run."""
        if self._objects is None or self._recorder is None:
            self._send(check_problem("stability", NO_MODEL))
            return
        self._recorder.reopen()
        self._record(stability_events(self._objects))

    def reset(self) -> None:
        """Put model and optimizer back, and compare their digest with the initial one."""
        if self._finder is None:
            self._send(Restored(digest="", exact=True))
        else:
            self._send(restore(self._finder, self._digest))

    def _prepare(self, spec: RunSpec) -> LiveObjects:
        """The objects of a spec in their initial state: built, or restored after a run.

        Raises:
            PhaseError: they cannot be built or restored.
        """
        try:
            if self._built is None or self._finder is None:
                self._built, self._finder = self._build(spec)
                self._spec = spec
                self._digest = self._finder.digest()
            else:
                self._finder.reset()
        except PhaseError:
            raise
        except NoRoomError as error:
            raise PhaseError("device", str(error)) from error
        except ValueError as error:
            raise PhaseError("model", one_line(error)) from error
        except BaseException as error:  # user code may raise anything
            raise PhaseError("training", failure_reason(error)) from error
        return live_objects(self._built, self._finder, spec)

    def _build(self, spec: RunSpec) -> tuple[Built, LRFinder]:
        built = self._make(spec, self._notice)
        try:
            precision.of_name(spec.precision, built.device)
        except ValueError as error:
            raise PhaseError("precision", str(error)) from error
        finder = LRFinder(
            built.model,
            built.optimizer,
            built.criterion,
            device=built.device,
            precision=spec.precision,
            channels_last=spec.channels_last,
            cudnn_benchmark=spec.cudnn_benchmark or None,
            compile=spec.compile,
            verbose=False,
            snapshot=spec.snapshot,
        )
        return built, finder

    def _notice(self, text: str) -> None:
        self._send(Notice(text=text))


def live_objects(built: Built, finder: LRFinder, spec: RunSpec) -> LiveObjects:
    """What was built, as the driver of a run takes it."""
    return LiveObjects(
        finder=finder,
        train_loader=built.train_loader,
        val_loader=built.val_loader if spec.range.val else None,
        trial_val_loader=trial_val_loader(built, spec.range),
        settings=engine_settings(spec.range, built.metric, built.step, spec.batch),
        spec=spec,
        batch=built.batch,
        loss=built.loss_name,
        notices=built.notices,
    )


def trial_val_loader(built: Built, test: RangeSpec) -> Loader | None:
    """The validation set that judges trials, where the test measures it or it is small."""
    loader = built.val_loader
    if loader is None or updates_itself(built.step):
        return None
    batches = loader_length(loader)
    is_small = batches is not None and batches <= FEW_BATCHES
    return loader if test.val or is_small else None


def _built_from(spec: RunSpec) -> RunSpec:
    """The part of a spec that live objects depend on."""
    return msgspec.structs.replace(spec, range=RangeSpec(), plan=PlanSpec())
