"""WorkerDriver: runs specs in a worker process, and ends a run properly when its worker dies."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from lrtui.catalog.places import crash_phase, crash_place
from lrtui.catalog.targets import locate, split
from lrtui.catalog.trust import Item
from lrtui.endings import FRONT_END_GONE, HANG_UP, STOPPED, check_problem, status_of, unbuilt_start
from lrtui.events import (
    Check,
    Ended,
    Event,
    Extended,
    Notice,
    Restored,
    Saving,
    Started,
    Step,
    ends_check,
)
from lrtui.launch.process import WorkerProcess
from lrtui.output import NO_OUTPUT, Output
from lrtui.output.log import NOTHING_PRINTED, Log, Printed
from lrtui.protocol import (
    Answer,
    Confirm,
    Extend,
    Message,
    Ready,
    Refused,
    Reset,
    Run,
    Stability,
    Stop,
)
from lrtui.record import RecordError, from_events, new_id
from lrtui.runs.store import journal_path, record_path, save_run
from lrtui.spec import CHOICES, Choice, RunSpec

# a stopped worker has this long for the step in progress and the record, then it is killed
_STOP_SECONDS = 4.0
# one that still imports torch or builds holds nothing that could be lost
_STOP_UNSTARTED_SECONDS = 0.5

NO_OBJECTS = "the worker with the run's objects is gone: run the range test again"

FileStamp = tuple[int, int]  # modification time in ns, and size


class WorkerDriver:
    """A Driver on a worker process.

    Args:
        take: gives a process for the first run, and whenever a new one is needed.
        on_close: called once, when the driver is closed.
        agreed: what a person has agreed to run in this session; it may grow.
        refused: what workers did not run is added to it.

    Attributes:
        lost: how to go on with the run after the way to its worker was lost, in one line; else "".
    """

    read_only = False
    owner = ""

    def __init__(
        self,
        take: Callable[[], WorkerProcess],
        on_close: Callable[[], None],
        agreed: Collection[str] = (),
        refused: dict[str, Item] | None = None,
    ) -> None:
        self._agreed = agreed
        self._refused = {} if refused is None else refused
        self.events: list[Event] = []
        self.lost = ""
        self._take = take
        self._on_close = on_close
        self._process: WorkerProcess | None = None
        self._objects: _Objects | None = None  # what the process has built, or is building
        self._run: Run | None = None
        self._first = 0  # the index of the last run's first event
        self._began = 0.0
        self._output = NO_OUTPUT  # what the last run has printed
        self._printed: Log | None = None
        self._printed_before = 0
        self._busy = False
        self._check: Check | None = None  # the check in progress
        self._extends = False  # a run that had ended goes on
        self._cause = ""  # why the run or check in progress is to end, once it was told so
        self._closed = False
        # a worker may die at the moment at which it is sent a command
        self._lock = threading.RLock()

    @property
    def busy(self) -> bool:
        """A run is being built or measured, or a check is being measured, for this front end."""
        return self._busy and not self._is_detached

    def run(self, spec: RunSpec) -> None:
        """Run a spec, in the same worker if its objects are those of the spec."""
        with self._lock:
            if self._busy or self._closed:
                return
            objects = _Objects.of(spec)
            if objects != self._objects:
                self._drop_process()
            self._objects = objects
            self._first = len(self.events)
            self._began = time.monotonic()
            self._busy, self._cause, self.lost = True, "", ""
            try:
                process = self._living_process()
            except OSError as error:
                reason = f"cannot be started: {error}"
                self._append(Ended(status="failed", phase="worker", reason=reason, seconds=0))
                return
            process.printed.look(now=True)
            self._printed, self._printed_before = process.printed, process.printed.lines
            self._output = Output.from_now(self._log)
            self._run = Run(spec=spec, id=new_id(), agreed=tuple(self._agreed))
            process.send(self._run)

    def extend(self, end_lr: float) -> None:
        """Raise the end of the range, of the run in progress or of the last one."""
        with self._lock:
            if self._closed or self._check is not None:
                return
            if self._process is None or self._process.ended:
                self._append(Extended(problem=NO_OBJECTS))
                return
            idle = not self._busy
            if idle:
                self._busy, self._cause, self._extends = True, "", True
            self._process.send(Extend(end_lr=end_lr, idle=idle))

    def confirm(self, command: Confirm) -> None:
        """Race the suggestion (or `lr`) on the worker's live objects."""
        self._start_check("confirmation", command)

    def stability(self) -> None:
        """Measure the stability limit on the worker's live objects."""
        self._start_check("stability", Stability())

    def stop(self, cause: str = STOPPED) -> None:
        """End the run or the check. A worker that does not answer is killed; its steps are kept."""
        if not self._busy or self._process is None:
            return
        self._cause = self._cause or cause
        self._process.send(Stop(cause))
        if _have_started(self.events):
            self._process.end_within(_STOP_SECONDS)
        else:
            self._process.end_within(_STOP_UNSTARTED_SECONDS)

    def hang_up(self, *, stop: bool = False) -> None:
        """Leave a run or check in progress to its worker, which finishes and records it."""
        if stop:
            self.stop(HANG_UP)
        else:
            self.detach()

    def detach(self, checks: Sequence[Confirm | Stability] = ()) -> bool:
        """Leave what is in progress to its worker, which then measures the checks, and ends.

        Returns whether something was in progress.
        """
        with self._lock:
            process = self._process
            if not self._busy or self._cause or process is None or self._closed:
                return False
            for check in checks:
                process.send(check)
            process.detach()
            return True

    def reset(self) -> None:
        """Put model and optimizer back. Without a worker there are none, so nothing can differ."""
        if self._process is None or not self._process.alive:
            self._append(Restored(digest="", exact=True))
            return
        self.stop()
        self._process.send(Reset())

    def output(self) -> list[str]:
        """The last lines that were printed since the last run began."""
        return self._output.lines()

    def print_count(self) -> Printed:
        """How much was printed since the last run began."""
        if self._printed is None:
            return NOTHING_PRINTED
        lines = self._printed.lines - self._printed_before
        return Printed(lines, at_least=self._printed.uncounted)

    def close(self) -> None:
        """Ask the worker to quit; see `join`."""
        if self._closed:
            return
        with self._lock:
            self._closed = True
            if self._busy and not self._is_detached:
                self._cause = self._cause or FRONT_END_GONE
        self._drop_process()
        self._on_close()

    def release(self) -> WorkerProcess | None:
        """Close the driver of an ended run, and give away its worker; None where that has died."""
        with self._lock:
            process, self._process = self._process, None
        self.close()
        if process is None or not process.hand_over(_ignore_message, _ignore):
            return None
        return process

    def join(self, timeout: float) -> None:
        """Wait until the worker is gone."""
        if self._process is not None:
            self._process.join(timeout)

    def _start_check(self, check: Check, command: Confirm | Stability) -> None:
        with self._lock:
            if self._busy or self._closed:
                return
            if self._process is None or self._process.ended:
                self._append(check_problem(check, NO_OBJECTS))
                return
            self._busy, self._cause, self._check = True, "", check
            self._process.send(command)

    def _living_process(self) -> WorkerProcess:
        """The present process, or another one where it has ended."""
        if self._process is None or self._process.ended:
            self._process = self._take()
            while not self._process.hand_over(self._receive, self._worker_ended):
                self._process = self._take()
        return self._process

    def _drop_process(self) -> None:
        if self._process is None:
            return
        if self._closed:  # `join` waits for it, and for the record of a run that it does not end
            self._process.close()
            return
        self._process.hand_over(self._receive, _ignore)
        self._process.close()
        self._process = None

    def _receive(self, message: Message) -> None:
        if isinstance(message, Refused):
            self._refused[message.item.line] = message.item
        elif isinstance(message, Ready | Answer):
            return
        elif self._process is not None and self._process.is_elsewhere:
            self._bring_home(message)
        else:
            self._append(message)

    def _bring_home(self, event: Event) -> None:
        """Take an event of another machine, which keeps a record there: this one keeps its own."""
        if isinstance(event, Saving):
            return
        if isinstance(event, Ended):
            event = msgspec.structs.replace(event, record=self._save_record(event))
        elif ends_check(event):
            self._save_record(event)
        self._append(event)

    def _append(self, event: Event) -> None:
        refused = isinstance(event, Extended) and bool(event.problem)
        if isinstance(event, Ended) or ends_check(event) or (refused and self._extends):
            self._busy, self._check, self._extends = False, None, False
            if self._process is not None:
                self._process.end_within(None)
        elif isinstance(event, Extended) and not refused and not self._busy:
            self._busy = self._extends = True  # asked for at the last moment of a run
        if isinstance(event, Ended) and event.advice:
            self._drop_process()  # what a device did to it may last
        self.events.append(event)

    def _worker_ended(self, reason: str) -> None:
        """The worker died. What it was busy with is ended here, from the events that arrived."""
        with self._lock:
            if self._busy and self._process is not None:
                self.lost = self._process.lost
            if self._check is not None:
                self._end_check(self._check, reason)
            elif self._busy:
                self._end_run(reason)
            elif not self._closed:
                text = f"the worker {reason}; the next run starts another"
                self._append(Notice(text=text, level="warning"))

    def _end_check(self, check: Check, reason: str) -> None:
        problem = self.lost or self._cause or self._death(reason)
        last = check_problem(check, problem)
        self._save_record(last)
        self._append(last)

    def _end_run(self, reason: str) -> None:
        if self._run is not None and not _have_started(self._run_events()):
            self._append(unbuilt_start(self._run, log=self._log))
        seconds = time.monotonic() - self._began
        printed = self._output.lines()
        if self.lost:
            end = Ended(status="interrupted", reason=self.lost, seconds=seconds)
        elif self._cause:
            reason = f"{self._cause}; the worker did not answer and was ended"
            end = Ended(status=status_of(self._cause), reason=reason, seconds=seconds)
        else:
            end = Ended(
                status="failed",
                phase=crash_phase(printed) or _phase_of(self._run_events()),
                reason=self._death(reason),
                seconds=seconds,
                where=crash_place(printed),
                output=self._output.last_lines(),
            )
        self._append(msgspec.structs.replace(end, record=self._save_record(end)))

    def _death(self, reason: str) -> str:
        return f"the worker {reason}; its log: {self._log}"

    @property
    def _is_detached(self) -> bool:
        return self._process is not None and self._process.detached

    @property
    def _log(self) -> str:
        return "" if self._process is None else str(self._process.log)

    def _save_record(self, last: Event) -> str:
        """The path of the record with the last run's events; "" if it cannot be written."""
        try:
            record = from_events([*self._run_events(), last])
            path = save_run(record, record_path(record.id))
        except RecordError:
            return ""  # `lrtui recover` has the journal
        except OSError as error:
            self._append(Saving(problem=error.strerror or str(error)))
            return ""
        with suppress(OSError):
            journal_path(record.id).unlink(missing_ok=True)
        self._append(Saving())
        return str(path)

    def _run_events(self) -> list[Event]:
        """The events of the last run."""
        return self.events[self._first :]


def _have_started(events: Sequence[Event]) -> bool:
    return any(isinstance(event, Started) for event in events)


def _phase_of(events: Sequence[Event]) -> str:
    """How far the run has come whose events these are."""
    phase = "building"
    for event in events:
        if isinstance(event, Step):
            return "training"
        if isinstance(event, Started) and event.digest:
            phase = "the first step"
    return phase


class _Objects(msgspec.Struct, frozen=True):
    """What live objects depend on: the spec except its range, and the files that it names."""

    spec: RunSpec
    files: tuple[FileStamp | None, ...]

    @classmethod
    def of(cls, spec: RunSpec) -> "_Objects":
        stamps: list[FileStamp | None] = []
        for name in CHOICES:
            choice: Choice = getattr(spec, name)
            stamps.append(_stamp(choice.target))
        return cls(msgspec.structs.replace(spec, range=RunSpec().range), tuple(stamps))


def _stamp(target: str) -> FileStamp | None:
    """Changes when the file of a target changes; None for a target without a file."""
    if ":" not in target:
        return None
    path: Path | None = locate(split(target)[0])
    if path is None or not path.exists():
        return None
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _ignore_message(message: Message) -> None:
    pass


def _ignore(reason: str) -> None:
    pass
