"""Files of a user's, and a machine's state that a test leaves as it was."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest


@pytest.fixture(autouse=True)
def imports_undone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """What a test imports from its own folder is forgotten, and sys.path is as before."""
    monkeypatch.setenv("LRTUI_HOME", str(tmp_path / "home"))
    before, search = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = search
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and str(tmp_path) in file:
            del sys.modules[name]


@pytest.fixture
def user_file(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Write a module of the user's; its name is unique to the test unless one is given."""

    def write(text: str, name: str | None = None) -> Path:
        path = tmp_path / (name or f"mine_{abs(hash(request.node.nodeid))}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    return write
