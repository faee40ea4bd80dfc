"""Fixtures for tests that write files as a user would, and import them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Protocol

import pytest


class WriteFile(Protocol):
    """Writes a module of the user's and returns its path."""

    def __call__(self, text: str, name: str | None = None) -> Path: ...


@pytest.fixture(autouse=True)
def imports_undone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Afterwards sys.path is as before, and modules from the test's own folder are forgotten."""
    monkeypatch.setenv("LRTUI_HOME", str(tmp_path / "home"))
    before, search = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = search
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and str(tmp_path) in file:
            del sys.modules[name]


@pytest.fixture
def user_file(tmp_path: Path, request: pytest.FixtureRequest) -> WriteFile:
    """Write a module of the user's; without a name it gets one that is unique to the test."""

    def write(text: str, name: str | None = None) -> Path:
        path = tmp_path / (name or f"mine_{abs(hash(request.node.nodeid))}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    return write
