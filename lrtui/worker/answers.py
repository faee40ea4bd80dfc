"""Answers to a form's questions. Whatever a library or a user's code does, the answer is one line or what was asked."""

import sys
import time
import traceback
from collections.abc import Callable

from lrtui.build import availability as datasets
from lrtui.build.first_batch import inspect_first_batch
from lrtui.build.introspect import offers_in_module
from lrtui.catalog.errors import CatalogError, PhaseError, one_line
from lrtui.protocol import (
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
)

_PROGRESS_SECONDS = 0.1


def answer(question: Describe | Look | Check | Fetch, send: Callable[[Message], None]) -> None:
    """Send what is to be said to a question."""
    match question:
        case Describe():
            send(describe(question))
        case Look():
            send(look(question))
        case Check():
            send(check(question))
        case Fetch():
            send(fetch(question, send))


def describe(command: Describe) -> Described:
    """What a module offers, or why that cannot be told."""
    role, where = command.role, command.where
    try:
        return Described(role=role, where=where, offers=tuple(offers_in_module(where, role)))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - importing a library may do anything
        return Described(role=role, where=where, problem=problem_of(error))


def look(command: Look) -> Looked:
    """What the first batch of the data tells."""
    data, loader = command.data, command.loader
    try:
        facts, words = inspect_first_batch(data, loader)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's data set may do anything
        return Looked(data=data, loader=loader, problem=problem_of(error))
    return Looked(data=data, loader=loader, facts=facts, words=words)


def check(command: Check) -> Checked:
    """Whether the data is there."""
    try:
        return Checked(data=command.data, availability=datasets.available(command.data))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - torchvision reads files to tell
        return Checked(data=command.data, problem=problem_of(error))


def fetch(command: Fetch, send: Callable[[Message], None]) -> Fetched:
    """Download the data; its progress is told a few times a second."""
    last = 0.0

    def progress(name: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PROGRESS_SECONDS or done >= total > 0:
            last = now
            send(Fetching(data=command.data, name=name, done=done, total=total))

    try:
        datasets.download(command.data, progress)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the network, the disk, an archive that is none
        return Fetched(data=command.data, problem=problem_of(error))
    return Fetched(data=command.data)


def problem_of(error: BaseException) -> str:
    """One line for the person; the traceback of what we did not expect goes to the log."""
    if isinstance(error, CatalogError | PhaseError):
        return str(error)
    traceback.print_exception(error, file=sys.stderr)
    return one_line(error)
