"""`lrtui doctor`: that what it says is so, that it survives a torch that does not, and its exit codes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lrtui.cli import lrtui
from lrtui.commands import doctor as examined
from lrtui.launch.machine import findings
from lrtui.protocol import Device, Findings

FOUND = Findings(
    torch="2.15.0",
    cuda="13.2",
    torchvision="0.29.2",
    devices=(
        Device(
            device="cpu", name="2 threads", precisions={"fp32": "", "fp16": "needs a GPU\x1b[2J"}
        ),
    ),
    fused="no kernels",
)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examined, "findings", lambda: FOUND)


def doctor(*arguments: str) -> Any:
    done = CliRunner().invoke(lrtui, ["doctor", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def rows(text: str) -> dict[str, str]:
    return {line[:13].strip(): line[13:] for line in text.splitlines()}


def test_this_machine_is_told_as_it_is() -> None:
    import torch

    document = json.loads(doctor("--json").stdout)
    machine = document["machine"]
    assert machine["torch"] == str(torch.__version__)
    assert machine["devices"][0]["device"] == "cpu"
    assert len(machine["devices"]) >= 1 + torch.cuda.device_count()
    cpu = machine["devices"][0]["precisions"]
    assert cpu["fp32"] == cpu["bf16"] == ""
    assert "needs a GPU" in cpu["fp16"]
    assert "needs a CUDA device" in cpu["apex-O1"]
    assert "changes nothing" in cpu["tf32"]
    assert document["home"]["problem"] == ""
    assert document["home"]["path"] == os.environ["LRTUI_HOME"]


@pytest.mark.gpu
def test_a_gpu_does_what_it_is_said_to_do() -> None:
    machine = findings()
    assert isinstance(machine, Findings)
    gpu = machine.devices[1]
    assert gpu.device == "cuda:0"
    assert gpu.precisions["fp32"] == gpu.precisions["fp16"] == ""


def test_the_text_has_a_line_for_each_thing_and_the_reason_for_what_does_not_work(
    found: None, home: Path
) -> None:
    done = doctor()
    assert done.exit_code == 0
    told = rows(done.stdout)
    assert told["torch"] == "2.15.0, built for CUDA 13.2, but it sees no GPU"
    assert told["torchvision"] == "0.29.2"
    assert told["timm"] == "not installed: pip install timm"
    assert told["apex"] == "fused optimizers: no kernels"
    assert told["device"] == "cpu, 2 threads"
    assert told["fp32"] == "works"
    assert told["fp16"].startswith("needs a GPU")
    assert "\x1b" not in done.stdout
    assert told["home"].startswith(f"{home}: writable, ")
    assert "no terminal" in told[""]


def test_a_home_that_cannot_be_written_is_exit_code_2_and_the_rest_is_told(
    found: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LRTUI_HOME", str(tmp_path / "file"))
    done = doctor()
    assert done.exit_code == 2
    assert "LRTUI_HOME" in rows(done.stdout)["home"]
    assert rows(done.stdout)["device"] == "cpu, 2 threads"


def test_looking_leaves_nothing_behind_in_the_home(found: None, home: Path) -> None:
    doctor()
    assert list((home / "runs").iterdir()) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "raise ImportError('libcudart is gone')",
            "exited with code 1: ImportError: libcudart is gone",
        ),
        ("import os; os._exit(7)", "exited with code 7"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
    ],
)
def test_a_torch_that_cannot_be_imported_is_exit_code_4_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, words: str
) -> None:
    (tmp_path / "torch.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = doctor()
    assert done.exit_code == 4
    assert words in rows(done.stdout)["torch"]
    assert "writable" in rows(done.stdout)["home"]
    document = json.loads(doctor("--json").stdout)
    assert document["machine"] is None
    assert words in document["problem"]


def test_a_torch_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert findings(patience=0.5) == "torch gave no answer within 0.5 s"


def test_what_a_library_prints_does_not_spoil_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apex").mkdir()
    (tmp_path / "apex" / "__init__.py").write_text("print('hello from apex')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    machine = findings()
    assert isinstance(machine, Findings)
    assert "foreign package" in machine.fused


def test_nothing_of_the_persons_folder_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("torch", "apex", "timm"):
        (tmp_path / f"{name}.py").write_text(f"open('ran-{name}', 'w')\n")
    monkeypatch.chdir(tmp_path)
    assert isinstance(findings(), Findings)
    assert not list(tmp_path.glob("ran-*"))


@pytest.mark.parametrize(
    ("variables", "colours"),
    [
        ({"COLORTERM": "truecolor", "TERM": "xterm"}, "16 million colours"),
        ({"TERM": "xterm-256color"}, "256 colours"),
        ({"TERM": "vt220"}, "16 colours"),
        ({"COLORTERM": "truecolor", "NO_COLOR": "1"}, "no colours (NO_COLOR is set)"),
    ],
)
def test_colours_are_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], colours: str
) -> None:
    for name in ("COLORTERM", "TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert examined.terminal().colours == colours
