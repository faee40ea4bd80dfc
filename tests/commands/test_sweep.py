"""`lrtui sweep` as a whole: what it prints where, going on, Ctrl-C, and its exit codes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lrtui import paths
from tests.commands.invoking import invoke
from tests.waiting import wait

BASE = """
device = "cpu"
[model]
target = "sample_models/mlp.py:MLP"
args = { hidden = 8 }
[range]
num_iter = 12
start_lr = 1e-4
end_lr = 1.0
[loader]
subset = 64
"""


def written(tmp_path: Path, grid: str, base: str = BASE) -> str:
    path = tmp_path / "grid.toml"
    path.write_text(f"{base}\n[grid]\n{grid}\n")
    return str(path)


def user_model(tmp_path: Path, body: str) -> str:
    """A grid's base with a model of the user's."""
    (tmp_path / "net.py").write_text(f"import os\nimport time\nfrom torch import nn\n{body}\n")
    return BASE.replace("sample_models/mlp.py:MLP", f"{tmp_path}/net.py:net").replace(
        "args = { hidden = 8 }", ""
    )


def document(text: str) -> dict[str, Any]:
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def test_a_grid_is_run_printed_and_not_run_again(tmp_path: Path) -> None:
    grid = written(tmp_path, '"loader.batch_size" = [16, 32]')
    first = invoke("sweep", grid, "--workers", "2")
    assert first.exit_code == 3, first.output  # 12 iterations are too few for an answer
    assert "2 tests on 2 workers" in first.stderr
    assert "2/2  batch size" in first.stderr
    header, *rows = first.stdout.splitlines()
    assert header.split()[:4] == ["#", "batch", "size", "lr"]
    assert header.endswith("seconds")
    assert [row.split()[:2] for row in rows[:2]] == [["1", "16"], ["2", "32"]]
    assert "no row to take" in rows[2]
    records = sorted(paths.runs().glob("*.json"))
    more = written(tmp_path, '"loader.batch_size" = [8, 16, 32]')
    second = invoke("sweep", more, "--json", "-o", str(tmp_path / "out.json"))
    assert "2 of 3 were done before" in second.stderr
    found = document(second.stdout)
    assert [test["before"] for test in found["tests"]] == [False, True, True]
    assert found == document((tmp_path / "out.json").read_text())
    assert len(sorted(paths.runs().glob("*.json"))) == len(records) + 1
    assert found["varied"] == ["batch size"]
    assert all(test["lowest"]["loss"] > 0 for test in found["tests"])


def test_the_recommended_row_is_marked_with_the_reason(tmp_path: Path) -> None:
    base = BASE.replace("num_iter = 12", "num_iter = 300").replace("subset = 64", "")
    grid = written(tmp_path, '"optimizer.target" = ["torch.optim:SGD", "torch.optim:AdamW"]', base)
    done = invoke("sweep", grid, "--workers", "2")
    assert done.exit_code == 0, done.output
    (marked,) = (line for line in done.stdout.splitlines() if line.startswith("→"))
    number = marked.split()[1]
    assert f"take {number}: " in done.stdout


@pytest.mark.slow
def test_a_failed_test_is_told_kept_and_run_again_when_asked(tmp_path: Path) -> None:
    body = "def net(works=True):\n    1 / works\n"
    body += "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))"
    grid = written(tmp_path, '"model.works" = [true, false]', user_model(tmp_path, body))
    refused = invoke("sweep", grid)
    assert refused.exit_code == 2
    assert "not agreed to" in refused.stderr
    assert not paths.sweeps().exists()
    first = invoke("sweep", grid, "--yes")
    assert "division by zero" in first.stdout
    assert "1 failed: `lrtui sweep" in first.stderr
    assert first.exit_code == 4  # none has an answer, and one has failed
    assert "2 of 2 were done before" in invoke("sweep", grid, "--yes").stderr
    again = invoke("sweep", grid, "--yes", "--retry-failed")
    assert "1 of 2 were done before" in again.stderr
    assert "2/2  works no  failed: " in again.stderr


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path) -> None:
    body = "def net(wait=0.0):\n    return Slow(wait)\n"
    body += "class Slow(nn.Module):\n    def __init__(self, wait):\n        super().__init__()\n"
    body += "        self.wait, self.layer = wait, nn.Linear(64, 10)\n    def forward(self, x):\n"
    body += "        time.sleep(self.wait * int(os.environ.get('SLOW', 0)))\n"
    body += "        return self.layer(x.flatten(1))\n"
    grid = written(tmp_path, '"model.wait" = [0.0, 1.0, 1.5]', user_model(tmp_path, body))
    command = [sys.executable, "-m", "lrtui.cli", "sweep", grid, "--yes", "--workers", "1"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SLOW": "2"},
    ) as process:
        wait(lambda: len(list(paths.runs().glob("*.json"))) == 1)
        wait(lambda: list(paths.runs().glob("*.jsonl")))
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"1 of 3 are done: `lrtui sweep {grid}` runs the rest" in err
    assert "not run" in out
    assert not list(paths.runs().glob("*.jsonl"))  # the one that ran was ended in order
    assert "1 of 3 were done before" in invoke("sweep", grid, "-y").stderr


@pytest.mark.parametrize(
    ("grid", "flags", "problem"),
    [
        ('"loader.batch_sice" = [1, 2]', [], "did you mean 'batch_size'?"),
        ('"loader.batch_size" = 3', [], "expected a list of values"),
        ('"loader.batch_size" = [3]', ["--engine", "dask"], "is not one of 'local', 'ray'"),
        ('"loader.batch_size" = [3]', ["--address", "a:1"], "add --engine ray"),
        ('"loader.batch_size" = [3]', ["--workers", "0"], "--workers"),
        (
            '"loader.batch_size" = [3]',
            ["--engine", "ray", "--address", "127.0.0.1:1"],
            "the Ray cluster at 127.0.0.1:1 cannot be reached",
        ),
    ],
)
def test_bad_input_is_a_usage_error_and_nothing_is_started(
    tmp_path: Path, grid: str, flags: list[str], problem: str
) -> None:
    done = invoke("sweep", written(tmp_path, grid), *flags)
    assert done.exit_code == 2
    assert problem in done.stderr
    assert (
        len([line for line in done.stderr.splitlines() if "rror" in line or "lrtui:" in line]) == 1
    )
    assert not list(paths.logs().glob("worker-*"))
    assert not paths.sweeps().exists()


def test_a_grid_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = invoke("sweep", str(tmp_path / "none.toml"))
    assert done.exit_code == 2
    assert "none.toml" in done.stderr
