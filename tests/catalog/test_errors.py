"""Errors in one line, with the line of the user's code that raised them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from lrtui.build.importing import load
from lrtui.catalog.errors import one_line, safe_line, user_line, with_user_line
from tests.user_files import WriteFile


def error_of(function: Callable[[], object]) -> Exception:
    try:
        function()
    except Exception as error:  # noqa: BLE001 - whatever the function raises
        return error
    raise AssertionError("nothing was raised")


def without_frames_of_this_file(error: Exception) -> Exception:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    assert trace is not None
    return error.with_traceback(trace)


def test_the_innermost_line_of_the_users_code_is_named(user_file: WriteFile) -> None:
    user_file("def divide():\n    return 1 / 0\n", "helper_of_mine.py")
    path = user_file("from helper_of_mine import divide\ndef run(): return divide()\n", "outer.py")
    error = error_of(load(f"{path}:run"))
    assert user_line(error) == "helper_of_mine.py:2"


def test_frames_of_torch_and_of_the_standard_library_are_skipped(user_file: WriteFile) -> None:
    path = user_file(
        """
        import json
        from torch import nn
        def forward(data): return nn.Linear(2, 2)(data)
        def decode(): return json.loads("{")
        """,
        "calls_libraries.py",
    )
    forward, decode = load(f"{path}:forward"), load(f"{path}:decode")
    assert user_line(error_of(lambda: forward(torch.rand(3)))) == "calls_libraries.py:4"
    assert user_line(error_of(decode)) == "calls_libraries.py:5"


def test_generated_code_and_lrtui_itself_are_not_the_users(user_file: WriteFile) -> None:
    path = user_file("def run(): exec('1 / 0')\n", "executes.py")
    assert user_line(error_of(load(f"{path}:run"))) == "executes.py:1"
    inside = without_frames_of_this_file(error_of(lambda: load("nowhere.py:Net")))
    assert user_line(inside) == ""


def test_an_error_without_the_users_code_names_no_line() -> None:
    assert user_line(ValueError("never raised")) == ""
    inside = without_frames_of_this_file(error_of(lambda: json.loads("{")))
    assert user_line(inside) == ""
    assert with_user_line("it failed", inside) == "it failed"


def test_a_folder_makes_installed_code_the_users() -> None:
    error = error_of(lambda: nn.Linear(2, 2)(torch.rand(3)))
    assert user_line(error, Path(nn.__file__).parent).startswith("linear.py:")
    assert user_line(error).startswith("test_errors.py:")


def test_a_folder_whose_name_only_begins_alike_is_another_folder(tmp_path: Path) -> None:
    packages = tmp_path / "site-packages"
    (packages / "network").mkdir(parents=True)
    code = compile("def run(): return 1 / 0", str(packages / "network" / "a.py"), "exec")
    names: dict[str, Callable[[], object]] = {}
    exec(code, names)
    error = error_of(names["run"])
    assert user_line(error, packages / "network") == "a.py:1"
    assert user_line(error, packages / "net").startswith("test_errors.py:")


def test_an_import_that_fails_in_another_folder_is_named_with_its_line(
    user_file: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_file("\nraise RuntimeError('no')", "elsewhere/shared_code.py")
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    path = user_file("import shared_code", "nets/mine.py")
    with pytest.raises(ValueError, match=r"RuntimeError: no \(shared_code\.py:2\)$"):
        load(f"{path}:Net")


def test_the_message_of_an_error_is_safe_and_short() -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert one_line(OddError()) == "OddError"
    assert one_line(ValueError("a\nb")) == "ValueError: a"
    assert one_line(ValueError("\x1b[31mred")) == "ValueError: �[31mred"
    assert safe_line("abcdef", 4) == "abc…"
