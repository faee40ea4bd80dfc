"""What a range test costs with the number of ranks: one model, 1, 2 and 4 gloo processes.

    python -m tests.bench.ranks [--iterations 100] [--ranks 1 2 4]

Each row is a launch of torchrun on this machine, with one thread for each rank and the same global
batch. Processor time of an iteration is the mean over the ranks, start-up not included: on fewer
cores than ranks the wall clock says little. The last column is how far the curve is from the one of
a single process, at most.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from lrtui import LRFinder

BATCH, WIDTH, EXAMPLES = 64, 512, 2048
ROOT = Path(__file__).resolve().parents[2]


def measured(rank: int, size: int, wrap: bool, iterations: int) -> dict[str, Any]:
    """The curve of a test, and what it took."""
    torch.manual_seed(0)
    model: nn.Module = nn.Sequential(
        nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 10)
    )
    if wrap:
        model = DistributedDataParallel(model)
    inputs = torch.randn(EXAMPLES, 64, generator=torch.Generator().manual_seed(1))
    dataset = TensorDataset(inputs, inputs[:, :10].argmax(1))
    sampler: DistributedSampler[Any] = DistributedSampler(dataset, size, rank, shuffle=False)
    loader = DataLoader(dataset, batch_size=BATCH // size, sampler=sampler)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    finder = LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False)
    cpu, wall = time.process_time(), time.perf_counter()
    finder.range_test(loader, end_lr=0.1, num_iter=iterations)
    spent = time.process_time() - cpu, time.perf_counter() - wall
    return {"loss": finder.history["raw_loss"], "cpu": spent[0], "wall": spent[1]}


def rank_main(folder: Path, iterations: int) -> None:
    """One rank: write what it measured."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    seen = measured(rank, dist.get_world_size(), True, iterations)
    (folder / f"{rank}.json").write_text(json.dumps(seen))
    dist.destroy_process_group()


def launched(size: int, iterations: int) -> list[dict[str, Any]]:
    """What each of `size` ranks measured."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        script = [__file__, "--folder", folder, "--iterations", str(iterations)]
        command = [*torchrun, f"--nproc-per-node={size}", *script]
        subprocess.run(command, check=False, env=environment, stderr=subprocess.DEVNULL)
        return [json.loads((Path(folder) / f"{rank}.json").read_text()) for rank in range(size)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.folder is not None:
        rank_main(options.folder, options.iterations)
        return
    torch.set_num_threads(1)
    alone = measured(0, 1, False, options.iterations)
    print("ranks | CPU ms an iteration and rank | wall ms an iteration | farthest from one process")
    print(row("none", [alone], alone, options.iterations))
    for size in options.ranks:
        seen = launched(size, options.iterations)
        print(row(str(size), seen, alone, options.iterations))


def row(name: str, seen: list[dict[str, Any]], alone: dict[str, Any], iterations: int) -> str:
    """A line of the table."""
    cpu = sum(each["cpu"] for each in seen) / len(seen) / iterations * 1000
    wall = max(each["wall"] for each in seen) / iterations * 1000
    pairs = zip(seen[0]["loss"], alone["loss"], strict=True)
    farthest = max(abs(loss - expected) for loss, expected in pairs)
    return f"{name:>5} | {cpu:28.2f} | {wall:20.2f} | {farthest:.1e}"


if __name__ == "__main__":
    main()
