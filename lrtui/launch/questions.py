"""Questions: what a form has asked the spare worker, and the answers so far."""

import time

from lrtui.catalog.targets import is_library
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
    Question,
    key,
    look_key,
    look_of,
)

STUCK_SECONDS = 1.0


class Questions:
    """Keeps questions until they are answered.

    A spare that is lost or handed to a run leaves its questions to the next spare.
    """

    def __init__(self) -> None:
        self.described: dict[tuple[str, str], Described] = {}
        self.looked: dict[str, Looked] = {}
        self.checked: dict[str, Checked] = {}
        self.fetching: dict[str, Fetching | Fetched] = {}
        self.answers = 0  # grows with each: a form compares it with the last it has seen
        self._open: list[Question] = []
        self._last_heard = time.monotonic()  # of a worker; or when the first question was asked

    def add(self, question: Question) -> bool:
        """Remember a question; False if it is open already."""
        if question in self._open:
            return False
        if not self._open:
            self._last_heard = time.monotonic()
        self._open.append(question)
        return True

    def for_new_spare(self) -> list[Question]:
        """The open questions, for a new spare; a download that was cut off is not among them."""
        self._open = [question for question in self._open if not isinstance(question, Fetch)]
        return list(self._open)

    def answer(self, answer: Answer) -> None:
        """Keep an answer, and close its question."""
        self._last_heard = time.monotonic()
        self.answers += 1
        match answer:
            case Described():
                self.described[answer.role, answer.where] = answer
                self._close(Describe(role=answer.role, where=answer.where))
            case Looked():
                self.looked[look_key(answer)] = answer
                self._close(look_of(answer))
            case Checked():
                self.checked[key(answer.data)] = answer
                self._close(Check(answer.data))
            case Fetching():
                self.fetching[key(answer.data)] = answer
            case Fetched():
                self.fetching[key(answer.data)] = answer
                self._close(Fetch(answer.data))

    def worker_is_ready(self) -> None:
        """The spare has started: how slow it is counts from now."""
        self._last_heard = time.monotonic()
        self.answers += 1

    def forget(self, data_key: str) -> None:
        """Drop the answers about data that may have changed on disk."""
        self.checked.pop(data_key, None)
        for looked_key, looked in list(self.looked.items()):
            if key(looked.data) == data_key:
                del self.looked[looked_key]

    def drop_looks_except(self, wanted: Look) -> bool:
        """Drop open looks at other data: no form waits for them. True if there was one."""
        kept: list[Question] = []
        for question in self._open:
            if not isinstance(question, Look) or key_of(question) == key_of(wanted):
                kept.append(question)
        dropped = len(kept) < len(self._open)
        self._open = kept
        return dropped

    def fail_first(self, problem: str) -> bool:
        """Answer the question over which the spare died with the problem; False if none is open."""
        if not self._open:
            return False
        self.answer(_failed(self._open[0], problem))
        return True

    @property
    def may_block(self) -> bool:
        """Whether the spare may be busy for long: with a download, user code or anything slow."""
        for question in self._open:
            if isinstance(question, Fetch) or runs_user_code(question):
                return True
        return bool(self._open) and self.silent_for(STUCK_SECONDS)

    def silent_for(self, seconds: float) -> bool:
        """Whether no worker has been heard for that long."""
        return time.monotonic() - self._last_heard > seconds

    def _close(self, answered: Question) -> None:
        closed = key_of(answered)
        self._open = [question for question in self._open if key_of(question) != closed]


def runs_user_code(question: Question) -> bool:
    """Whether the answer executes code that is not a library's."""
    if not isinstance(question, Look):
        return False
    for target in (question.data.target, question.model):
        where, _, _ = target.rpartition(":")
        if target and not is_library(where):
            return True
    return False


def key_of(question: Question) -> tuple[type, str]:
    """Equal for equal questions, whether their arguments are tuples or were decoded as lists."""
    if isinstance(question, Describe):
        return Describe, f"{question.role} {question.where}"
    if isinstance(question, Look):
        return Look, look_key(question)
    return type(question), key(question.data)


def _failed(question: Question, problem: str) -> Answer:
    match question:
        case Describe():
            return Described(role=question.role, where=question.where, problem=problem)
        case Look():
            return Looked(
                data=question.data,
                loader=question.loader,
                model=question.model,
                batch=question.batch,
                problem=problem,
            )
        case Check():
            return Checked(data=question.data, problem=problem)
        case Fetch():
            return Fetched(data=question.data, problem=problem)
