"""Where in the user's own files something failed."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from lrtui.catalog.errors import PhaseError
from lrtui.catalog.places import crash_place, user_place

USERS = """import torch

def helper():
    return torch.ones(2, 3) @ torch.ones(2, 3)

def forward():
    return helper()
"""


def function_of(path: Path) -> Callable[[], object]:
    spec = importlib.util.spec_from_file_location("net", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[[], object] = module.forward
    return function


def error_of(path: Path) -> BaseException:
    path.write_text(USERS)
    with pytest.raises(RuntimeError) as raised:
        function_of(path)()
    return raised.value


def test_it_is_the_last_frame_in_the_users_file(tmp_path: Path) -> None:
    place = user_place(error_of(tmp_path / "net.py"))
    assert place is not None
    assert (place.file, place.line, place.function) == (str(tmp_path / "net.py"), 4, "helper")
    assert place.source == "return torch.ones(2, 3) @ torch.ones(2, 3)"


def test_it_is_found_in_the_cause_of_an_error_of_ours(tmp_path: Path) -> None:
    failure = PhaseError("model", "the model failed")
    failure.__cause__ = error_of(tmp_path / "net.py")
    place = user_place(failure)
    assert place is not None
    assert place.line == 4


def test_an_error_in_torch_alone_has_no_place() -> None:
    assert user_place(torch.OutOfMemoryError("no memory")) is None


def test_a_syntax_error_is_where_the_file_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("def forward(:\n    pass\n")
    with pytest.raises(SyntaxError) as raised:
        function_of(path)
    place = user_place(raised.value)
    assert place is not None
    assert (place.line, place.source) == (1, "def forward(:")


def test_a_loaders_worker_sends_its_place_as_text(tmp_path: Path) -> None:
    path = tmp_path / "data.py"
    path.write_text("\n\nraise ValueError\n")
    text = (
        "Caught ValueError in DataLoader worker process 0.\nOriginal Traceback:\n"
        f'  File "{torch.__file__}", line 9, in fetch\n    x\n'
        f'  File "{path}", line 3, in __getitem__\n    raise ValueError\nValueError: y'
    )
    place = user_place(RuntimeError(text))
    assert place is not None
    assert (place.line, place.function, place.source) == (3, "__getitem__", "raise ValueError")


def test_a_crash_is_in_the_first_users_frame_of_the_current_thread(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(USERS)
    dump = f"""Fatal Python error: Segmentation fault

Thread 0x01 (most recent call first):
  File "{tmp_path}/other.py", line 1 in wait

Current thread 0x02 (most recent call first):
  File "{torch.__file__}", line 10 in matmul
  File "{path}", line 4 in helper
  File "{path}", line 7 in forward
"""
    place = crash_place(dump.splitlines())
    assert place is not None
    assert (place.line, place.function) == (4, "helper")


def test_a_log_without_a_dump_has_no_place() -> None:
    assert crash_place(["epoch 1", '  File "net.py", line 4 in helper']) is None
