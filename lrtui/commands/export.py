"""`lrtui export`: a run as files for papers, pull requests, dashboards and scripts."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from lrtui.commands.opening import REFUSED, check_use, opened, refuse
from lrtui.commands.streams import ANSWER, NOT_SAVED, USAGE, printable, put, say
from lrtui.export.content import ExportError
from lrtui.export.formats import (
    STDOUT,
    Target,
    default_path,
    file_bytes,
    target_of,
    write_other,
)
from lrtui.files import expanded, write_atomic
from lrtui.record import RunRecord
from lrtui.runs.tools import UNSAID, Smoothing


def export(name: str, to: Sequence[str], force: bool, smoothing: Smoothing = UNSAID) -> int:
    """Write a run in each of these formats, and print where; returns the exit code.

    What one of them refuses is said before anything is written.
    """
    try:
        targets = [target_of(text) for text in to]
        result = opened(name, smoothing)
        check_use(smoothing, [result])
        placed = list(_placed(result.record, targets))
        contents = {
            target: file_bytes(result.record, target.format) for target in placed if target.is_file
        }
    except ExportError as error:
        return say(str(error), USAGE)
    except REFUSED as error:
        return refuse(name, error)
    existing = [target.place for target in contents if _exists(target)]
    if existing and not force:
        return say(f"{', '.join(existing)}: already exists; --force overwrites it", USAGE)
    for target in placed:
        code = _write(result.record, target, contents.get(target), force)
        if code != ANSWER:
            return code
    return ANSWER


def _placed(record: RunRecord, targets: Sequence[Target]) -> Iterator[Target]:
    """The targets, with a file for those that are files and name none."""
    for target in targets:
        if target.is_file and not target.place:
            yield Target(target.format, str(default_path(record, target.format)))
        else:
            yield target


def _exists(target: Target) -> bool:
    return target.place != STDOUT and expanded(target.place).exists()


def _write(record: RunRecord, target: Target, content: bytes | None, force: bool) -> int:
    """Write one of them; returns the exit code."""
    try:
        if content is None:
            return put([printable(write_other(record, target, overwrite=force))])
        if target.place == STDOUT:
            return _to_stdout(content)
        return put([printable(str(write_atomic(content, Path(target.place), force)))])
    except ExportError as error:
        return say(str(error), USAGE)
    except FileExistsError as error:
        return say(f"{error.filename}: {error.strerror}; --force overwrites it", USAGE)
    except OSError as error:
        # a file is written beside its name first, and the error has that one
        where = target.place if target.is_file else error.filename or target.place
        return say(f"{where}: cannot be written: {error.strerror or error}", NOT_SAVED)


def _to_stdout(content: bytes) -> int:
    """The content as it is: pictures are no text."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        return put([content.decode("utf-8", "replace").removesuffix("\n")])
    buffer.write(content)
    buffer.flush()
    return ANSWER
