"""Session: the workers of a front end. A spare one imports torch while the user fills the form."""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakSet

from lrtui.catalog.offers import Role
from lrtui.catalog.trust import Item
from lrtui.launch.process import WorkerProcess
from lrtui.launch.questions import STUCK_SECONDS, Questions, runs_user_code
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
    look_of,
)
from lrtui.spec import Choice, LoaderSpec, RunSpec

if TYPE_CHECKING:
    from lrtui.launch.remote.host import Host
    from lrtui.launch.worker_driver import WorkerDriver


class Session:
    """Hands out drivers and answers. Nothing here blocks: processes are started on a thread.

    A spare that has run user code, or that hangs over a question, is not used for a run.

    Args:
        host: where the workers are; None: on this machine.

    Attributes:
        ready: torch's version and the devices, once a spare has imported torch; None until then.
        problem: why no worker can be started; "" when all is well.
        agreed: what a person has agreed to run in this session, beside what is remembered.
        refused: what workers did not run, because it is not agreed to.
    """

    def __init__(self, host: "Host | None" = None) -> None:
        self._host = host
        self.agreed: set[str] = set()
        self.refused: dict[str, Item] = {}
        self.ready: Ready | None = None
        self.problem = ""
        self._questions = Questions()
        self._drivers: WeakSet[WorkerDriver] = WeakSet()
        self._spare: WorkerProcess | None = None
        self._warm = False  # the present spare has imported torch
        self._lock = threading.RLock()
        self._closed = False

    @property
    def host(self) -> str:
        """The machine where the workers are; "" for this one."""
        return "" if self._host is None else self._host.name

    @property
    def host_flags(self) -> Sequence[str]:
        """The flags of a command that runs there."""
        return () if self._host is None else self._host.flags

    @property
    def news(self) -> int:
        """Grows with every answer."""
        return self._questions.answers

    @property
    def described(self) -> Mapping[tuple[str, str], Described]:
        """What modules offer, by (role, where)."""
        return self._questions.described

    @property
    def looked(self) -> Mapping[str, Looked]:
        """What data looks like, by `look_key`."""
        return self._questions.looked

    @property
    def checked(self) -> Mapping[str, Checked]:
        """Whether data is on this machine, by `key(data)`."""
        return self._questions.checked

    @property
    def fetching(self) -> Mapping[str, Fetching | Fetched]:
        """The progress of downloads, by `key(data)`."""
        return self._questions.fetching

    def start(self) -> None:
        """Start a spare in the background, unless there is one."""
        threading.Thread(target=self._start_spare, name="spare", daemon=True).start()

    def describe(self, role: Role, where: str) -> None:
        """Ask what a module offers."""
        self._ask(Describe(role=role, where=where))

    def look(self, data: Choice, loader: LoaderSpec, model: str = "", batch: str = "") -> None:
        """Ask for the facts of a first batch, in place of open looks at other data.

        It runs the data's code, and imports the model's where its target is given.
        """
        question = Look(data, loader, model, batch)
        if self._host is not None and runs_user_code(question):
            # files go there with a run alone: what such data is, the run finds out
            unknown = Looked(data=data, loader=loader, model=model, batch=batch)
            self._questions.answer(unknown)
            return
        with self._lock:
            dropped = self._questions.drop_looks_except(question)
            if dropped and self._warm and self._questions.silent_for(STUCK_SECONDS):
                self._replace_spare()
        self._ask(question)

    def check(self, data: Choice) -> None:
        """Ask (again) whether data is on this machine."""
        self._questions.forget(key(data))
        self._ask(Check(data))

    def fetch(self, data: Choice) -> None:
        """Download data; earlier answers about it are dropped when it is done."""
        self._questions.fetching.pop(key(data), None)
        self._ask(Fetch(data))

    def leave(self, data: Choice) -> None:
        """End a download: its worker is killed and replaced."""
        with self._lock:
            self._questions.answer(Fetched(data=data, problem="the download was left"))
            self._replace_spare()

    def driver(self, spec: RunSpec) -> "WorkerDriver":
        """A driver that takes the spare when it runs; another spare starts when it is closed."""
        # imported late: it reads records, which would delay the first paint
        from lrtui.launch.worker_driver import WorkerDriver

        driver = WorkerDriver(self._take, self.start, self.agreed, self.refused)
        self._drivers.add(driver)
        return driver

    def hang_up(self, *, stop: bool = False) -> None:
        """Leave what is in progress to its workers, which finish and record it; or stop it."""
        for driver in list(self._drivers):
            driver.hang_up(stop=stop)

    def close(self) -> None:
        """Kill the spare."""
        with self._lock:
            self._closed = True
            self._kill_spare()

    def _ask(self, question: Question) -> None:
        with self._lock:
            if not self._questions.add(question):
                return
            if self._spare is not None:
                self._spare.send(question)
                return
        self.start()

    def _start_spare(self) -> None:
        with self._lock:
            if self._spare is not None or self._closed:
                return
            try:
                self._spare = self._new_process()
            except OSError as error:
                self.problem = f"no worker can be started: {error}"
                return
            self._warm = False
            for question in self._questions.for_new_spare():
                self._spare.send(question)

    def _take(self) -> WorkerProcess:
        """The spare for a run; a new process where the spare is dead or may be blocked."""
        with self._lock:
            # a spare that still imports torch takes the run before its questions
            blocked = self._warm and self._questions.may_block
            if self._spare is not None and self._spare.alive and not blocked:
                spare, self._spare = self._spare, None
                return spare
        return self._new_process()

    def _new_process(self) -> WorkerProcess:
        if self._host is None:
            return WorkerProcess(self._receive, self._spare_ended)
        from lrtui.launch.remote.process import RemoteProcess  # imported late: few need it

        return RemoteProcess(self._host, self._receive, self._spare_ended)

    def _receive(self, message: Message) -> None:
        with self._lock:
            if isinstance(message, Ready):
                self.ready, self.problem, self._warm = message, "", True
                self._questions.worker_is_ready()
            elif isinstance(message, Answer):
                self._receive_answer(message)

    def _receive_answer(self, answer: Answer) -> None:
        self._questions.answer(answer)
        if isinstance(answer, Fetched):
            self._questions.forget(key(answer.data))
        if isinstance(answer, Looked) and runs_user_code(look_of(answer)):
            # a run must import the user's file as it is then, not as it was for the look
            self._replace_spare()

    def _replace_spare(self) -> None:
        self._kill_spare()
        if not self._closed:
            self.start()

    def _kill_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.hand_over(_ignore, _ignore)
            spare.kill()

    def _spare_ended(self, reason: str) -> None:
        """The spare died. Its first question has failed; the next spare gets the rest."""
        with self._lock:
            spare, self._spare = self._spare, None
            if self._closed:
                return
            problem = f"the worker {reason}"
            if spare is not None:
                problem = f"{problem}; its log: {spare.log}"
            if self.ready is not None and self._questions.fail_first(problem):
                self.start()
            else:
                self.problem = problem


def _ignore(message: object) -> None:
    pass
