"""The command as a shell sees it: exit codes, streams, and refusals before anything is run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

COMMAND = [sys.executable, "-m", "lrtui.cli"]
QUICK = ["run", "--num-iter", "5"]


def shell(
    *arguments: str,
    cwd: Path,
    env: dict[str, str] | None = None,
    stdout: int | IO[str] = subprocess.PIPE,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=env,
        text=True,
        check=False,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--model", ":x"], "model: expected where:what"),
        (["run", "--start-lr", "1", "--end-lr", "0.1"], "range.end_lr: must be above start_lr"),
        (["run", "--set", "rnge.num_iter=3"], "did you mean 'range'"),
        (["run", "--num-iter", "99999999999999999999"], "range.num_iter"),
        (["run", "-o", "gone/run.json"], "there is no folder gone"),
        (["run", "gone.toml"], "gone.toml"),
        (["run", "--mode", "up"], "--mode"),
        (["nonsense"], "nonsense"),
        (["--seed", "3", "run"], "put the flags after the command"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error_and_runs_nothing(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = shell(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_home_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = shell("ls", cwd=tmp_path, env={**os.environ, "LRTUI_HOME": str(tmp_path / "file")})
    assert done.returncode == 2
    assert "LRTUI_HOME cannot be used" in done.stderr


def test_an_existing_file_is_overwritten_only_with_force(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("precious")
    done = shell(*QUICK, "-o", "run.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert (tmp_path / "run.json").read_text() == "precious"


def test_a_stdout_that_is_full_is_exit_code_5_and_names_the_record(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = shell(*QUICK, "--json", cwd=tmp_path, stdout=full)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert "the record is kept at" in done.stderr


def test_a_failing_model_is_exit_code_4_with_a_record_on_stdout(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import os\nos._exit(7)\n")
    done = shell(*QUICK, "--json", "--model", "net.py:Net", cwd=tmp_path)
    assert done.returncode == 4
    assert json.loads(done.stdout)["status"] == "failed"


def test_an_interrupt_exits_with_128_plus_its_number(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [*COMMAND, "run", "--num-iter", "1000000", "--end-lr", "1e-6", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    for line in running.stderr:  # ends with the process: a crash fails below
        if "/1000000" in line:
            break
    running.send_signal(signal.SIGINT)
    stdout, _ = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGINT
    assert '"status": "stopped"' in stdout
