"""`lrtui config`, `lrtui completion` and `lrtui schema`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from lrtui import paths
from lrtui.runs.store import record_path, save
from lrtui.tui.config import read_config
from tests.commands.invoking import invoke
from tests.export.records import RECORD


def test_each_setting_is_shown_with_what_has_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    paths.data()
    paths.config().write_text("[app]\nmouse = true\n[keys]\nrun.reset = 'f9'\n")
    settings = json.loads(invoke("config", "--json").stdout)["settings"]
    found = {(one["name"], one["value"], one["source"]) for one in settings}
    assert ("mouse", "on", "config.toml") in found
    assert ("ascii", "off", "default") in found
    assert ("keys", "run.reset = f9", "config.toml") in found
    assert "mouse     on   (config.toml)" in invoke("config").stdout


def test_the_template_changes_nothing_and_every_line_of_it_can_be_used() -> None:
    assert invoke("config", "--write").stdout.strip() == str(paths.config())
    unset = read_config(paths.config())
    assert (unset.keymap, unset.ascii, unset.mouse) == ({}, None, None)
    template = invoke("config", "--template").stdout
    lines = template.split("[app]")[1].splitlines()
    used = [line.removeprefix("# ") for line in lines if " = " in line]
    names = ("ascii", "mouse", "on_hangup")
    keys = [line for line in used if not line.startswith(names)]
    app = [line for line in used if line.startswith(names)]
    assert len(app) == len(names)
    paths.config().write_text("\n".join(["[app]", *app, "[keys]", *keys]))
    assert read_config(paths.config()).ascii is False
    assert read_config(paths.config()).on_hangup == "continue"
    assert len(read_config(paths.config()).keymap) == len(keys) > 40


def test_a_config_file_is_not_overwritten() -> None:
    paths.data()
    paths.config().write_text("# mine\n")
    done = invoke("config", "--write")
    assert done.exit_code == 2
    assert "already exists" in done.stderr
    assert paths.config().read_text() == "# mine\n"


def test_a_config_file_that_cannot_be_used_is_exit_code_2() -> None:
    paths.data()
    paths.config().write_text("[app]\nmouse = 3\n")
    done = invoke("config")
    assert done.exit_code == 2
    assert "expected true or false" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_accepts_its_script(shell: str, tmp_path: Path) -> None:
    done = invoke("completion", shell)
    assert done.exit_code == 0
    assert "_LRTUI_COMPLETE" in done.stdout
    assert done.stderr == ""  # it would be read at the start of every shell
    if shutil.which(shell) is None:
        return
    script = tmp_path / "script"
    script.write_text(done.stdout)
    subprocess.run([shell, "-n", str(script)], check=True)


def test_the_shell_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    assert "#compdef lrtui" in invoke("completion").stdout
    monkeypatch.setenv("SHELL", "/bin/csh")
    done = invoke("completion")
    assert done.exit_code == 2
    assert "bash, zsh, fish" in done.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("lrtui show 01j", RECORD.id),
        ("lrtui exp", "export"),
        ("lrtui export x --to tens", "tensorboard"),
    ],
)
def test_ids_and_commands_are_completed(words: str, expected: str) -> None:
    save(RECORD, record_path(RECORD.id))
    environment = {
        "_LRTUI_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "lrtui.cli"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"plain,{expected}" in done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_ids_beside_files_and_what_comes_after_a_colon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(RECORD, record_path(RECORD.id))
    classes = "class Net(Module): ...\nclass Wide(Module): ...\n"
    (tmp_path / "net.py").write_text(f"from torch.nn import Module\n{classes}")
    monkeypatch.chdir(tmp_path)
    expected = {
        "lrtui show 01j": [RECORD.id],
        "lrtui run --data lr": ["lrtui:digits", "lrtui:images", "lrtui:table"],
        "lrtui run --model net.py:": ["Net", "Wide"],
        "lrtui --model=net.py:W": ["Wide"],
        "lrtui run --model net.py:Net --sched": ["--schedule"],
        "lrtui export x --to h": ["html"],
        "lrtui rm --undo 01": ["01JDELETED"],
    }
    save(msgspec.structs.replace(RECORD, id="01JDELETED"), record_path("01JDELETED"))
    invoke("rm", "01JDELETED")
    command = tmp_path / "lrtui"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lrtui.cli\n')
    command.chmod(0o700)
    script = [invoke("completion", "bash").stdout, "COMP_WORDBREAKS=' =:'"]
    for line in expected:
        script.append(f"COMP_LINE='{line}' COMP_POINT={len(line)} COMPREPLY=()")
        script.append('_lrtui_completion ./lrtui; echo "${COMPREPLY[*]}"')
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], capture_output=True, text=True, check=True
    )
    for line, words in zip(done.stdout.splitlines(), expected.values(), strict=True):
        assert line.split()[: len(words)] == words


def test_the_schema_is_printed() -> None:
    schema = json.loads(invoke("schema").stdout)
    assert schema["properties"]["schema"] == {"const": RECORD.schema}
