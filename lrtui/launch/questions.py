"""Asking: what a form has asked of the spare worker, and the answers so far."""

import time
from collections.abc import Iterator

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
)

STUCK_SECONDS = 1.0


class Asking:
    """Questions are kept until they are answered: a spare that is lost or handed to a run leaves them to the next."""

    def __init__(self) -> None:
        self.described: dict[tuple[str, str], Described] = {}
        self.looked: dict[str, Looked] = {}
        self.checked: dict[str, Checked] = {}
        self.fetching: dict[str, Fetching | Fetched] = {}
        self.count = 0  # of answers: says whether there is news
        self._open: list[Question] = []
        self._last = time.monotonic()  # when something was last heard, or first asked

    def add(self, question: Question) -> bool:
        """Remember a question; False when it waits for its answer already."""
        if question in self._open:
            return False
        if not self._open:
            self._last = time.monotonic()
        self._open.append(question)
        return True

    def still_open(self) -> Iterator[Question]:
        """What a new spare is to be asked. A download is not begun again by itself."""
        self._open = [question for question in self._open if not isinstance(question, Fetch)]
        return iter(list(self._open))

    def take(self, answer: Answer) -> None:
        """Keep an answer."""
        self._last = time.monotonic()
        match answer:
            case Described():
                self.described[answer.role, answer.where] = answer
                self._close(Describe(role=answer.role, where=answer.where))
            case Looked():
                self.looked[key(answer.data, answer.loader)] = answer
                self._close(Look(answer.data, answer.loader))
            case Checked():
                self.checked[key(answer.data)] = answer
                self._close(Check(answer.data))
            case Fetching():
                self.fetching[key(answer.data)] = answer
            case Fetched():
                self.fetching[key(answer.data)] = answer
                self._close(Fetch(answer.data))
        self.count += 1

    def heard(self) -> None:
        """The spare became ready: what it is slow with is counted from here."""
        self._last = time.monotonic()
        self.count += 1

    def forget(self, data_key: str) -> None:
        """What was said of data that may have changed on the disk."""
        self.checked.pop(data_key, None)
        for old in [old for old, looked in self.looked.items() if key(looked.data) == data_key]:
            self.looked.pop(old, None)

    def call_off(self, wanted: Look) -> bool:
        """Drop looks at other data, which nobody waits for any more; whether one was dropped."""
        old = [one for one in self._open if isinstance(one, Look) and key_of(one) != key_of(wanted)]
        self._open = [one for one in self._open if one not in old]
        return bool(old)

    def give_up(self, problem: str) -> bool:
        """The spare died over the question in hand: that one is answered with the reason, and not asked again."""
        if not self._open:
            return False
        self.take(_refused(self._open[0], problem))
        return True

    @property
    def blocks(self) -> bool:
        """Whether the spare may be held up: by a download, by a user's code, by anything that takes long."""
        if not self._open:
            return False
        slow = any(
            isinstance(question, Fetch) or runs_users_code(question) for question in self._open
        )
        return slow or self.slow_since(STUCK_SECONDS)

    def slow_since(self, seconds: float) -> bool:
        """Whether nothing has been heard for so long."""
        return time.monotonic() - self._last > seconds

    def _close(self, question: Question) -> None:
        answered = key_of(question)
        self._open = [one for one in self._open if key_of(one) != answered]


def runs_users_code(question: Question) -> bool:
    """Whether answering executes something that is not a library's."""
    return isinstance(question, Look) and not is_library(question.data.target.rpartition(":")[0])


def key_of(question: Question) -> tuple[type, str]:
    """Equal for equal questions, whether their arguments are tuples or have come back as lists."""
    if isinstance(question, Describe):
        return Describe, f"{question.role} {question.where}"
    return type(question), key(
        question.data, question.loader if isinstance(question, Look) else None
    )


def _refused(question: Question, problem: str) -> Answer:
    match question:
        case Describe():
            return Described(role=question.role, where=question.where, problem=problem)
        case Look():
            return Looked(data=question.data, loader=question.loader, problem=problem)
        case Check():
            return Checked(data=question.data, problem=problem)
        case Fetch():
            return Fetched(data=question.data, problem=problem)
