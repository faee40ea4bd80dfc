"""Nothing that others wrote reaches the terminal as a control, whatever quotes it."""

import json
import re
import sys
from pathlib import Path

import msgspec
import pytest

from lrtui.record import from_events, to_json
from lrtui.runs.store import record_path
from tests.faults.processes import ROOT, lrtui, lrtui_after
from tests.sample import run_events
from tests.terminal.terminal import Terminal

OSC = "\x1b]52;c;cHduZWQ=\x07"
HOSTILE = f"{OSC}\x9b31m\u202e\u2028\x7f"
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def assert_clean(*streams: bytes) -> None:
    for stream in streams:
        assert not CONTROLS.search(stream.decode()), stream


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--model", HOSTILE],
        ["run", "--model", f"{HOSTILE}.py:Net"],
        ["run", "--set", f"model.x={HOSTILE}", "--model", "x"],
        ["run", "--set", f"{HOSTILE}=1"],
        ["run", f"--{HOSTILE}"],
        ["run", f"{HOSTILE}.toml"],
        ["run", "-o", f"/nowhere{HOSTILE}/x.json"],
        ["run", "--device", HOSTILE],
        ["run", "--precision", HOSTILE],
        ["run", "--num-iter", HOSTILE],
        ["show", HOSTILE],
        ["show", "x", HOSTILE],
        ["models", HOSTILE],
        ["models", f"{HOSTILE}.py"],
        [HOSTILE],
        [f"{HOSTILE}.toml"],
        ["--model", HOSTILE],
        ["--spec", HOSTILE],
    ],
)
def test_a_refused_argument_is_quoted_without_its_controls(arguments: list[str]) -> None:
    done = lrtui(*arguments)
    assert done.returncode in (2, 4), done.stderr
    assert done.stderr
    assert_clean(done.stdout, done.stderr)


def test_so_is_the_home(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = lrtui("ls", env={"LRTUI_HOME": f"{tmp_path}/file/{HOSTILE}"})
    assert done.returncode == 2
    assert_clean(done.stdout, done.stderr)


@pytest.mark.parametrize(
    "text",
    [
        r'"\u001b]52;c;cHduZWQ=\u0007\u009b\u202e" = 1',
        '[model]\n"\\u009b\\u202e" = 1',
        '[model]\ntarget = "\\u001b]52;c;x\\u0007\\u202e"',
        '[range]\nmode = "\\u001b]52;c;x\\u0007\\u009b"',
        'seed = "\x9b31m',
    ],
)
def test_so_is_a_spec(text: str, tmp_path: Path) -> None:
    spec = tmp_path / f"s{OSC.replace('/', '')}.toml"
    spec.write_text(text)
    for command in (["run", spec], [spec]):
        done = lrtui(*command)
        assert done.returncode == 2, done.stderr
        assert_clean(done.stdout, done.stderr)


WARNS = f"x = [0x1for y in []]  # {OSC}\ny = '\\d' if x is 1 else 0  # {OSC}\n"


@pytest.mark.parametrize("command", ["models", "run"])
def test_the_parsers_warnings_quote_no_line(command: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(WARNS)
    arguments = {"models": ["models", "net.py"], "run": ["run", "--model", "net.py:Net"]}[command]
    done = lrtui(*arguments, cwd=tmp_path, env={"PYTHONWARNINGS": "always"})
    if command == "models":  # a run imports the file, and its log is shown
        assert b"Warning" not in done.stdout + done.stderr
    assert_clean(done.stdout, done.stderr)


def test_json_has_escapes_for_what_a_terminal_obeys() -> None:
    record = msgspec.structs.replace(from_events(run_events()), reason=HOSTILE, notices=[HOSTILE])
    record_path(record.id).write_bytes(to_json(record))
    assert_clean(to_json(record))
    for command in (["show", record.id, "--json"], ["ls", "--json"]):
        done = lrtui(*command)
        assert done.returncode == 0, done.stderr
        assert_clean(done.stdout, done.stderr)
    shown = json.loads(lrtui("show", record.id, "--json").stdout)
    assert (shown["reason"], shown["notices"]) == (HOSTILE, [HOSTILE])


def test_a_bug_of_ours_is_a_traceback_without_controls_or_values() -> None:
    fault = f"""
import lrtui.commands.ls
def broken(as_json):
    secret = "hunter2"
    raise KeyError("plain" + {OSC!r})
class Odd(Exception):
    def __str__(self): return {HOSTILE!r}
def worse(as_json):
    raise Odd()
lrtui.commands.ls.list_records = NAME
"""
    for name in ("broken", "worse"):
        done = lrtui_after(fault.replace("NAME", name), "ls")
        assert done.returncode == 1
        assert b"Traceback" in done.stderr
        assert b"hunter2" not in done.stderr
        assert_clean(done.stderr)


CRASH = f"""
from lrtui.tui.app import LrtuiApp
def broken(self):
    secret = "hunter" + str(2)
    raise RuntimeError({HOSTILE!r})
LrtuiApp.action_help = broken
import sys
sys.argv = ["lrtui"]
from lrtui.cli import main
main()
"""


def test_a_crash_of_the_app_shows_no_local_variables_and_no_controls(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", CRASH]
    with Terminal(argv, tmp_path, {"PYTHONPATH": str(ROOT)}) as app:
        app.wait_for("⏎ runs")
        app.press("\x1bOP")  # F1
        assert app.wait_for_exit() == 1
        assert "RuntimeError" in app.text
        assert b"hunter2" not in app.written
        assert OSC.encode() not in app.written
        assert "\x9b".encode() not in app.written
