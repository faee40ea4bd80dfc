"""Session: one per front end. Keeps a spare worker warm, so that torch is imported when the form is filled."""

import threading

from lrtui.catalog.offer import Role
from lrtui.launch.process import WorkerProcess
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.spec import RunSpec
from lrtui.worker.messages import Describe, Described, Message, Ready


class Session:
    """Hands out drivers. Nothing here blocks: processes are started on a thread.

    `ready` tells torch's version and the devices once a spare is warm; `described` collects the answers to `describe`;
    `problem` says why no worker can be had, and is empty when all is well.
    """

    def __init__(self) -> None:
        self.ready: Ready | None = None
        self.described: dict[tuple[str, str], Described] = {}
        self.problem = ""
        self._asked: list[Describe] = []
        self._spare: WorkerProcess | None = None
        self._lock = threading.Lock()
        self._closed = False

    def start(self) -> None:
        """Begin to warm a spare."""
        threading.Thread(target=self._warm, name="spare", daemon=True).start()

    def describe(self, role: Role, where: str) -> None:
        """Ask what a module offers; the answer appears in `described`."""
        question = Describe(role=role, where=where)
        if question in self._asked:
            return
        self._asked.append(question)
        if self._spare is not None:
            self._spare.send(question)
        else:
            self.start()

    def driver(self, spec: RunSpec) -> WorkerDriver:
        """A driver that takes the warm worker when it runs; once it is closed another spare is warmed."""
        return WorkerDriver(self._take, on_close=self.start)

    def close(self) -> None:
        """Let the spare go."""
        with self._lock:
            self._closed = True
            spare, self._spare = self._spare, None
        if spare is not None:
            spare.on_exit = lambda words: None
            spare.kill()

    def _warm(self) -> None:
        with self._lock:
            if self._spare is not None or self._closed:
                return
            try:
                self._spare = self._new()
            except OSError as error:
                self.problem = f"no worker can be started: {error}"
                return
            for question in self._asked:
                if (question.role, question.where) not in self.described:
                    self._spare.send(question)

    def _take(self) -> WorkerProcess:
        with self._lock:
            spare, self._spare = self._spare, None
        return spare if spare is not None and spare.alive else self._new()

    def _new(self) -> WorkerProcess:
        return WorkerProcess(self._receive, self._gone)

    def _receive(self, message: Message) -> None:
        if isinstance(message, Ready):
            self.ready, self.problem = message, ""
        elif isinstance(message, Described):
            self.described[message.role, message.where] = message

    def _gone(self, words: str) -> None:
        spare, self._spare = self._spare, None
        log = f"; its log: {spare.log}" if spare is not None else ""
        if not self._closed:
            self.problem = f"the worker {words}{log}"
