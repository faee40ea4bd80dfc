"""`lrtui doctor`: what it reports, that it survives a broken torch, and its exit codes."""

import json
import os
from pathlib import Path

import pytest
from click.testing import Result

from lrtui.commands import doctor as doctor_module
from lrtui.launch.machine import findings
from lrtui.protocol import Device, Findings
from tests.commands.invoking import invoke

FINDINGS = Findings(
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
def fixed_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_module, "findings", lambda: FINDINGS)


def doctor(*arguments: str) -> Result:
    return invoke("doctor", *arguments)


def rows(text: str) -> dict[str, str]:
    return {line[:13].strip(): line[13:] for line in text.splitlines()}


def test_this_machine_is_reported_as_it_is() -> None:
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
def test_a_gpu_works_as_reported() -> None:
    machine = findings()
    assert isinstance(machine, Findings)
    gpu = machine.devices[1]
    assert gpu.device == "cuda:0"
    assert gpu.precisions["fp32"] == gpu.precisions["fp16"] == ""


def test_the_text_has_a_line_for_each_thing_and_the_reason_for_what_does_not_work(
    fixed_findings: None, home: Path
) -> None:
    done = doctor()
    assert done.exit_code == 0
    shown = rows(done.stdout)
    assert shown["torch"] == "2.15.0, built for CUDA 13.2, but it sees no GPU"
    assert shown["torchvision"] == "0.29.2"
    assert shown["timm"] == "not installed: pip install timm"
    assert shown["apex"] == "fused optimizers: no kernels"
    assert shown["device"] == "cpu, 2 threads"
    assert shown["fp32"] == "works"
    assert shown["fp16"].startswith("needs a GPU")
    assert "\x1b" not in done.stdout
    assert shown["home"].startswith(f"{home}: writable, ")
    assert "no terminal" in shown[""]


def test_a_home_that_cannot_be_written_is_exit_code_2_and_the_rest_is_reported(
    fixed_findings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LRTUI_HOME", str(tmp_path / "file"))
    done = doctor()
    assert done.exit_code == 2
    assert "LRTUI_HOME" in rows(done.stdout)["home"]
    assert rows(done.stdout)["device"] == "cpu, 2 threads"


def test_nothing_is_left_in_the_home(fixed_findings: None, home: Path) -> None:
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
def test_a_torch_that_cannot_be_imported_is_exit_code_4_with_its_message(
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


def test_a_torch_that_hangs_is_given_up_after_the_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert findings(patience=0.5) == "torch gave no answer within 0.5 s"


def test_prints_of_a_library_do_not_mix_with_the_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apex").mkdir()
    (tmp_path / "apex" / "__init__.py").write_text("print('hello from apex')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    machine = findings()
    assert isinstance(machine, Findings)
    assert "foreign package" in machine.fused


@pytest.mark.slow
def test_modules_in_the_users_folder_are_not_imported(
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
def test_colours_follow_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], colours: str
) -> None:
    for name in ("COLORTERM", "TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert doctor_module.terminal().colours == colours


def test_it_says_what_has_set_each_setting(
    fixed_findings: None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "config.toml").write_text('[app]\nmouse = true\n[keys]\nrun.reset = "f9"\n')
    monkeypatch.setenv("LC_ALL", "POSIX")
    monkeypatch.setenv("NO_COLOR", "1")
    said = rows(doctor().stdout)
    assert said["home"].startswith(str(home))
    assert said["config"] == f"{home}/config.toml"
    assert said["ascii"] == "on (LC_ALL=POSIX)"
    assert said["mouse"] == "on (config.toml)"
    assert said["colours"] == "no colours (NO_COLOR)"
    assert said["keys"] == "run.reset = f9 (config.toml)"
    settings = {
        row["name"]: row["source"] for row in json.loads(doctor("--json").stdout)["settings"]
    }
    assert settings["folder"] == "LRTUI_HOME"


def test_a_broken_config_file_is_reported(fixed_findings: None, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[app]\nmice = true\n")
    said = rows(doctor().stdout)["config"]
    assert said == f"{home}/config.toml: [app] unknown setting 'mice'; did you mean 'mouse'?"
