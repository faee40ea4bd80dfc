"""What a range test costs with the number of parameters, in seconds and bytes.

    python -m tests.bench.parameters [--millions 1 3 10 30 100 300] [--most-gb 8]
        [--device cpu] [--snapshot auto] [--init-device cpu]

Each row is a process of its own with one thread: a stack of linear layers under AdamW, a batch of
8. Seconds are processor time on a CPU, the clock's on a GPU: "make" the model and move it, "copy"
what `reset()` needs, one "step" of the test, one "reset", one "digest" (of the weights and the
optimizer after it). "peak" is the most memory of the process, less what it has after the imports,
and on a GPU the most of the GPU beside it; the last column divides it by the parameters. Rows that
would need more than `--most-gb` are left out, and that is said.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrtui import LRFinder
from lrtui.build.construction.construct import construct

BATCH, ITERATIONS = 8, 4
LAYERS = 10  # of the same width: (10 width^2) parameters


def stack(parameters: float) -> nn.Sequential:
    """Linear layers with about so many parameters."""
    width = max(1, round((parameters / LAYERS) ** 0.5))
    layers: list[nn.Module] = []
    for _ in range(LAYERS):
        layers += [nn.Linear(width, width), nn.ReLU()]
    return nn.Sequential(*layers)


def measured(options: argparse.Namespace) -> dict[str, float]:
    """Seconds and bytes of one test."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    device = torch.device(options.device)
    before = _resident()
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        began = clock()
        yield
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds[name] = clock() - began

    with timed("make"):
        factory: Callable[[], object] = lambda: stack(options.one * 1e6)  # noqa: E731
        model = construct(factory, options.init_device, device, print_to_stderr)
        assert isinstance(model, nn.Module)
        model = model.to(device)
    width = next(model.parameters()).shape[1]
    inputs = torch.randn(BATCH * ITERATIONS, width)
    data = DataLoader(TensorDataset(inputs, inputs), batch_size=BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    with timed("copy"):
        finder = LRFinder(model, optimizer, nn.MSELoss(), verbose=False, snapshot=options.snapshot)
    with timed("step"):
        finder.range_test(data, end_lr=1e-3, num_iter=ITERATIONS)
    seconds["step"] /= ITERATIONS
    with timed("reset"):
        finder.reset()
    with timed("digest"):
        finder.digest()
    count = sum(parameter.numel() for parameter in model.parameters())
    peak = _peak() - before
    on_gpu = torch.cuda.max_memory_allocated() if device.type == "cuda" else 0
    copied = finder._origin.made.nbytes
    return {"count": count, "peak": peak, "gpu": on_gpu, "copied": copied, **seconds}


def row(seen: dict[str, float]) -> str:
    """A line of the table."""
    count = seen["count"]
    times = " | ".join(f"{seen[name]:.3f}" for name in ("make", "copy", "step", "reset", "digest"))
    peak = max(seen["peak"], seen["gpu"])
    gb = " | ".join(f"{seen[name] / 1e9:.2f}" for name in ("copied", "peak", "gpu"))
    return f"| {count / 1e6:.1f} M | {times} | {gb} | {peak / count:.0f} |"


def print_to_stderr(text: str) -> None:
    """A notice."""
    print(text, file=sys.stderr)


def _resident() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def of_child(millions: float) -> dict[str, Any] | None:
    """What a process of its own measures; None where it did not come to its end."""
    command = [sys.executable, "-m", "tests.bench.parameters", *sys.argv[1:]]
    command += ["--one", str(millions)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode:
        return None
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 3, 10, 30, 100, 300, 1000])
    parser.add_argument("--most-gb", type=float, default=8)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--snapshot", default="auto", choices=["auto", "cpu", "device"])
    parser.add_argument("--init-device", default="cpu", choices=["cpu", "device", "meta"])
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options)))
        return
    print(time.strftime("%Y-%m-%d"), f"torch {torch.__version__}, load {os.getloadavg()[0]:.1f}")
    print("| parameters | make, s | copy | step | reset | digest ", end="")
    print("| copy, GB | peak | GPU | B each |")
    print("|---" * 10 + "|")
    each = 24.0  # bytes for each parameter: weight, copy, gradient, two moments, a sum of them
    for millions in options.millions:
        if each * millions * 1e6 > options.most_gb * 1e9:
            gb = each * millions / 1e3
            print(f"{millions:g} M would take {gb:.0f} GB: left out (--most-gb)")
            continue
        seen = of_child(millions)
        if seen is None:
            print(f"{millions:g} M: it did not come to its end")
            return
        print(row(seen), flush=True)
        if millions >= 10:
            each = max(seen["peak"], seen["gpu"]) / seen["count"]


if __name__ == "__main__":
    main()
