"""Targets are split, located and loaded; every failure is one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from lrtui import paths
from lrtui.build.importing import load
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.targets import locate, locate_module, split
from tests.user_files import WriteFile


def test_where_and_what() -> None:
    assert split("a/b.py:Net") == ("a/b.py", "Net")
    assert split("torch.optim:SGD") == ("torch.optim", "SGD")


@pytest.mark.parametrize("target", ["", "net.py", ":Net", "net.py:", ":"])
def test_anything_else_is_not_a_target(target: str) -> None:
    with pytest.raises(CatalogError, match="expected where:what"):
        split(target)


def test_sample_models_are_found_from_any_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert locate("sample_models/cnn.py") == paths.sample_models() / "cnn.py"
    (tmp_path / "sample_models").mkdir()
    mine = tmp_path / "sample_models" / "cnn.py"
    mine.touch()
    assert locate("sample_models/cnn.py") == mine
    assert locate("nowhere.py") is None
    assert locate("torch.optim") is None


def test_the_home_directory_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "net.py").touch()
    assert locate("~/net.py") == tmp_path / "net.py"


def test_a_module_is_found_without_running_it(
    user_file: WriteFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    user_file("raise SystemExit", "pack/__init__.py")
    net = user_file("raise SystemExit", "pack/net.py")
    monkeypatch.chdir(tmp_path)
    assert locate_module("pack.net") == net
    assert locate_module("pack.none") is None


def test_a_file_and_its_siblings_are_imported(user_file: WriteFile) -> None:
    user_file("WIDTH = 7", "sibling_of_mine.py")
    path = user_file("from sibling_of_mine import WIDTH\ndef make(): return WIDTH")
    assert load(f"{path}:make")() == 7


def test_a_file_of_a_package_is_imported_as_part_of_it(user_file: WriteFile) -> None:
    user_file("", "parcel/__init__.py")
    user_file("WIDTH = 8", "parcel/sizes.py")
    path = user_file("from .sizes import WIDTH\ndef make(): return WIDTH", "parcel/net.py")
    assert load(f"{path}:make")() == 8


def test_an_unknown_name_is_reported_with_similar_ones(user_file: WriteFile) -> None:
    path = user_file("class SmallNet: ...\nclass Other: ...")
    with pytest.raises(CatalogError, match="has no 'SmalNet'; did you mean 'SmallNet'"):
        load(f"{path}:SmalNet")


def test_a_value_that_cannot_be_called_is_reported(user_file: WriteFile) -> None:
    path = user_file("WIDTH = 3")
    with pytest.raises(CatalogError, match=r"has 'WIDTH', but it cannot be called \(it is a int\)"):
        load(f"{path}:WIDTH")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "import no_such_thing",
            r"failed to import: ModuleNotFoundError: No module named 'no_such_thing' \(bad\.py:1\)",
        ),
        ("\n\n1 / 0", r"failed to import: ZeroDivisionError: division by zero \(bad\.py:3\)"),
        ("def f(:", r"failed to import: SyntaxError: .*\(bad\.py:1\)"),
        ("import sys\nsys.exit(3)", r"failed to import: it called sys\.exit\(3\) \(bad\.py:2\)"),
        (
            "raise ValueError('first\\nsecond')",
            r"failed to import: ValueError: first \(bad\.py:1\)$",
        ),
    ],
)
def test_a_module_that_fails_is_reported_with_its_error_and_line(
    user_file: WriteFile, text: str, expected: str
) -> None:
    path = user_file(text, "bad.py")
    with pytest.raises(CatalogError, match=expected) as caught:
        load(f"{path}:Net")
    assert caught.value.__cause__ is not None


def test_a_keyboard_interrupt_that_a_module_raises_is_its_failure(user_file: WriteFile) -> None:
    path = user_file("raise KeyboardInterrupt", "interrupted.py")
    with pytest.raises(CatalogError, match=r"failed to import: KeyboardInterrupt"):
        load(f"{path}:Net")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("nowhere.py:Net", "nowhere.py: no such file"),
        ("no_such_module:Net", "no module named 'no_such_module'"),
        ("torch.optim:AdamV", "torch.optim has no 'AdamV'; did you mean 'Adam"),
        ("lrtui:digit", "lrtui has no 'digit'; did you mean 'digits'"),
        ("torchvision:resnet81", "torchvision has no 'resnet81'; did you mean"),
    ],
)
def test_a_missing_target_is_named(target: str, expected: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load(target)
    assert expected in str(caught.value)


@pytest.mark.parametrize("name", ["json", "sys"])
def test_a_file_named_as_a_module_in_use_is_refused(user_file: WriteFile, name: str) -> None:
    path = user_file("def make(): ...", f"{name}.py")
    with pytest.raises(CatalogError, match=f"another module named '{name}' is in use"):
        load(f"{path}:make")


@pytest.mark.parametrize("name", ["random", "importlinter"])
def test_an_installed_module_comes_before_a_file_of_its_name_and_that_is_reported(
    user_file: WriteFile, name: str
) -> None:
    user_file("raise SystemExit", f"{name}.py")
    user_file("", "json.py")  # nothing imports it: nothing is said of it
    path = user_file(f"import {name}\ndef make(): return {name}.__file__")
    notices: list[str] = []
    assert str(path.parent) not in load(f"{path}:make", notices.append)()
    assert len(notices) == 1
    assert f"is hidden by the installed module '{name}': rename it" in notices[0]


def test_the_catalog_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys, lrtui.catalog.offers, lrtui.catalog.source.reader, lrtui.catalog.targets,"
        " lrtui.catalog.values, lrtui.catalog.errors\n"
        "assert not {'torch', 'numpy', 'torchvision'} & set(sys.modules), 'too much'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
