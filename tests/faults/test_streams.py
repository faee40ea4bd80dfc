"""stdout and stderr that are closed, full, read by nobody, or that show only ASCII."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from lrtui.runs.store import journals, load, read_journal
from tests.commands.test_ls import kept
from tests.faults.processes import ROOT, START, Done, lrtui
from tests.slowly import rows_slow_after
from tests.waiting import wait

FULL = "lrtui: stdout cannot be written: No space left on device\n"
RUN = "run --model sample_models/mlp.py:MLP --num-iter 5"
ASCII = {"LC_ALL": "C"}
LATIN = {"LC_ALL": "", "LC_CTYPE": "", "LANG": "de_DE.ISO-8859-1"}
ENCODED = {"PYTHONIOENCODING": "ascii"}


def shell(line: str, env: Mapping[str, str] | None = None) -> Done:
    """A line for bash in which `lrtui` is the command; `pipefail` gives its exit code."""
    start = " ".join(START)
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; lrtui() {{ {start} "$@"; }}; {line}'],
        capture_output=True,
        check=False,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )


@pytest.mark.parametrize("command", ["--help", "--version", "run --help", "ls", "models --json"])
def test_a_stdout_that_is_full_or_read_by_nobody_is_one_rule_for_all(command: str) -> None:
    kept(1)
    full = shell(f"lrtui {command} >/dev/full")
    assert (full.returncode, full.stderr.decode()) == (5, FULL)
    # a subshell that waits for the end of `true` before lrtui writes to it
    unread = shell(f"exec 3> >(true); wait $!; lrtui {command} >&3")
    assert (unread.returncode, unread.stderr) == (128 + signal.SIGPIPE, b"")


def test_closed_streams_and_a_full_stderr_are_no_crash() -> None:
    kept(1)
    closed = shell("lrtui ls >&-")
    assert (closed.returncode, b"it is closed" in closed.stderr) == (5, True)
    for line in ("lrtui nonsense 2>&-", "lrtui nonsense 2>/dev/full", "lrtui show x 0<&- 2>&-"):
        done = shell(line)
        assert (done.returncode, done.stdout, done.stderr) == (2, b"", b""), line


@pytest.mark.parametrize(
    ("streams", "code"),
    rows_slow_after(
        2,
        [
            ("2>&-", 3),
            ("--json 3> >(true) >&3 2>&3", 141),
            ("0<&- >&- 2>&-", 5),
        ],
    ),
)
def test_whatever_becomes_of_the_streams_the_run_is_measured_and_kept(
    home: Path, tmp_path: Path, streams: str, code: int
) -> None:
    done = shell(f"lrtui {RUN} -o {tmp_path}/mine.json {streams}")
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    (path,) = (home / "runs").glob("*.json")
    assert load(path).status == "completed"
    assert load(tmp_path / "mine.json").id == load(path).id


@pytest.mark.parametrize("env", [ASCII, LATIN, ENCODED])
def test_where_only_ascii_is_shown_only_ascii_is_written(
    env: Mapping[str, str], tmp_path: Path
) -> None:
    kept(1, name="größe ▸ 日本")
    done = lrtui("ls", env=env)
    assert b"SmallCNN . lrtui:digits" in done.stdout
    written = [done]
    written += [lrtui(*words, env=env) for words in (["run", "--help"], ["models"], ["é▸.toml"])]
    written += [lrtui("--seed", "3", "run", env=env), lrtui("show", "1", env=env)]
    for done in written:
        text = (done.stdout + done.stderr).decode("ascii")
        assert "\\u" not in text
        assert "\\x" not in text


def test_json_has_escapes_there_and_stays_the_same_document(tmp_path: Path) -> None:
    kept(1, name="größe ▸ 日本 \N{GRINNING FACE}")
    plain, escaped = (lrtui("ls", "--json", env=env) for env in ({"LC_ALL": "C.UTF-8"}, ASCII))
    assert escaped.stdout.isascii()
    assert json.loads(escaped.stdout) == json.loads(plain.stdout)
    assert "日本" in plain.stdout.decode()


def test_a_run_in_an_ascii_locale_writes_ascii_also_into_a_file(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [*START, *RUN.split()],
            stdout=out,
            stderr=subprocess.PIPE,
            check=False,
            cwd=ROOT,
            env={**os.environ, **ASCII},
        )
    assert done.returncode == 3
    assert (tmp_path / "out").read_bytes().isascii()
    assert done.stderr.isascii()
    assert b"MLP . lrtui:digits" in done.stderr


def test_a_front_end_that_is_stopped_or_not_read_does_not_stop_the_run(home: Path) -> None:
    many = ["--num-iter", "1000000", "--end-lr", "1e-6"]
    front = subprocess.Popen(
        [*START, *RUN.split()[:3], *many], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        wait(lambda: count() > 20)
        front.send_signal(signal.SIGSTOP)
        before = count()
        # the pipe between them holds fewer
        wait(lambda: count() > before + 600)
        front.send_signal(signal.SIGCONT)
        front.send_signal(signal.SIGUSR1)
        assert front.wait(60) == 128 + signal.SIGUSR1
    finally:
        front.kill()
        front.communicate()
    (path,) = (home / "runs").glob("*.json")
    assert len(load(path).history.lr) >= before + 600


def count() -> int:
    """Events in the only journal."""
    paths = journals()
    return len(read_journal(paths[0]).events) if paths else 0
