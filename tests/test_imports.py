"""What an import loads: the UI process must never have torch in it, and the command line must start at once."""

import subprocess
import sys

import pytest

UI_SIDE = [
    "lrtui",
    "lrtui.cli",
    "lrtui.commands.run",
    "lrtui.commands.ls",
    "lrtui.commands.show",
    "lrtui.commands.recover",
    "lrtui.commands.models",
    "lrtui.commands.doctor",
    "lrtui.spec",
    "lrtui.specfile",
    "lrtui.events",
    "lrtui.record",
    "lrtui.launch.session",
    "lrtui.runs.store",
    "lrtui.tui.app",
    "lrtui.tui.run.screen",
    "lrtui.tui.form.screen",
]


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", UI_SIDE)
def test_the_ui_side_never_loads_torch(module: str) -> None:
    assert not {"torch", "torchvision", "matplotlib"} & loaded_after(f"import {module}")


def test_importing_lrtui_loads_neither_torch_nor_textual_nor_numpy() -> None:
    assert not {"torch", "textual", "numpy", "msgspec"} & loaded_after("import lrtui")


def test_the_command_line_loads_neither_screen_nor_arrays() -> None:
    assert not {"textual", "numpy", "plotext"} & loaded_after("import lrtui.cli")


def test_the_engine_loads_no_screen_and_no_plots() -> None:
    assert not {"textual", "plotext", "matplotlib"} & loaded_after("from lrtui import LRFinder")


def test_every_public_name_can_be_had() -> None:
    import lrtui

    for name in lrtui.__all__:
        assert getattr(lrtui, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = lrtui.nonsense


WHOLE_RUN = """
import asyncio, sys
from lrtui.launch.session import Session
from lrtui.spec import RangeSpec, RunSpec
from lrtui.tui.app import LrtuiApp
from lrtui.tui.run.screen import RunScreen

async def main():
    session = Session()
    app = LrtuiApp(RunSpec(range=RangeSpec(num_iter=20)), session)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("enter")
        while not isinstance(app.screen, RunScreen) or app.screen.model.state.ended is None:
            await pilot.pause(0.05)
        await pilot.press("s", "right", "r")
        await pilot.pause(0.2)
    session.close()

asyncio.run(main())
"""


def test_a_whole_run_in_the_app_leaves_its_process_without_torch() -> None:
    modules = loaded_after(WHOLE_RUN)
    assert "lrtui.tui.run.screen" in modules
    assert not {"torch", "torchvision"} & modules
