"""Session: one per front end. Keeps a spare worker warm, so that torch is imported when the form is filled."""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lrtui.catalog.offers import Role
from lrtui.launch.process import WorkerProcess
from lrtui.launch.questions import STUCK_SECONDS, Asking, runs_users_code
from lrtui.protocol import (
    Answer,
    Check,
    Checked,
    Describe,
    Described,
    Fetch,
    Fetched,
    Fetching,
    Look,
    Looked,
    Message,
    Question,
    Ready,
    key,
)
from lrtui.spec import Choice, LoaderSpec, RunSpec

if TYPE_CHECKING:
    from lrtui.launch.worker_driver import WorkerDriver


class Session:
    """Hands out drivers and answers. Nothing here blocks: processes are started on a thread.

    `ready` tells torch's version and the devices once a spare is warm; answers appear in `described`, `looked`,
    `checked` and `fetching`; `problem` says why no worker can be had, and is empty when all is well. A spare that has
    run a user's code, or that hangs over a question, is never handed to a run.
    """

    def __init__(self) -> None:
        self.ready: Ready | None = None
        self.problem = ""
        self._asking = Asking()
        self._spare: WorkerProcess | None = None
        self._warm = False  # the spare in hand has said that it is ready
        self._lock = threading.RLock()
        self._closed = False

    @property
    def news(self) -> int:
        """Grows with every answer."""
        return self._asking.count

    @property
    def described(self) -> Mapping[tuple[str, str], Described]:
        """What modules offer, by (role, where)."""
        return self._asking.described

    @property
    def looked(self) -> Mapping[str, Looked]:
        """What data looks like, by `key(data, loader)`."""
        return self._asking.looked

    @property
    def checked(self) -> Mapping[str, Checked]:
        """Whether data is there, by `key(data)`."""
        return self._asking.checked

    @property
    def fetching(self) -> Mapping[str, Fetching | Fetched]:
        """How far downloads are, by `key(data)`."""
        return self._asking.fetching

    def start(self) -> None:
        """Begin to warm a spare."""
        threading.Thread(target=self._begin, name="spare", daemon=True).start()

    def describe(self, role: Role, where: str) -> None:
        """Ask what a module offers."""
        self._ask(Describe(role=role, where=where))

    def look(self, data: Choice, loader: LoaderSpec) -> None:
        """Ask what the first batch of data tells; it runs the data's code. A look that still waits is called off."""
        question = Look(data, loader)
        with self._lock:
            if (
                self._asking.call_off(question)
                and self._warm
                and self._asking.slow_since(STUCK_SECONDS)
            ):
                self._retire()
        self._ask(question)

    def check(self, data: Choice) -> None:
        """Ask (again) whether data is there."""
        self._asking.forget(key(data))
        self._ask(Check(data))

    def fetch(self, data: Choice) -> None:
        """Download data; afterwards what was known of it is asked anew."""
        self._asking.fetching.pop(key(data), None)
        self._ask(Fetch(data))

    def leave(self, data: Choice) -> None:
        """End a download: its worker goes, another is warmed."""
        with self._lock:
            self._asking.take(Fetched(data=data, problem="the download was left"))
            self._retire()

    def driver(self, spec: RunSpec) -> "WorkerDriver":
        """A driver that takes the warm worker when it runs; once it is closed another spare is warmed."""
        from lrtui.launch.worker_driver import (
            WorkerDriver,
        )  # records and all: nothing that a first paint waits for

        return WorkerDriver(self._take, on_close=self.start)

    def close(self) -> None:
        """Let the spare go."""
        with self._lock:
            self._closed = True
            self._drop()

    def _ask(self, question: Question) -> None:
        with self._lock:
            if not self._asking.add(question):
                return
            if self._spare is not None:
                self._spare.send(question)
                return
        self.start()

    def _begin(self) -> None:
        with self._lock:
            if self._spare is not None or self._closed:
                return
            try:
                self._spare = self._new()
            except OSError as error:
                self.problem = f"no worker can be started: {error}"
                return
            self._warm = False
            for question in self._asking.still_open():
                self._spare.send(question)

    def _take(self) -> WorkerProcess:
        """The spare for a run, or a new process where the spare is dead or may be held up."""
        with self._lock:
            held_up = (
                self._warm and self._asking.blocks
            )  # one that still imports torch takes a run before all else
            if self._spare is not None and self._spare.alive and not held_up:
                spare, self._spare = self._spare, None
                return spare
        return self._new()

    def _new(self) -> WorkerProcess:
        return WorkerProcess(self._receive, self._gone)

    def _receive(self, message: Message) -> None:
        with self._lock:
            if isinstance(message, Ready):
                self.ready, self.problem, self._warm = message, "", True
                self._asking.heard()
            elif isinstance(message, Answer):
                self._asking.take(message)
                if isinstance(message, Fetched):
                    self._asking.forget(key(message.data))
                if isinstance(message, Looked) and runs_users_code(
                    Look(message.data, message.loader)
                ):
                    self._retire()

    def _retire(self) -> None:
        """Have a fresh spare in place of one that has run a user's code: a run wants the file as it is then."""
        self._drop()
        if not self._closed:
            self.start()

    def _drop(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.hand_over(lambda message: None, lambda words: None)
            spare.kill()

    def _gone(self, words: str) -> None:
        """The spare ended by itself: a question that it died over is answered so, and the next spare gets the rest."""
        with self._lock:
            spare, self._spare = self._spare, None
            log = f"; its log: {spare.log}" if spare is not None else ""
            if self._closed:
                return
            if self.ready is None or not self._asking.give_up(f"the worker {words}{log}"):
                self.problem = f"the worker {words}{log}"
            else:
                self.start()
