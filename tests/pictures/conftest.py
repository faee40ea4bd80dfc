"""Pictures are drawn in a home of their own, and in their time zone."""

import time
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def home_with_nothing_in_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """An own home, and the time zone of the pictures."""
    monkeypatch.delenv("LRTUI_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
