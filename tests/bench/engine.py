"""Time per iteration of the range test beside a bare training loop and torch_lr_finder, in one run on one thread.

    python -m tests.bench.engine [--iterations 1000] [--device cpu]

All contenders run at once and take turns, one iteration each: what else the machine does hits them alike, and ratios
are medians over single turns. A turn is timed in processor time on a CPU. The second table is what a test costs once:
the snapshot's memory and time beside a deep copy (whose loading leaves the optimizer holding the copy itself).
"""

import argparse
import contextlib
import copy
import ctypes
import io
import random
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset, default_collate

from lrtui.build.datasets.digits import digits
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.finder import LRFinder

START_LR, END_LR = 1e-6, 1e-3  # far below divergence: every contender runs all iterations


@dataclass(frozen=True)
class Case:
    name: str
    model: Callable[[], nn.Module]
    data: Dataset
    batch_size: int
    weight: int  # how many times longer than the first an iteration takes
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
        torch.randn(512, 3, 32, 32, generator=generator),
        torch.randint(10, (512,), generator=generator),
    )


def sgd(params: object) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr=START_LR, momentum=0.9)


def adamw(params: object) -> torch.optim.Optimizer:
    return torch.optim.AdamW(params, lr=START_LR)


CASES = [
    Case("MLP, digits, SGD", mlp, digits()[0], 64, 1, sgd),
    Case("MLP, digits, AdamW", mlp, digits()[0], 64, 1, adamw),
    Case("CNN, digits, SGD", cnn, digits()[0], 64, 4, sgd),
    Case("CNN, digits, AdamW", cnn, digits()[0], 64, 4, adamw),
    Case("CNN, 32x32x3, SGD", wide_cnn, pictures(), 32, 12, sgd),
]


class Turns:
    """Lets threads run one after the other, each from one collated batch to the next."""

    def __init__(self, count: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._gates = [threading.Semaphore(0) for _ in range(count)]
        self.times: list[list[float]] = [[] for _ in range(count)]
        self._began = [0.0] * count

    def begin(self, who: int) -> None:
        self._gates[who].acquire()
        self._began[who] = self._clock()

    def end(self, who: int) -> None:
        self.times[who].append(self._clock() - self._began[who])
        self.hand_on(who)

    def hand_on(self, who: int) -> None:
        self._gates[(who + 1) % len(self._gates)].release()


class Work:
    """The live objects of one contender, made anew so that all do the same; `turn` is called at every batch."""

    def __init__(
        self, case: Case, device: torch.device, num_iter: int, turn: Callable[[], None]
    ) -> None:
        torch.manual_seed(0)
        self.device = device
        self.num_iter = num_iter
        self.model = case.model().to(device)
        self.optimizer = case.optimizer(self.model.parameters())
        self.criterion = nn.CrossEntropyLoss()

        def collate(examples: list[object]) -> object:
            turn()
            return default_collate(examples)

        self.loader = DataLoader(
            case.data, batch_size=case.batch_size, shuffle=True, drop_last=True, collate_fn=collate
        )


def bare(work: Work) -> None:
    """What a person would write: train, and look at the loss."""
    losses, left = [], work.num_iter
    work.model.train()
    while left:
        for inputs, target in work.loader:
            inputs, target = (
                inputs.to(work.device, non_blocking=True),
                target.to(work.device, non_blocking=True),
            )
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
        finder = torch_lr_finder.LRFinder(
            work.model, work.optimizer, work.criterion, device=work.device
        )
        finder.range_test(work.loader, end_lr=END_LR, num_iter=work.num_iter)


CONTENDERS = {"bare loop": bare, "lrtui": ours, "torch_lr_finder": theirs}


def turns_of(case: Case, device: torch.device, num_iter: int, first: int = 0) -> list[list[float]]:
    """Seconds of every turn, contender by contender; the first turns, which warm up, are left out."""
    on_gpu = device.type == "cuda"
    turns = Turns(len(CONTENDERS), time.perf_counter if on_gpu else time.thread_time)

    def compete(who: int, contender: Callable[[Work], None]) -> None:
        torch.set_num_threads(1)  # a setting of each thread

        def turn() -> None:
            if on_gpu:
                torch.cuda.synchronize()
            turns.end(who)
            turns.begin(who)

        work = Work(case, device, num_iter, turn)
        turns.begin(who)
        contender(work)
        turns.hand_on(who)

    threads = [
        threading.Thread(target=compete, args=pair) for pair in enumerate(CONTENDERS.values())
    ]
    for thread in threads[first:] + threads[:first]:
        thread.start()
    turns.hand_on(first - 1)
    for thread in threads:
        thread.join()
    return [times[num_iter // 20 + 1 :] for times in turns.times]


def rounds_of(
    case: Case, device: torch.device, num_iter: int, rounds: int = 6
) -> list[list[float]]:
    """The turns of several rounds, each with its objects at other places in memory: that alone can cost a tenth."""
    found: list[list[float]] = [[] for _ in CONTENDERS]
    ballast = []
    for number in range(rounds):
        ballast += [torch.empty(random.randrange(1, 50_000), device=device) for _ in range(20)]
        for all_times, times in zip(
            found, turns_of(case, device, num_iter // rounds, number % len(found)), strict=True
        ):
            all_times += times
    return found


def time_iterations(iterations: int, device: torch.device) -> None:
    print(
        f"{'milliseconds an iteration':26}" + "".join(f"{name:>17}" for name in CONTENDERS), end=""
    )
    print(f"{'ours/bare':>11}{'ours/theirs':>13}")
    for case in CASES:
        plain, mine, others = rounds_of(case, device, max(150, iterations // case.weight))
        row = "".join(f"{1e3 * statistics.median(times):17.3f}" for times in (plain, mine, others))
        print(
            f"{case.name:26}{row}{ratio(mine, plain):11.3f}{ratio(mine, others):13.3f}", flush=True
        )


def ratio(some: list[float], others: list[float]) -> float:
    """1 + the median difference of neighbouring turns, over the others' median."""
    differences = (a - b for a, b in zip(some, others, strict=True))
    return 1 + statistics.median(differences) / statistics.median(others)


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


def keep_freed_memory() -> None:
    """Stop glibc from giving memory back after every step: whom that hits is luck, and it costs up to half a step."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in (
            (-8, 1),
            (-3, 2**25),
            (-1, 2**30),
        ):  # one arena, mmap threshold, trim threshold
            mallopt(option, value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--device", default="cpu")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    device = torch.device(chosen.device)
    time_iterations(chosen.iterations, device)
    time_snapshots(device)


if __name__ == "__main__":
    main()
