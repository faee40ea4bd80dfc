"""`LRFinder.show()` in a real terminal: it runs a script's objects and restores them exactly."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.slowly import slow_after
from tests.terminal.terminal import Terminal, modes_left_on

SCRIPT = """
import os, sys, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from lrtui import LRFinder

class TinyNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
    def forward(self, x):
        print("SPOKEN" * 30)
        print("ANGRY" * 30, file=sys.stderr)
        os.write(1, b"\\x1b[2JRAW"); os.write(2, b"ERR")
        return self.body(x)

torch.manual_seed(0)
x = torch.randn(512, 8)
data = TensorDataset(x, (x[:, 0] > 0).long() + (x[:, 1] > 1).long())
model = TinyNet()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)
finder = LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False)
before, rng = finder.digest(), torch.get_rng_state()
code = finder.show(DataLoader(data, batch_size=32, shuffle=True), end_lr=10, num_iter=NUM_ITER)
exact = finder.digest() == before and torch.equal(rng, torch.get_rng_state())
points, lr = len(finder.history["lr"]), optimizer.param_groups[0]["lr"]
print(f"CODE {code} EXACT {exact} POINTS {points} LR {lr}")
"""

ENDED = r"✓ done"

HISTORY = """
finder.range_test(DataLoader(data, batch_size=32), end_lr=10, num_iter=60)
finder.reset()
code = finder.show()
print(f"CODE {code} POINTS {len(finder.history['lr'])}")
"""


def script(folder: Path, num_iter: int = 80) -> list[str]:
    path = folder / "train.py"
    path.write_text(SCRIPT.replace("NUM_ITER", str(num_iter)))
    return [sys.executable, str(path)]


def test_a_scripts_objects_are_run_reset_and_restored_exactly(tmp_path: Path) -> None:
    with Terminal(script(tmp_path), tmp_path) as app:
        app.wait_for(
            ENDED,
            "TinyNet · TensorDataset · SGD · batch 32",
            r" (\d\.\d\de-\d\d|none) ",
        )
        app.press("r")
        app.wait_for("model put back exactly", lambda text: not re.search(ENDED, text))
        app.press("enter")
        app.wait_for(ENDED)
        app.press("q")
        assert app.wait_for_exit() == 0
        assert "CODE 0 EXACT True POINTS" in app.text
        assert "LR 1e-05" in app.text
        assert modes_left_on(bytes(app.written)) == []


@pytest.mark.parametrize("how", slow_after(1, ["q", "x"]))
def test_leaving_in_the_middle_of_a_run_restores_them_exactly(tmp_path: Path, how: str) -> None:
    with Terminal(script(tmp_path, num_iter=1_000_000), tmp_path) as app:
        app.wait_for(r"● [1-9]\d*/1000000")
        if how == "x":
            app.press("x")
            app.wait_for("■ stopped")
        app.press("q")
        if how == "q":
            app.wait_for("A run is in progress")
            app.press("enter")
        assert app.wait_for_exit() == 0
        assert "CODE 0 EXACT True" in app.text


@pytest.mark.slow
def test_what_live_objects_print_never_reaches_the_screen(tmp_path: Path) -> None:
    with Terminal(script(tmp_path), tmp_path) as app:
        text = app.wait_for(ENDED)
        assert not re.search("SPOKEN|ANGRY|RAW|ERR", text)
        assert not re.search(rb"SPOKEN|ANGRY|RAW|ERR", bytes(app.written))
        app.press("q")
        app.wait_for_exit()
        # after the app has closed, the script's own prints appear again
        assert "CODE 0" in app.text


def test_a_model_that_fails_is_reported_and_the_script_goes_on(tmp_path: Path) -> None:
    argv = script(tmp_path)
    path = tmp_path / "train.py"
    path.write_text(
        path.read_text().replace("return self.body(x)", "raise RuntimeError('it broke')")
    )
    with Terminal(argv, tmp_path) as app:
        app.wait_for(r"RuntimeError:\s+it\s+broke")
        app.press("q")
        assert app.wait_for_exit() == 0
        assert "CODE 0 EXACT True POINTS 0" in app.text


@pytest.mark.slow
def test_a_measured_history_is_shown_without_a_loader(tmp_path: Path) -> None:
    argv = script(tmp_path)
    path = tmp_path / "train.py"
    source = path.read_text()
    head = source[: source.index("code = finder.show")].replace('print("SPOKEN" * 30)', "pass")
    head = re.sub(r"os\.write.*", "pass", head)
    path.write_text(head + HISTORY)
    with Terminal(argv, tmp_path) as app:
        app.wait_for(ENDED, "TinyNet", "measured before")
        app.press("q")
        assert app.wait_for_exit() == 0
        assert re.search(r"CODE 0 POINTS [1-9]", app.text)


def test_without_a_terminal_show_says_so_and_the_script_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        script(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "no terminal" in done.stderr
    assert "CODE 2 EXACT True POINTS 0" in done.stdout
