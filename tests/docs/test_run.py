"""Code blocks run as they stand: Python, quick commands, and what `lrtui run` builds; all by hand.

`pytest -m slow tests/docs` runs the shell blocks whole, each document in a folder and a home of its
own. Records whose ids begin with 01JD, 01JE and 01JF are kept there.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from torch import nn

from lrtui.build.assemble import build
from lrtui.catalog.errors import PhaseError
from lrtui.commands.streams import USAGE
from lrtui.flags import spec_from
from lrtui.runs.store import load, record_path, save
from lrtui.spec import RunSpec
from tests.commands.invoking import invoke
from tests.docs.blocks import DOCUMENTS, ROOT, TOPICS, Block, blocks_of, name_of
from tests.docs.commands import lines_in, parsed
from tests.engine.rigs import digits_loaders, digits_mlp
from tests.pictures.scenes import RECORDS
from tests.user_files import imports_undone

__all__ = ["imports_undone"]

# what the README and the topics name and do not show themselves; net.py is the one of `model`
GIVEN = {
    "net.py": next(b.text for b in blocks_of(TOPICS / "model.md") if b.file == "net.py"),
    "sgd.toml": 'optimizer.target = "torch.optim:SGD"\n',
    "adamw.toml": 'optimizer.target = "torch.optim:AdamW"\n',
    "spec.toml": "[range]\nnum_iter = 300\n",
    "net.toml": '[model]\ntarget = "net.py:Net"\n',
}


def with_language(language: str) -> list[Any]:
    """The documents that have such blocks."""
    found = []
    for document in DOCUMENTS:
        if any(block.language == language for block in blocks_of(document)):
            found.append(pytest.param(document, id=name_of(document)))
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a document, from which modules can be imported."""
    path = tmp_path / "work"
    path.mkdir()
    monkeypatch.chdir(path)
    monkeypatch.syspath_prepend(str(path))
    return path


def write_files(document: Path, folder: Path) -> None:
    for name, text in GIVEN.items():
        (folder / name).write_text(text)
    for block in blocks_of(document):
        if block.file:
            (folder / block.file).write_text(block.text)


def runnable(document: Path, language: str) -> Iterator[Block]:
    for block in blocks_of(document):
        if block.language == language and not block.file and not block.needs:
            yield block


def names() -> dict[str, Any]:
    """The objects of a script, as the examples name them."""
    torch.manual_seed(0)
    model = digits_mlp()
    train_loader, val_loader = digits_loaders()
    return {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9),
        "criterion": nn.CrossEntropyLoss(),
        "train_loader": train_loader,
        "val_loader": val_loader,
    }


@pytest.mark.parametrize("document", with_language("python"))
def test_python_runs_as_it_stands(
    document: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if document.stem == "integrations":
        pytest.skip(
            "tests/integrations/test_docs.py runs each of them on the package's own objects"
        )
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    shutil.copy(RECORDS[0], folder / "run.json")
    write_files(document, folder)
    shared = names()
    for block in runnable(document, "python"):
        exec(compile(block.text, block.where, "exec"), shared)


def specs_of(document: Path) -> Iterator[tuple[str, RunSpec]]:
    """The spec of each `lrtui run` of a document, with its place."""
    for block in runnable(document, "sh"):
        if block.exits == USAGE:
            continue
        for words, _ in lines_in(block.text):
            command = parsed(words)
            if command is None or command.name not in ("", "run"):
                continue
            files = command.params.get("spec_files") or (command.params.get("spec"),)
            for file in files:
                yield f"{block.where}: {' '.join(words)}", spec_from(file, command.params)


@pytest.mark.parametrize("document", with_language("sh"))
def test_what_a_command_names_can_be_built_and_tried(document: Path, folder: Path) -> None:
    write_files(document, folder)
    built: list[RunSpec] = []
    for where, spec in specs_of(document):
        parts = msgspec.structs.replace(spec, range=RunSpec().range, plan=RunSpec().plan)
        if parts in built or spec.devices.nproc:
            continue
        built.append(parts)
        try:
            build(spec)
        except PhaseError as error:
            pytest.fail(f"{where}: {error}")


@pytest.fixture
def kept(folder: Path) -> None:
    """Three runs in the home of lrtui."""
    for path, begin in zip(RECORDS[:3], ("01JD", "01JE", "01JF"), strict=True):
        record = load(path)
        renamed = msgspec.structs.replace(record, id=begin + record.id[4:])
        save(renamed, record_path(renamed.id))


# commands that take long: a kept record stands in for what a run writes
NOT_HERE = ("run", "sweep", "doctor", "")


@pytest.mark.parametrize("document", with_language("sh"))
def test_the_commands_that_take_no_time_do_what_they_say(
    document: Path, folder: Path, kept: None
) -> None:
    write_files(document, folder)
    for block in runnable(document, "sh"):
        for words, output in lines_in(block.text):
            command = parsed(words)
            if command is None:
                continue
            if command.name in NOT_HERE:
                stand_in = output or command.params.get("output") or command.params.get("file")
                if stand_in:
                    shutil.copy(RECORDS[0], folder / stand_in)
                continue
            done = invoke(*command.words)
            where = f"{block.where}: {' '.join(words)}"
            assert done.exit_code == block.exits, f"{where}\n{done.output}"
            if output:
                (folder / output).write_bytes(done.stdout_bytes)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("document", with_language("sh"))
def test_shell_runs_as_it_stands(document: Path, folder: Path, kept: None) -> None:
    write_files(document, folder)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "PYTHONPATH": f"{ROOT}"}
    for block in runnable(document, "sh"):
        script = f"set -eo pipefail\n{block.text}"
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-c", script],
            cwd=folder,
            env=environ,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == block.exits, f"{block.where}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, block.where
