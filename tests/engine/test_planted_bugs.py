"""For each bug planted into a copy of the engine, the tests that should notice it do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lrtui
from tests.engine.planted_bugs import BUGS

ROOT = Path(lrtui.__file__).parent.parent


@pytest.mark.parametrize("name", BUGS)
def test_the_text_to_be_replaced_is_there(name) -> None:
    bug = BUGS[name]
    assert bug.text in (ROOT / "lrtui" / bug.file).read_text()


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The package and its engine's tests, apart from the ones that take long."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "lrtui", folder / "lrtui", ignore=shutil.ignore_patterns("__pycache__"))
    tests = folder / "tests"
    (tests / "engine" / "restore").mkdir(parents=True)
    packages = ("__init__.py", "engine/__init__.py", "engine/restore/__init__.py")
    for file in (*packages, "conftest.py", "engine/conftest.py", "engine/rigs.py"):
        shutil.copy(ROOT / "tests" / file, tests / file)
    for file in {bug.noticed_by for bug in BUGS.values()}:
        shutil.copy(ROOT / "tests" / "engine" / file, tests / "engine" / file)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def run(copy: Path, file: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        f"tests/engine/{file}",
    ]
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted({bug.noticed_by for bug in BUGS.values()}))
def test_without_a_bug_they_pass(copy, file) -> None:
    ran = run(copy, file)
    assert ran.returncode == 0, ran.stdout[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("name", BUGS)
def test_with_the_bug_they_fail(copy, name) -> None:
    bug = BUGS[name]
    source = copy / "lrtui" / bug.file
    whole = source.read_text()
    source.write_text(whole.replace(bug.text, bug.planted, 1))
    try:
        ran = run(copy, bug.noticed_by)
    finally:
        source.write_text(whole)
    assert ran.returncode == 1, ran.stdout[-2000:]
    assert "SyntaxError" not in ran.stdout
    assert " failed" in ran.stdout
