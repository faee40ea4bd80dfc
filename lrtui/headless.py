"""`lrtui run`: the same worker and the same events as the app, with a progress line in place of a screen."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from lrtui.analysis.answer import Suggestion
from lrtui.events import Ended, Event, Notice, Started, Step, Suggested
from lrtui.history.save import save
from lrtui.launch.session import Session
from lrtui.record import RecordError, RunRecord, from_events, to_json
from lrtui.spec import RunSpec

ANSWER, NO_ANSWER, USER_FAILED, NOT_SAVED = 0, 3, 4, 5
_POLL_SECONDS = 0.05


def run_headless(spec: RunSpec, *, as_json: bool = False, output: Path | None = None, overwrite: bool = False) -> int:
    """Run a spec to its end; the exit code. A first SIGINT or SIGTERM stops the run and keeps what it measured."""
    session = Session()
    driver = session.driver(spec)
    progress = Progress()
    with _signals() as received:
        driver.run(spec)
        read = 0
        stopping = False
        while driver.busy or read < len(driver.events):
            if received and not stopping:
                stopping = True
                driver.stop()
            for event in driver.events[read:]:
                progress.show(event)
                read += 1
            if driver.busy:
                time.sleep(_POLL_SECONDS)
    events = list(driver.events)
    driver.close()
    session.close()
    driver.join(5)
    progress.close()
    code = report(events, as_json=as_json, output=output, overwrite=overwrite)
    return 128 + received[0] if received else code


def report(events: list[Event], *, as_json: bool, output: Path | None, overwrite: bool) -> int:
    """Print and save the record of a run; the exit code that it deserves."""
    end = next(event for event in reversed(events) if isinstance(event, Ended))
    try:
        record = from_events(events)
    except RecordError:
        return _say(f"{end.phase}: {end.reason}", USER_FAILED)
    if as_json:
        sys.stdout.write(to_json(record).decode())
        sys.stdout.flush()
    code = _verdict(record, end, as_json)
    if output is not None:
        try:
            save(record, output, overwrite)
        except OSError as error:
            kept = f"; the record is kept at {end.record}" if end.record else ""
            return _say(f"{output}: could not be saved: {error.strerror}{kept}", NOT_SAVED)
    return code


def _verdict(record: RunRecord, end: Ended, quiet: bool) -> int:
    if record.status == "failed":
        log = f" (log: {record.log})" if record.log and record.log not in end.reason else ""
        return _say(f"{end.phase}: {end.reason}{log}", USER_FAILED)
    suggestion = record.suggestion
    if not quiet:
        print(f"{record.status}: {record.reason}")
        for line in answer_lines(record):
            print(line)
        if end.record:
            print(f"record   {end.record}")
    return ANSWER if suggestion is not None and suggestion.lr is not None else NO_ANSWER


def answer_lines(record: RunRecord) -> Iterator[str]:
    """The answer in words, the same ones as on the screen."""
    suggestion: Suggestion | None = record.suggestion
    if suggestion is None:
        yield "no learning rate: nothing was measured"
    elif suggestion.lr is None:
        yield f"no learning rate can be recommended ({suggestion.verdict})"
    else:
        yield f"lr       {suggestion.lr:.1e}"
        yield f"from     {suggestion.low:.1e} to {suggestion.high:.1e}"
    if suggestion is not None:
        yield suggestion.reason
        if suggestion.advice:
            yield suggestion.advice
    if record.bounds is not None:
        yield f"bounds   {record.bounds.start_lr:.1e} to {record.bounds.end_lr:.1e}"


class Progress:
    """One line on stderr that is rewritten on a terminal, and a line for every tenth elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._total = 0
        self._shown = -1
        self._count = 0
        self._open = False

    def show(self, event: Event) -> None:
        """Tell of an event."""
        match event:
            case Started():
                self._total = event.total_steps
                self._line(f"{event.spec.model.target} · {event.spec.data.target} · {event.device} · {event.batch}")
            case Notice():
                self._line(event.text)
            case Step():
                self._count += 1
                self._step(event)
            case Suggested() | Ended():
                self.close()

    def close(self) -> None:
        """End a line that is being rewritten."""
        if self._open:
            sys.stderr.write("\n")
            self._open = False

    def _step(self, step: Step) -> None:
        tenth = self._count * 10 // max(1, self._total)
        loss = "skipped" if step.loss is None else f"{step.loss:.4g}"
        text = f"{self._count}/{self._total}  lr {step.lr:.2e}  loss {loss}"
        if self._live:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
            self._open = True
        elif tenth > self._shown:
            self._line(text)
        self._shown = tenth

    def _line(self, text: str) -> None:
        self.close()
        sys.stderr.write("".join(char if char.isprintable() else " " for char in text) + "\n")


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect SIGINT, SIGTERM and SIGHUP instead of dying of them; a second one ends the program as usual."""
    received: list[int] = []
    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in handled}

    def remember(number: int, frame: FrameType | None) -> None:
        received.append(number)
        signal.signal(number, signal.SIG_DFL)

    for number in handled:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, remember)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"lrtui: {text}\n")
    return code
