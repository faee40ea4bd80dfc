"""The command as a shell sees it: exit codes, streams, and refusals before anything is run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "lrtui.cli"]
QUICK = ["run", "--num-iter", "5"]


def shell(*arguments: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        text=True,
        check=False,
        **{"capture_output": True, **options},  # type: ignore[call-overload]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
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
def test_what_makes_no_sense_is_usage_and_runs_nothing(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = shell(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_home_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = shell(*QUICK, cwd=tmp_path, env={**os.environ, "LRTUI_HOME": str(tmp_path / "file")})
    assert done.returncode == 2
    assert "LRTUI_HOME cannot be used" in done.stderr


def test_a_file_that_is_there_is_not_overwritten_unforced(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("precious")
    done = shell(*QUICK, "-o", "run.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert (tmp_path / "run.json").read_text() == "precious"


def test_a_stdout_that_is_full_is_exit_code_5_and_names_the_record(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = shell(
            *QUICK,
            "--json",
            cwd=tmp_path,
            capture_output=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert "the record is kept at" in done.stderr


def test_a_failing_model_is_exit_code_4_with_a_record_on_stdout(tmp_path: Path) -> None:
    import json

    (tmp_path / "net.py").write_text("import os\nos._exit(7)\n")
    done = shell(*QUICK, "--json", "--model", "net.py:Net", cwd=tmp_path)
    assert done.returncode == 4
    assert json.loads(done.stdout)["status"] == "failed"


def test_an_interrupt_is_128_and_its_number(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [*COMMAND, "run", "--num-iter", "1000000", "--end-lr", "1e-6", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    while "/1000000" not in running.stderr.readline():
        pass
    running.send_signal(signal.SIGINT)
    stdout, _ = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGINT
    assert '"status": "stopped"' in stdout
