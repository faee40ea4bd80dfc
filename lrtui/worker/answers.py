"""Answers to a form's questions. Whatever they run may raise: that becomes a one-line problem."""

import sys
import time
import traceback
from collections.abc import Callable

from msgspec.structs import replace

from lrtui.build import availability as datasets
from lrtui.build.first_batch import inspect_first_batch
from lrtui.build.introspect import offers_in_module
from lrtui.catalog.errors import CatalogError, PhaseError, one_line
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
)
from lrtui.spec import Choice

_PROGRESS_SECONDS = 0.1

Send = Callable[[Answer], None]


def answer(question: Question, send: Send) -> None:
    """Send the answer to a question; a download sends its progress as well."""
    match question:
        case Describe():
            send(describe(question))
        case Look():
            send(look(question))
        case Check():
            send(check(question))
        case Fetch():
            send(fetch(question, send))


def describe(question: Describe) -> Described:
    """What a module offers for a role."""
    role, where = question.role, question.where
    try:
        offers = tuple(offers_in_module(where, role))
    except BaseException as error:  # noqa: BLE001 - importing a library may do anything
        return Described(role=role, where=where, problem=problem_of(error))
    return Described(role=role, where=where, offers=offers)


def look(question: Look) -> Looked:
    """The facts of the first batch, and its description."""
    looked = Looked(
        data=question.data, loader=question.loader, model=question.model, batch=question.batch
    )
    model = Choice(question.model) if question.model else None
    try:
        facts, words = inspect_first_batch(
            question.data, question.loader, model=model, names=question.batch
        )
    except BaseException as error:  # noqa: BLE001 - a user's data set may do anything
        return replace(looked, problem=problem_of(error))
    return replace(looked, facts=facts, words=words)


def check(question: Check) -> Checked:
    """Whether the data is on this machine."""
    data = question.data
    try:
        return Checked(data=data, availability=datasets.available(data))
    except BaseException as error:  # noqa: BLE001 - torchvision reads files to find out
        return Checked(data=data, problem=problem_of(error))


def fetch(question: Fetch, send: Send) -> Fetched:
    """Download the data. Progress is sent ten times a second at most, and when a file is done."""
    data = question.data
    last_sent = 0.0

    def send_progress(name: str, done: int, total: int) -> None:
        nonlocal last_sent
        now = time.monotonic()
        if now - last_sent >= _PROGRESS_SECONDS or done >= total > 0:
            last_sent = now
            send(Fetching(data=data, name=name, done=done, total=total))

    try:
        datasets.download(data, send_progress)
    except BaseException as error:  # noqa: BLE001 - network, disk, a broken archive
        return Fetched(data=data, problem=problem_of(error))
    return Fetched(data=data)


def problem_of(error: BaseException) -> str:
    """One line for the user; the traceback of an unexpected error goes to the log."""
    if isinstance(error, CatalogError | PhaseError):
        return str(error)
    traceback.print_exception(error, file=sys.stderr)
    return one_line(error)
