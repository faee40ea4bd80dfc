"""`lrtui attach` and `lrtui run --detach` where they have nothing to do: one line, exit 2."""

import fcntl
from pathlib import Path

import pytest

from lrtui.events import Event, encode
from lrtui.record import from_events
from lrtui.runs.store import journal_path, record_path, save
from tests.commands.invoking import invoke
from tests.sample import STARTED, run_events, steps

EVENTS: list[Event] = [STARTED, *steps()]
JOURNAL = b"".join(map(encode, EVENTS))


def refused(*arguments: str) -> str:
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    return done.stderr.strip()


def test_nothing_goes_on() -> None:
    assert refused("attach") == "lrtui: no run goes on: `lrtui ls` lists those that have ended"
    assert "no run has an id that begins so" in refused("attach", "01XX")


def test_a_run_that_is_over_and_one_that_was_cut_off_are_named_with_what_to_do() -> None:
    save(from_events(run_events()), record_path(STARTED.id))
    assert f"is over: `lrtui show {STARTED.id}`" in refused("attach", STARTED.id)
    assert "is a file" in refused("attach", str(record_path(STARTED.id)))
    cut_off = journal_path("01JE0000000000000000000000")
    cut_off.write_bytes(JOURNAL)
    assert "was cut off: `lrtui recover`" in refused("attach", "01je")


def test_without_a_terminal_it_says_so() -> None:
    with journal_path(STARTED.id).open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(JOURNAL)
        assert "no terminal" in refused("attach")
        assert "it goes on, and `lrtui attach` shows it" in refused("show", STARTED.id)


@pytest.mark.parametrize("flags", [("--json",), ("-o", "x.json"), ("--on-hangup", "stop")])
def test_what_needs_the_end_of_a_run_is_refused_with_detach(
    flags: tuple[str, ...], tmp_path: Path
) -> None:
    assert "`lrtui show ID --json`" in refused("run", "--detach", *flags)
