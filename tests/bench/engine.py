"""Time per iteration of the range test beside a bare training loop and torch_lr_finder, in one run on one thread.

    python -m tests.bench.engine [--repeats 15] [--device cpu]

Every contender runs once a repeat, in turn, on the same work, and every iteration is timed, from one collated batch to
the next, in processor time on a CPU: medians of that hardly see what else the machine does. Ratios are medians of the
repeats' own ratios. The second table is what a test costs once: the snapshot's memory and time beside a deep copy.
"""

import argparse
import contextlib
import copy
import gc
import io
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset, default_collate

from lrtui.catalog.digits import digits
from lrtui.engine.finder import LRFinder
from lrtui.engine.snapshot import Snapshot

START_LR, END_LR = 1e-6, 1e-3  # far below divergence: every contender runs all iterations


@dataclass(frozen=True)
class Case:
    name: str
    model: Callable[[], nn.Module]
    data: Dataset
    batch_size: int
    num_iter: int
    optimizer: Callable[..., torch.optim.Optimizer]


def mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


def wide_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def pictures() -> TensorDataset:
    generator = torch.Generator().manual_seed(0)
    return TensorDataset(
        torch.randn(512, 3, 32, 32, generator=generator), torch.randint(10, (512,), generator=generator)
    )


def sgd(params: object) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr=START_LR, momentum=0.9)


def adamw(params: object) -> torch.optim.Optimizer:
    return torch.optim.AdamW(params, lr=START_LR)


CASES = [
    Case("MLP, digits, SGD", mlp, digits()[0], 64, 150, sgd),
    Case("MLP, digits, AdamW", mlp, digits()[0], 64, 150, adamw),
    Case("CNN, digits, SGD", cnn, digits()[0], 64, 80, sgd),
    Case("CNN, digits, AdamW", cnn, digits()[0], 64, 80, adamw),
    Case("CNN, 32x32x3, SGD", wide_cnn, pictures(), 32, 15, sgd),
]


class Work:
    """The live objects of one timing, made anew so that every contender does the same."""

    def __init__(self, case: Case, device: torch.device) -> None:
        torch.manual_seed(0)
        self.device = device
        self.clock = time.process_time if device.type == "cpu" else time.perf_counter
        self.num_iter = case.num_iter
        self.model = case.model().to(device)
        self.optimizer = case.optimizer(self.model.parameters())
        self.criterion = nn.CrossEntropyLoss()
        self.loader = DataLoader(
            case.data, batch_size=case.batch_size, shuffle=True, drop_last=True, collate_fn=self.stamped
        )
        self.stamps: list[float] = []

    def stamped(self, examples: list[object]) -> object:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        self.stamps.append(self.clock())
        return default_collate(examples)


def bare(work: Work) -> None:
    """What a person would write: train, and look at the loss."""
    losses, left = [], work.num_iter
    work.model.train()
    while left:
        for inputs, target in work.loader:
            inputs, target = inputs.to(work.device, non_blocking=True), target.to(work.device, non_blocking=True)
            work.optimizer.zero_grad()
            loss = work.criterion(work.model(inputs), target)
            loss.backward()
            work.optimizer.step()
            losses.append(loss.item())
            left -= 1
            if not left:
                return


def ours(work: Work) -> None:
    finder = LRFinder(work.model, work.optimizer, work.criterion, device=work.device, verbose=False)
    for _ in finder.steps(work.loader, end_lr=END_LR, num_iter=work.num_iter):
        pass
    assert len(finder.history["lr"]) == work.num_iter


def theirs(work: Work) -> None:
    import torch_lr_finder

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        finder = torch_lr_finder.LRFinder(work.model, work.optimizer, work.criterion, device=work.device)
        finder.range_test(work.loader, end_lr=END_LR, num_iter=work.num_iter)


CONTENDERS = {"bare loop": bare, "lrtui": ours, "torch_lr_finder": theirs}


def iteration_seconds(contender: Callable[[Work], None], case: Case, device: torch.device) -> float:
    work = Work(case, device)
    gc.collect()
    contender(work)
    return statistics.median(after - before for before, after in itertools.pairwise(work.stamps))


def time_iterations(repeats: int, device: torch.device) -> None:
    print(
        f"{'milliseconds an iteration':24}"
        + "".join(f"{name:>18}" for name in CONTENDERS)
        + f"{'ours/bare':>12}{'theirs/bare':>13}"
    )
    for case in CASES:
        times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        order = list(CONTENDERS)
        for repeat in range(repeats + 1):
            for name in order:
                took = iteration_seconds(CONTENDERS[name], case, device)
                if repeat:  # the first one warms up
                    times[name].append(took)
            order.append(order.pop(0))
        row = "".join(f"{1e3 * statistics.median(times[name]):18.3f}" for name in CONTENDERS)
        ratios = [ratio(times[name], times["bare loop"]) for name in ("lrtui", "torch_lr_finder")]
        print(f"{case.name:24}{row}{ratios[0]:12.3f}{ratios[1]:13.3f}", flush=True)


def ratio(some: list[float], others: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(some, others, strict=True))


def time_snapshots(device: torch.device) -> None:
    print(f"\n{'20 M parameters, warm Adam':28}{'MB':>8}{'take, s':>10}{'restore, s':>12}")
    model = nn.Sequential(*[nn.Linear(1024, 1024) for _ in range(19)]).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    model(torch.randn(4, 1024, device=device)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    live = sum(p.nelement() * p.element_size() for p in model.parameters()) * 3
    takes, restores, copies, loads = [], [], [], []
    for _ in range(5):
        began = time.perf_counter()
        snapshot = Snapshot([model], [optimizer])
        takes.append(time.perf_counter() - began)
        began = time.perf_counter()
        snapshot.restore()
        restores.append(time.perf_counter() - began)
        nbytes = snapshot.nbytes
        del snapshot
        began = time.perf_counter()
        copied = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
        copies.append(time.perf_counter() - began)
        began = time.perf_counter()
        model.load_state_dict(copied[0])
        optimizer.load_state_dict(copied[1])
        loads.append(time.perf_counter() - began)
        del copied
    print(f"{'live tensors':28}{live / 1e6:8.0f}")
    print(f"{'Snapshot':28}{nbytes / 1e6:8.0f}{min(takes):10.3f}{min(restores):12.3f}")
    print(f"{'deepcopy of state_dicts':28}{live / 1e6:8.0f}{min(copies):10.3f}{min(loads):12.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--device", default="cpu")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(chosen.device)
    time_iterations(chosen.repeats, device)
    time_snapshots(device)


if __name__ == "__main__":
    main()
