"""Ledger: which tests have been done, and their records. One line each, only ever appended.

It is one file for all sweeps: a test that two grids have is done once.
"""

import contextlib
import os
from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.files import read_file
from lrtui.runs.store import record_path
from lrtui.sweep.executor import Outcome, Status

_FINAL = ("completed", "diverged", "failed")


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A test that was done: the id of its record, "" where there is none."""

    key: str
    status: Status
    id: str = ""
    reason: str = ""
    seconds: float = 0.0

    def outcome(self) -> Outcome:
        """As an executor tells it."""
        record = str(record_path(self.id)) if self.id else ""
        return Outcome(
            key=self.key,
            status=self.status,
            reason=self.reason,
            seconds=self.seconds,
            record=record,
        )


class Ledger:
    """The file, and what it says of each test: the last line counts."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.sweeps()
        self._entries: dict[str, Entry] = {}
        self._read()

    def get(self, key: str) -> Outcome | None:
        """How a test ended; None where it was not done, or where its record was deleted."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        outcome = entry.outcome()
        if entry.status != "failed" and not Path(outcome.record).is_file():
            return None
        return outcome

    def add(self, outcome: Outcome) -> None:
        """Append a test that is done; nothing for one that was stopped, and is not.

        Raises:
            OSError: it cannot be written.
        """
        if not _is_final(outcome):
            return
        entry = Entry(
            key=outcome.key,
            status=outcome.status,
            id=Path(outcome.record).stem if outcome.record else "",
            reason=outcome.reason,
            seconds=outcome.seconds,
        )
        self._entries[entry.key] = entry
        # the line break comes first as well: a writer that was killed may have left half a line
        line = b"\n" + msgspec.json.encode(entry) + b"\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        file = os.open(self._path, flags, 0o600)
        try:
            os.write(file, line)  # one write: sweeps at the same time do not mix their lines
            os.fsync(file)
        finally:
            os.close(file)

    def _read(self) -> None:
        """Read all lines but those that are torn."""
        try:
            content = read_file(self._path)
        except OSError:
            return  # there is none yet
        for line in content.split(b"\n"):
            if line:
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    entry = msgspec.json.decode(line, type=Entry)
                    self._entries[entry.key] = entry


def _is_final(outcome: Outcome) -> bool:
    """Whether a test has said all that it will: `stopped` of its own accord is out of time."""
    if outcome.refused:
        return False
    if outcome.status == "failed":
        return True
    if not outcome.record:
        return False  # it could not be saved
    return outcome.status in _FINAL or outcome.reason.startswith("out of time")
