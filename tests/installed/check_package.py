"""What an installed lrtui has to do. Nothing here is imported from the checkout.

pip install dist/lrtui-*.whl pytest
cd tests/installed && pytest
"""

import asyncio
import importlib
import json
import pkgutil
import subprocess
import sys
import sysconfig
from importlib import metadata, resources
from pathlib import Path

import pytest

import lrtui
from lrtui.launch.record_driver import RecordDriver
from lrtui.record import RunRecord, from_json
from lrtui.tui.app import LrtuiApp

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = Path(lrtui.__file__).resolve().parent
OF_EXTRAS = [
    *("accelerate", "ignite", "lightning", "matplotlib", "mlflow", "pynvml", "pytorch_lightning"),
    *("ray", "tensorboard", "timm", "transformers", "wandb"),
]
SHORT = ["--num-iter", "12", "--batch-size", "16", "--device", "cpu"]
NO_ANSWER = 3  # the exit code: these iterations are too few


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)


def command() -> str:
    """The `lrtui` that was installed with the package."""
    folders = [Path(sysconfig.get_path("scripts")), PACKAGE.parent / "bin"]  # pip's --target
    for folder in reversed(folders):
        if (folder / "lrtui").exists():
            return str(folder / "lrtui")
    pytest.fail(f"no lrtui in {folders}")


def lrtui_says(*arguments: str, exit_code: int = 0) -> str:
    done = subprocess.run(
        [command(), *arguments], capture_output=True, text=True, check=False, timeout=150
    )
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stdout


def test_it_is_the_installed_package_and_nothing_of_it_is_missing() -> None:
    assert PACKAGE.parent != CHECKOUT, "lrtui is imported from the checkout"
    assert metadata.version("lrtui") == lrtui.__version__
    files = [file for file in metadata.files("lrtui") or [] if ".." not in file.parts]
    assert len(files) > 300
    assert [str(file) for file in files if not Path(str(file.locate())).exists()] == []


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "analysis/calibration.json",
        "build/datasets/digits/digits.npz",
        "docs/curve.md",
        "export/run.schema.json",
        "tui/app.tcss",
        "../sample_models/cnn.py",
    ],
)
def test_a_file_that_is_no_module_of_lrtui_is_there(name: str) -> None:
    assert (resources.files("lrtui") / name).is_file()


def test_every_module_can_be_imported_without_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OF_EXTRAS:
        monkeypatch.setitem(sys.modules, name, None)  # its import fails as if it were not there
    missing = set()
    for module in pkgutil.walk_packages(lrtui.__path__, "lrtui."):
        if module.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError:
            missing.add(module.name)
    assert missing == {"lrtui.integrations.ignite", "lrtui.integrations.lightning"}


def test_doctor_reports_this_installation() -> None:
    report = json.loads(lrtui_says("doctor", "--json"))
    assert report["lrtui"] == lrtui.__version__
    assert report["machine"]["torch"].startswith(metadata.version("torch"))
    assert report["machine"]["devices"][0]["precisions"]["fp32"] == ""  # it works


def test_a_short_run_is_recorded_shown_and_exported(tmp_path: Path) -> None:
    said = lrtui_says("run", *SHORT, "--json", exit_code=NO_ANSWER)
    record = json.loads(said)
    assert record["status"] == "completed"
    assert "(too short)" in lrtui_says("show", record["id"], exit_code=NO_ANSWER)
    lrtui_says("export", record["id"], "--to", str(tmp_path / "run.html"))
    assert "<svg" in (tmp_path / "run.html").read_text()
    asyncio.run(shown_in_the_app(from_json(said.encode())))


async def shown_in_the_app(record: RunRecord) -> None:
    """Open the app on a record, and return when its end is on the screen."""
    app = LrtuiApp(driver=RecordDriver(record))
    async with app.run_test(size=(100, 30)) as pilot:
        for _ in range(1000):
            await pilot.pause()
            if "all 12 iterations ran" in app.export_screenshot().replace("&#160;", " "):
                return
        pytest.fail(app.export_screenshot())
