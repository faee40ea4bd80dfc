"""What an import loads, and how the package is laid out.

The UI process must never load torch, and the command line must start at once.
"""

import ast
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

import lrtui

PACKAGE = Path(lrtui.__file__).parent
FOLDERS = sorted({path.parent for path in PACKAGE.rglob("*.py")})
MOST_MODULES = 20  # in one folder, its __init__ not counted

# Only these may load torch: they are what runs in a worker, or on live objects in a user's process.
TORCH_SIDE = (
    "lrtui.build",
    "lrtui.engine",
    "lrtui.finder",
    "lrtui.integrations",
    "lrtui.launch.live_driver",
    "lrtui.live",
    "lrtui.range_settings",
    "lrtui.run_events",
    "lrtui.worker",
)


def ui_side() -> dict[str, list[str]]:
    """All modules that the UI may import, by the name that they have or are below in lrtui."""
    by_top: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        is_torch_side = f"{module}.".startswith(tuple(f"{name}." for name in TORCH_SIDE))
        if len(parts) > 1 and not is_torch_side:
            by_top.setdefault(parts[1], []).append(module)
    return by_top


UI_SIDE = ui_side()


def loaded_after(code: str) -> set[str]:
    """Return the names of all modules that a fresh interpreter has loaded after some code."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("name", UI_SIDE)
def test_no_module_of_the_ui_side_loads_torch(name: str) -> None:
    modules = loaded_after(f"import {', '.join(UI_SIDE[name])}")
    assert set(UI_SIDE[name]) <= modules
    assert not {"torch", "torchvision", "matplotlib"} & modules


def test_importing_lrtui_loads_neither_torch_nor_textual_nor_numpy() -> None:
    assert not {"torch", "textual", "numpy", "msgspec"} & loaded_after("import lrtui")


def test_the_command_line_loads_neither_screen_nor_arrays() -> None:
    assert not {"textual", "numpy", "plotext"} & loaded_after("import lrtui.cli")


def test_the_engine_loads_no_screen_and_no_plots() -> None:
    assert not {"textual", "plotext", "matplotlib"} & loaded_after("from lrtui import LRFinder")


def test_every_public_name_can_be_imported() -> None:
    for name in lrtui.__all__:
        assert getattr(lrtui, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = lrtui.nonsense


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(PACKAGE)))
def test_a_folder_is_a_documented_package_of_at_most_twenty_modules(folder: Path) -> None:
    modules = {path.name for path in folder.glob("*.py")}
    assert "__init__.py" in modules
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    assert len(modules - {"__init__.py"}) <= MOST_MODULES


WHOLE_RUN = """
import asyncio
from lrtui.launch.session import Session
from lrtui.spec import RangeSpec, RunSpec
from lrtui.tui.app import LrtuiApp
from lrtui.tui.run.screen import RunScreen
from tests.tui.helpers import screen_words, until

def ended(app):
    return isinstance(app.screen, RunScreen) and app.screen.model.state.ended is not None

async def main():
    session = Session()
    app = LrtuiApp(RunSpec(range=RangeSpec(num_iter=20)), session)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: ended(app))
        await pilot.press("s", "right", "r")
        await until(pilot, lambda: "model put back exactly" in screen_words(app))
    session.close()

asyncio.run(main())
"""


def test_a_whole_run_in_the_app_leaves_its_process_without_torch() -> None:
    modules = loaded_after(WHOLE_RUN)
    assert "lrtui.tui.run.screen" in modules
    assert not {"torch", "torchvision"} & modules


def test_every_folder_of_tests_is_collected(pytestconfig: pytest.Config) -> None:
    skipped = pytestconfig.getini("norecursedirs")
    for folder in Path(__file__).parent.rglob("*"):
        if folder.is_dir() and not folder.name.startswith((".", "__")):
            assert not any(fnmatch(folder.name, pattern) for pattern in skipped), folder
