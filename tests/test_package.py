"""The wheel: what is in it, and that it works where it is installed; the README's extras."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = {".json", ".md", ".npz", ".py", ".tcss", ".txt", ".typed"}
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="pip install 'lrtui[test]'")
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_has_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = [path for top in ("lrtui", "sample_models") for path in (ROOT / top).rglob("*.*")]
    kept = {path.relative_to(ROOT).as_posix() for path in files if path.suffix in SHIPPED}
    assert packed == kept
    assert not {name for name in packed if PurePosixPath(name).name.startswith(("test_", "check_"))}


@pytest.mark.slow
def test_the_wheel_works_where_it_is_installed_alone(wheel: Path, tmp_path: Path) -> None:
    """What a person runs with `cd tests/installed && pytest`, on the wheel of this checkout."""
    site = tmp_path / "site"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    pip = [sys.executable, "-m", "pip", *install, "--target", str(site), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=ROOT / "tests" / "installed",
        env={**os.environ, "PYTHONPATH": str(site), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_says_of_every_extra_what_it_gives() -> None:
    section = (ROOT / "README.md").read_text().split("## Extras\n", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE) == list(EXTRAS)
