"""Small tests for sweeps, on real workers."""

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lrtui.record import History
from lrtui.runs.store import load
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from lrtui.sweep.executor import Executor, Outcome, Test
from lrtui.sweep.identity import key_of

SECONDS = 120

SMALL = RunSpec(
    model=Choice("sample_models/mlp.py:MLP", {"hidden": 8}),
    range=RangeSpec(num_iter=12, start_lr=1e-4, end_lr=1.0),
    loader=LoaderSpec(batch_size=16, subset=64),
    device="cpu",
)


def made_tests(count: int, base: RunSpec = SMALL) -> list[Test]:
    """Tests that differ by their seed; every second one has another optimizer."""
    found = []
    for seed in range(count):
        target = "torch.optim:SGD" if seed % 2 else "torch.optim:AdamW"
        spec = msgspec.structs.replace(base, seed=seed, optimizer=Choice(target))
        found.append(Test(key_of(spec), spec))
    return found


def run_all(executor: Executor, tests: Sequence[Test]) -> dict[str, Outcome]:
    """Submit tests, wait for all of them, and close the executor."""
    try:
        for test in tests:
            executor.submit(test)
        return outcomes_of(executor, len(tests))
    finally:
        executor.close()


def outcomes_of(executor: Executor, count: int) -> dict[str, Outcome]:
    """So many outcomes; it fails where they do not come."""
    outcomes: dict[str, Outcome] = {}
    deadline = time.monotonic() + SECONDS
    while len(outcomes) < count:
        for outcome in executor.poll():
            outcomes[outcome.key] = outcome
        assert time.monotonic() < deadline, "the deadline passed first"
        time.sleep(0.01)
    return outcomes


def curve(outcome: Outcome) -> History:
    """What the test has measured."""
    return load(Path(outcome.record)).history


def slow_user_model(folder: Path, seconds: float = 0.05) -> str:
    """A model of the user's that takes its time; its target."""
    path = folder / "slow_net.py"
    path.write_text(
        "import time\n"
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.layer = nn.Linear(64, 10)\n"
        "    def forward(self, x):\n"
        f"        time.sleep({seconds})\n"
        "        return self.layer(x.flatten(1))\n"
    )
    return f"{path}:Net"
