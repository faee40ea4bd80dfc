"""WorkerDriver: drives runs in a worker process, and survives whatever becomes of it."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from lrtui import __version__
from lrtui.analysis.answer import Schedule
from lrtui.catalog.targets import locate, split
from lrtui.events import Check, Ended, Event, Notice, Restored, Started, Step, ends_check
from lrtui.launch.process import WorkerProcess
from lrtui.protocol import Answer, Confirm, Message, Ready, Reset, Run, Stability, Stop
from lrtui.record import RecordError, from_events, new_id, now
from lrtui.run_events import STOPPED, check_problem
from lrtui.runs.store import journal_path, record_path, save
from lrtui.spec import CHOICES, RunSpec

_STOP_SECONDS = 5.0  # for the step in progress and the record, before the worker is ended by force
_STOP_UNSTARTED_SECONDS = (
    0.5  # for a worker that still imports torch or builds: it holds nothing that could be lost
)


class WorkerDriver:
    """A Driver on a worker process. `take` gives a process for the first run, and whenever a fresh one is needed."""

    def __init__(
        self, take: Callable[[], WorkerProcess], on_close: Callable[[], None] = lambda: None
    ) -> None:
        self.events: list[Event] = []
        self._take = take
        self._on_close = on_close
        self._process: WorkerProcess | None = None
        self._objects: object = None
        self._run: Run | None = None
        self._first = 0  # where the events of the run in progress begin
        self._began = 0.0
        self._busy = False
        self._check: Check | None = None  # what is being measured beside the last run's curve
        self._stopped = False
        self._closed = False
        self._lock = (
            threading.RLock()
        )  # a worker may go away in the very moment in which it is asked for something

    @property
    def busy(self) -> bool:
        """A run is being built or measured, or something beside its curve."""
        return self._busy

    def run(self, spec: RunSpec) -> None:
        """Run a spec. The worker is used again when its objects are those of the spec and no file has changed."""
        with self._lock:
            if self._busy or self._closed:
                return
            objects = _objects_of(spec)
            if self._process is not None and (objects != self._objects or self._process.ended):
                self._drop()
            self._objects, self._first, self._began = objects, len(self.events), time.monotonic()
            self._busy, self._stopped = True, False
            try:
                self._process = self._process or self._taken()
            except OSError as error:
                self._append(
                    Ended(
                        status="failed",
                        phase="worker",
                        reason=f"cannot be started: {error}",
                        seconds=0,
                    )
                )
                return
            self._run = Run(spec=spec, id=new_id())
            self._process.send(self._run)

    def confirm(
        self,
        *,
        lr: float | None = None,
        iterations: int | None = None,
        seconds: float | None = None,
        schedule: Schedule = "constant",
    ) -> None:
        """Confirm the suggestion on the worker's live objects."""
        self._ask(
            "confirmation",
            Confirm(lr=lr, iterations=iterations, seconds=seconds, schedule=schedule),
        )

    def stability(self) -> None:
        """Measure the stability limit on the worker's live objects."""
        self._ask("stability", Stability())

    def _ask(self, check: Check, command: Confirm | Stability) -> None:
        with self._lock:
            if self._busy or self._closed:
                return
            if self._process is None or self._process.ended:
                self._append(
                    check_problem(
                        check, "the worker with the run's objects is gone: run the range test again"
                    )
                )
                return
            self._busy, self._stopped, self._check = True, False, check
            self._process.send(command)

    def stop(self) -> None:
        """End the run; a worker that does not answer is ended by force, and what it measured is kept all the same."""
        if self._busy and self._process is not None:
            self._stopped = True
            self._process.send(Stop())
            heard = any(isinstance(event, Started) for event in self.events)
            self._process.end_within(_STOP_SECONDS if heard else _STOP_UNSTARTED_SECONDS)

    def reset(self) -> None:
        """Put model and optimizer back; where no worker holds them any more there is nothing that could differ."""
        if self._process is None or not self._process.alive:
            self._append(Restored(digest="", exact=True))
            return
        self.stop()
        self._process.send(Reset())

    def close(self) -> None:
        """Let the worker go."""
        if not self._closed:
            self._closed = True
            self._drop()
            self._on_close()

    def join(self, timeout: float) -> None:
        """Wait for the worker to be gone."""
        if self._process is not None:
            self._process.join(timeout)

    def _taken(self) -> WorkerProcess:
        process = self._take()
        while not process.hand_over(self._receive, self._gone):
            process = self._take()
        return process

    def _drop(self) -> None:
        if self._process is not None:
            self._process.hand_over(self._receive, lambda words: None)
            self._process.close()
            if not self._closed:
                self._process = None

    def _receive(self, message: Message) -> None:
        if isinstance(message, Ready | Answer):
            return
        self._append(message)

    def _append(self, event: Event) -> None:
        if isinstance(event, Ended) or ends_check(event):
            self._busy, self._check = False, None
            if self._process is not None:
                self._process.end_within(None)
        self.events.append(event)

    def _gone(self, words: str) -> None:
        """The worker ended by itself. A run that was going on is ended in its place, from the events that arrived."""
        with self._lock:
            self._end_in_its_place(words)

    def _end_in_its_place(self, words: str) -> None:
        if not self._busy:
            if not self._closed:
                self._append(
                    Notice(text=f"the worker {words}; the next run starts another", level="warning")
                )
            return
        log = self._process.log if self._process is not None else ""
        if self._check:
            last = check_problem(
                self._check, STOPPED if self._stopped else f"the worker {words}; its log: {log}"
            )
            self._recovered(last)
            self._append(last)
            return
        if self._run is not None and not self._started():
            self._append(_never_started(self._run, str(log)))
        end = Ended(
            status="failed",
            phase=self._phase(),
            reason=f"the worker {words}; its log: {log}",
            seconds=self._since(),
        )
        if self._stopped:
            reason = "stopped by the user; the worker did not answer and was ended"
            end = msgspec.structs.replace(end, status="stopped", phase="", reason=reason)
        self._append(msgspec.structs.replace(end, record=self._recovered(end)))

    def _recovered(self, last: Event) -> str:
        try:
            record = from_events([*self.events[self._first :], last])
            path = save(record, record_path(record.id), overwrite=True)
        except (RecordError, OSError):
            return ""  # the journal is still there, for `lrtui recover`
        journal_path(record.id).unlink(missing_ok=True)
        return str(path)

    def _phase(self) -> str:
        events = self.events[self._first :]
        if any(isinstance(event, Step) for event in events):
            return "training"
        built = any(isinstance(event, Started) and event.digest for event in events)
        return "the first step" if built else "building"

    def _started(self) -> bool:
        return any(isinstance(event, Started) for event in self.events[self._first :])

    def _since(self) -> float:
        return time.monotonic() - self._began


def _never_started(run: Run, log: str) -> Started:
    """The start of a run whose worker went away before it could tell of it, so that there is a record all the same."""
    return Started(
        id=run.id,
        created=now(),
        lrtui=__version__,
        torch="",
        device=run.spec.device,
        spec=run.spec,
        parameters=0,
        batch="",
        loss="",
        digest="",
        total_steps=run.spec.range.num_iter * run.spec.range.repeats,
        log=log,
    )


def _objects_of(spec: RunSpec) -> object:
    """What live objects depend on: the spec without its range, and the state of every file that it names."""
    stamps = tuple(_stamp(getattr(spec, name).target) for name in CHOICES)
    return msgspec.structs.replace(spec, range=RunSpec().range), stamps


def _stamp(target: str) -> tuple[int, int] | None:
    path: Path | None = locate(split(target)[0]) if ":" in target else None
    if path is None or not path.exists():
        return None
    status = path.stat()
    return status.st_mtime_ns, status.st_size
