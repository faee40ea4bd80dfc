"""Names and texts that are not UTF-8: one clear line, no hang, no crash."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from lrtui.runs.store import load
from tests.faults.processes import ROOT, START, lrtui
from tests.user_modules import module

NAME = b"n\xe9t.py"
QUICK = ["--num-iter", "30", "--batch-size", "32"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = (ROOT / "sample_models" / "mlp.py").read_bytes()
    (tmp_path / os.fsdecode(NAME)).write_bytes(source)
    return tmp_path


@pytest.mark.parametrize(
    "flags",
    [
        (b"--model", NAME + b":MLP"),
        (b"--data", NAME + b":MLP"),
        (b"--set", b"model.args.name=\xe9"),
        (b"--set", b"model.\xe9=1"),
        (b"--set", b"\xe9=1"),
    ],
)
@pytest.mark.parametrize("command", [["run"], []])
def test_a_flag_is_refused_in_one_line(
    command: list[str], flags: tuple[bytes, bytes], folder: Path
) -> None:
    done = lrtui(*command, *flags, cwd=folder)
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("Error: ")
    assert done.stdout == b""


@pytest.mark.parametrize(
    "arguments", [(b"models", NAME), (b"models", b"."), (b"models", b"--json", NAME)]
)
def test_a_file_is_listed(arguments: tuple[bytes, ...], folder: Path) -> None:
    done = lrtui(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert b"MLP" in done.stdout
    done.stdout.decode()


def test_a_home_is_refused_before_anything_could_be_lost(tmp_path: Path) -> None:
    home = os.fsdecode(bytes(tmp_path) + b"/h\xe9")
    for command in (["ls"], ["run", *QUICK], ["recover"]):
        done = lrtui(*command, env={"LRTUI_HOME": home})
        assert done.returncode == 2
        assert b"is not UTF-8" in done.stderr


def test_a_run_in_such_a_folder_goes_as_any_other(tmp_path: Path, home: Path) -> None:
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/f\xe9"))
    folder.mkdir()
    (folder / "net.py").write_text((ROOT / "sample_models" / "mlp.py").read_text())
    done = lrtui("run", "--model", "net.py:MLP", *QUICK, cwd=folder)
    assert done.returncode in (0, 3), done.stderr
    assert len(list((home / "runs").glob("*.json"))) == 1


def test_a_failure_there_names_the_line(tmp_path: Path, home: Path) -> None:
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/f\xe9"))
    folder.mkdir()
    module(folder, "net", "raise ValueError('h\\udce9')")
    done = lrtui("run", "--model", "net.py:Net", *QUICK, cwd=folder)
    assert done.returncode == 4, done.stderr
    assert b"net.py:" in done.stderr
    assert b"Traceback" not in done.stderr
    (path,) = (home / "runs").glob("*.json")
    failed = load(path)
    assert failed.status == "failed"
    assert "ValueError: h" in failed.reason


def test_a_message_of_such_bytes_ends_nothing(tmp_path: Path, home: Path) -> None:
    noise = (
        "descriptor = int(sys.argv[1])\n"
        'os.write(descriptor, b\'{"event":"notice","text":"\\xff\\xfe"}\\n\')\n'
        "os.write(descriptor, b'\\xff\\xfe\\n{}\\nnull\\n[[[\\n')\n"
    )
    done = lrtui("run", "--model", module(tmp_path, "net", before=noise), *QUICK)
    assert done.returncode in (0, 3), done.stderr
    (path,) = (home / "runs").glob("*.json")
    assert len(load(path).history.lr) > 10


def test_a_run_with_such_a_name_ends_on_sigterm(folder: Path) -> None:
    command: list[str | bytes] = [*START, "run", "--model", NAME + b":MLP", "--num-iter", "9999"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) in (2, -signal.SIGTERM)
