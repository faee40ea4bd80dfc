"""What the user's code printed: the end of the log that fds 1 and 2 of a run go to."""

import re
from dataclasses import dataclass
from pathlib import Path

MOST_LINES = 200  # of a pane that shows prints
LAST_LINES = 20  # of a failed run, as its record keeps them
LONGEST = 500  # letters of a line
_TAIL_BYTES = 256 * 1024
# what a terminal would obey: CSI and OSC sequences, then any other escape
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
FATAL = "Fatal Python error:"  # the first line of faulthandler's dump


@dataclass(frozen=True)
class Output:
    """What is printed to a log after its first `since` bytes; nothing where there is no log."""

    path: str = ""
    since: int = 0

    @classmethod
    def from_now(cls, path: str) -> "Output":
        """The output that is yet to come."""
        try:
            return cls(path, Path(path).stat().st_size if path else 0)
        except OSError:
            return cls(path)

    def lines(self, most: int = MOST_LINES) -> list[str]:
        """The last lines, without escape sequences; of a progress bar its last state."""
        lines = self._text().split("\n")
        printed = [_as_shown(line) for line in lines]
        while printed and not printed[-1]:
            printed.pop()
        return printed[-most:]

    def last_lines(self) -> list[str]:
        """The last lines for the record of a failed run, without what a crash added."""
        printed = self.lines(MOST_LINES)
        for index, line in enumerate(printed):
            if line.startswith(FATAL):
                printed = printed[:index]
                break
        while printed and not printed[-1]:
            printed.pop()
        return printed[-LAST_LINES:]

    def _text(self) -> str:
        """The end of the output; never more than its last part, however long it is."""
        if not self.path:
            return ""
        try:
            with Path(self.path).open("rb") as log:
                end = log.seek(0, 2)
                since = self.since if self.since <= end else 0  # it was shortened
                log.seek(max(since, end - _TAIL_BYTES))
                return log.read(_TAIL_BYTES).decode(errors="replace")
        except OSError:
            return ""


NO_OUTPUT = Output()


def _as_shown(line: str) -> str:
    """A line as a terminal would have left it, at most `LONGEST` letters of it."""
    plain = _ESCAPE.sub("", line)
    states = [state for state in plain.split("\r") if state.strip()]
    shown = states[-1].rstrip() if states else ""
    if len(shown) > LONGEST:
        return shown[: LONGEST - 1] + "…"
    return shown
