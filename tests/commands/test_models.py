"""`lrtui models`: the lists for a file, a folder, a module and a library; no user code is run."""

import json
from pathlib import Path

import pytest
from click.testing import Result

from tests.commands.invoking import invoke
from tests.test_imports import loaded_after

NET = '''
import pathlib
pathlib.Path("executed").touch()

class Net(nn.Module):
    """A net of mine.

    And more about it.
    """
    def __init__(self, width: int = 32): ...

class _Private(nn.Module): ...
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    (work / "net.py").write_text(NET)
    monkeypatch.chdir(work)
    return work


def models(*arguments: str) -> Result:
    return invoke("models", *arguments)


def test_without_an_argument_it_lists_the_sample_models_as_targets_for_run() -> None:
    lines = models().stdout.splitlines()
    targets = {line.split()[0] for line in lines}
    assert {"sample_models/cnn.py:SmallCNN", "sample_models/mlp.py:MLP"} <= targets
    assert "sample_models/gan.py:optimizers" not in targets
    (mlp,) = (line for line in lines if line.startswith("sample_models/mlp.py:MLP "))
    assert mlp.endswith("Fully connected layers over the flattened input.")


@pytest.mark.parametrize("where", ["net.py", "net.py:", "net", "./net.py"])
def test_a_users_file_or_module_is_parsed_and_not_run(folder: Path, where: str) -> None:
    done = models(where)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{where.removesuffix(':')}:Net  A net of mine.\n"
    assert not (folder / "executed").exists()


def test_json_is_a_list_with_the_parameters(folder: Path) -> None:
    (offer,) = json.loads(models("net.py", "--json").stdout)
    assert offer["target"] == "net.py:Net"
    assert offer["summary"] == "A net of mine."
    (field,) = offer["fields"]
    assert (field["name"], field["kind"], field["default"]) == ("width", "int", 32)


def test_a_folder_lists_its_files_and_names_an_unreadable_one(folder: Path) -> None:
    (folder / "torn.py").write_text("def (")
    done = models(str(folder))
    assert done.exit_code == 0
    assert done.stdout == f"{folder}/net.py:Net  A net of mine.\n"
    assert "torn.py:1" in done.stderr


def test_a_file_without_models_is_noted(folder: Path) -> None:
    (folder / "empty.py").write_text("x = 1\n")
    done = models("empty.py")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "empty.py offers no model" in done.stderr


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("gone.py", "gone.py: no such file"),
        ("gone.module", "gone.module: no such module"),
        ("torn.py", "torn.py:1: "),
        ("notes.txt", "notes.txt is no Python file"),
        ("~nosuch/net.py", "no such file"),
        ("n" * 5000 + ".py", "no such file"),
    ],
)
def test_an_argument_that_cannot_be_listed_is_exit_code_2_and_one_line(
    folder: Path, where: str, words: str
) -> None:
    (folder / "torn.py").write_text("def (")
    (folder / "notes.txt").write_text("{}")
    done = models(where)
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.slow
def test_torchvision_is_imported_in_the_worker_and_not_here() -> None:
    pytest.importorskip("torchvision")
    for where in ("torchvision", "torchvision:"):
        assert "torchvision:resnet18" in models(where).stdout
    code = "from lrtui.commands.models import models; models('torchvision', False)"
    assert not {"torch", "torchvision", "numpy"} & loaded_after(code)


def test_a_missing_library_is_exit_code_2_and_one_line() -> None:
    done = models("torch.gone")
    assert done.exit_code == 2
    assert "torch.gone" in done.stderr
    assert done.stderr.count("\n") == 1
