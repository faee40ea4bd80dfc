"""A file is trusted until its content changes."""

from pathlib import Path

import pytest

from lrtui import paths
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.trust import is_trusted, trust
from tests.user_files import WriteFile


def test_a_file_is_trusted_by_its_content(user_file: WriteFile) -> None:
    path = user_file("x = 1")
    assert not is_trusted(path)
    trust(path)
    trust(path)
    assert is_trusted(path)
    assert is_trusted(user_file("x = 1", "moved.py"))
    path.write_text("x = 2")
    assert not is_trusted(path)


def test_sample_models_are_always_trusted() -> None:
    assert is_trusted(paths.sample_models() / "cnn.py")


def test_two_files_are_remembered_and_a_missing_one_is_named(
    user_file: WriteFile, tmp_path: Path
) -> None:
    first, second = user_file("x = 1", "a.py"), user_file("x = 2", "b.py")
    trust(first)
    trust(second)
    assert is_trusted(first)
    assert is_trusted(second)
    with pytest.raises(CatalogError, match="No such file"):
        is_trusted(tmp_path / "gone.py")
