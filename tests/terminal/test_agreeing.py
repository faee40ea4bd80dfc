"""Opening a spec runs nothing; what is not agreed to is asked about, and never run without."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.terminal import Terminal, lrtui_argv
from tests.user_modules import module

TARGETS = {
    "torch:os.system": 'command = "touch ran"',
    "torch.hub:load": 'repo_or_dir = "a/b", model = "c"',
    "torchvision.datasets:utils.os.system": 'command = "touch ran"',
    "lrtui.launch.machine:subprocess.check_output": 'args = "./touch"',
}


def write_spec(folder: Path, data: str) -> Path:
    path = folder / "s.toml"
    path.write_text(f"data = {data}\n[range]\nnum_iter = 20\n")
    return path


def lrtui_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lrtui.cli", "run", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_spec_that_is_open_runs_nothing_before_or_after_f5(tmp_path: Path) -> None:
    write_spec(tmp_path, '{target = "torch:os.system", args = {command = "touch ran"}}')
    with Terminal(lrtui_argv("s.toml"), tmp_path) as app:
        app.press("f5")  # while no worker can say yet what torch lists
        app.wait_for(r"torch:os\.system\(command='touch ran'\)", "No library lists this")
        app.press("escape")
        app.wait_until_gone("No library lists this")
        app.wait_for("torch has no 'os.system'")  # a worker has looked at it
        app.press("q")
        app.wait_for_exit()
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_a_file_that_changes_while_the_question_is_open_is_asked_about_again(
    tmp_path: Path,
) -> None:
    target = module(tmp_path, "net")
    with Terminal(lrtui_argv("--model", target, "--num-iter", "20"), tmp_path) as app:
        app.press("f5")
        app.wait_for(r"This file is new", r"net\.py")
        module(tmp_path, "net", before="open('ran', 'w').close()\n")
        app.press("enter")
        app.wait_for("FAILED", "esc and f5")
        assert not (tmp_path / "ran").exists()
        app.press("escape")
        app.wait_until_gone("FAILED")
        app.press("f5")
        app.wait_for(r"This file is new", r"net\.py")
        app.press("enter")
        app.wait_for(r"(done|diverged):")
        assert (tmp_path / "ran").exists()
        app.press("q")
        app.wait_for_exit()


def test_run_refuses_with_exit_code_2_and_one_line_that_says_how_to_agree(tmp_path: Path) -> None:
    for target, args in TARGETS.items():
        write_spec(tmp_path, f'{{target = "{target}", args = {{{args}}}}}')
        done = lrtui_run(tmp_path, "s.toml")
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "not agreed to" in line
        assert target in line
        assert "--yes agrees" in line
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_run_runs_a_users_file_that_a_flag_names_and_one_of_a_spec_with_yes(
    tmp_path: Path,
) -> None:
    target = module(tmp_path, "net", before="open('ran', 'w').close()\n")
    spec = tmp_path / "s.toml"
    spec.write_text(f'model = {{target = "{target}"}}\n[range]\nnum_iter = 20\n')
    refused = lrtui_run(tmp_path, "s.toml")
    assert refused.returncode == 2
    assert "net.py" in refused.stderr
    assert not (tmp_path / "ran").exists()
    for agreed in (["s.toml", "--yes"], ["--model", target, "--num-iter", "20"]):
        done = lrtui_run(tmp_path, *agreed)
        assert done.returncode in (0, 3), done.stderr
        assert (tmp_path / "ran").exists()
        (tmp_path / "ran").unlink()
    assert lrtui_run(tmp_path, "s.toml").returncode == 2  # agreed to for one run
