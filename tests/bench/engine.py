"""Time per iteration of the range test, of a bare training loop and of torch_lr_finder.

    python -m tests.bench.engine [--iterations 1000] [--device cpu]

All contenders run at once on one thread and take turns, one iteration each: other processes on the
machine slow all of them down alike, and ratios are medians over single turns. On a CPU, a turn is
timed in processor time. The second table is what a test costs once: memory and time of a snapshot,
and of a deep copy (after loading that, the optimizer holds the copy itself).
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
from torch.optim.optimizer import ParamsT
from torch.utils.data import DataLoader, Dataset, TensorDataset, default_collate

from lrtui.build.datasets.digits import digits
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.finder import LRFinder

START_LR, END_LR = 1e-6, 1e-3  # far below divergence: every contender runs all iterations


@dataclass(frozen=True)
class Case:
    """A model, its data and its optimizer."""

    name: str
    model: Callable[[], nn.Module]
    data: Dataset[tuple[torch.Tensor, ...]]
    batch_size: int
    weight: int  # how many times longer an iteration takes than one of the first case
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


def sgd(params: ParamsT) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr=START_LR, momentum=0.9)


def adamw(params: ParamsT) -> torch.optim.Optimizer:
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
        self._semaphores = [threading.Semaphore(0) for _ in range(count)]
        self.times: list[list[float]] = [[] for _ in range(count)]
        self._began = [0.0] * count

    def begin(self, index: int) -> None:
        """Wait for the thread's turn, and start its clock."""
        self._semaphores[index].acquire()
        self._began[index] = self._clock()

    def end(self, index: int) -> None:
        """Record the time of a turn, and let the next thread run."""
        self.times[index].append(self._clock() - self._began[index])
        self.start_next(index)

    def start_next(self, index: int) -> None:
        """Let the thread after this one run."""
        self._semaphores[(index + 1) % len(self._semaphores)].release()


class Work:
    """The live objects of one contender, the same for all; `turn` is called at every batch."""

    def __init__(
        self, case: Case, device: torch.device, num_iter: int, turn: Callable[[], None]
    ) -> None:
        torch.manual_seed(0)
        self.device = device
        self.num_iter = num_iter
        self.model = case.model().to(device)
        self.optimizer = case.optimizer(self.model.parameters())
        self.criterion = nn.CrossEntropyLoss()

        def collate(examples: list[tuple[torch.Tensor, ...]]) -> list[torch.Tensor]:
            turn()
            batch: list[torch.Tensor] = default_collate(examples)
            return batch

        self.loader = DataLoader(
            case.data, batch_size=case.batch_size, shuffle=True, drop_last=True, collate_fn=collate
        )


def run_bare_loop(work: Work) -> None:
    """The loop that a person would write: train, and read the loss."""
    losses: list[float] = []
    work.model.train()
    while True:
        for batch in work.loader:
            inputs = batch[0].to(work.device, non_blocking=True)
            target = batch[1].to(work.device, non_blocking=True)
            work.optimizer.zero_grad()
            loss = work.criterion(work.model(inputs), target)
            loss.backward()
            work.optimizer.step()
            losses.append(loss.item())
            if len(losses) == work.num_iter:
                return


def run_lrtui(work: Work) -> None:
    """The range test of lrtui."""
    finder = LRFinder(work.model, work.optimizer, work.criterion, device=work.device, verbose=False)
    for _ in finder.steps(work.loader, end_lr=END_LR, num_iter=work.num_iter):
        pass
    assert len(finder.history["lr"]) == work.num_iter


def run_torch_lr_finder(work: Work) -> None:
    """The range test of torch_lr_finder."""
    import torch_lr_finder

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        finder = torch_lr_finder.LRFinder(
            work.model, work.optimizer, work.criterion, device=work.device
        )
        finder.range_test(work.loader, end_lr=END_LR, num_iter=work.num_iter)


CONTENDERS = {
    "bare loop": run_bare_loop,
    "lrtui": run_lrtui,
    "torch_lr_finder": run_torch_lr_finder,
}


def time_turns(
    case: Case, device: torch.device, num_iter: int, first: int = 0
) -> list[list[float]]:
    """Seconds of each turn, by contender. The first turns, which warm up, are left out."""
    on_gpu = device.type == "cuda"
    turns = Turns(len(CONTENDERS), time.perf_counter if on_gpu else time.thread_time)

    def compete(index: int, contender: Callable[[Work], None]) -> None:
        torch.set_num_threads(1)  # each thread has this setting of its own

        def turn() -> None:
            if on_gpu:
                torch.cuda.synchronize()
            turns.end(index)
            turns.begin(index)

        work = Work(case, device, num_iter, turn)
        turns.begin(index)
        contender(work)
        turns.start_next(index)

    threads = []
    for index, contender in enumerate(CONTENDERS.values()):
        threads.append(threading.Thread(target=compete, args=(index, contender)))
    for thread in threads[first:] + threads[:first]:
        thread.start()
    turns.start_next(first - 1)
    for thread in threads:
        thread.join()
    warm_up = num_iter // 20 + 1
    return [times[warm_up:] for times in turns.times]


def time_rounds(
    case: Case, device: torch.device, num_iter: int, rounds: int = 6
) -> list[list[float]]:
    """The turns of several rounds.

    Each round has its objects at other addresses in memory: that alone can change times by a tenth.
    """
    all_times: list[list[float]] = [[] for _ in CONTENDERS]
    ballast = []
    for number in range(rounds):
        for _ in range(20):
            ballast.append(torch.empty(random.randrange(1, 50_000), device=device))
        round_times = time_turns(case, device, num_iter // rounds, number % len(CONTENDERS))
        for times, more in zip(all_times, round_times, strict=True):
            times += more
    return all_times


def time_iterations(iterations: int, device: torch.device) -> None:
    """Print the milliseconds of an iteration, and the ratios, for each case."""
    print(f"{'milliseconds an iteration':26}", end="")
    for name in CONTENDERS:
        print(f"{name:>17}", end="")
    print(f"{'ours/bare':>11}{'ours/theirs':>13}")
    for case in CASES:
        bare, ours, theirs = time_rounds(case, device, max(150, iterations // case.weight))
        print(f"{case.name:26}", end="")
        for times in (bare, ours, theirs):
            print(f"{1e3 * statistics.median(times):17.3f}", end="")
        print(f"{ratio(ours, bare):11.3f}{ratio(ours, theirs):13.3f}", flush=True)


def ratio(some: list[float], others: list[float]) -> float:
    """1 + the median difference of neighbouring turns, over the others' median."""
    differences = (a - b for a, b in zip(some, others, strict=True))
    return 1 + statistics.median(differences) / statistics.median(others)


def time_snapshots(device: torch.device) -> None:
    """Print memory and time of a snapshot and of a deep copy."""
    print(f"\n{'20 M parameters, warm Adam':28}{'MB':>8}{'take, s':>10}{'restore, s':>12}")
    model = nn.Sequential(*[nn.Linear(1024, 1024) for _ in range(19)]).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    torch.autograd.backward(model(torch.randn(4, 1024, device=device)).sum())
    optimizer.step()
    optimizer.zero_grad()
    parameter_bytes = sum(p.nelement() * p.element_size() for p in model.parameters())
    live_mb = 3 * parameter_bytes / 1e6  # parameters, and both averages of Adam
    print(f"{'live tensors':28}{live_mb:8.0f}")

    takes, restores, copies, loads = [], [], [], []
    snapshot_mb = 0.0
    for _ in range(5):
        began = time.perf_counter()
        snapshot = Snapshot([model], [optimizer])
        takes.append(time.perf_counter() - began)
        began = time.perf_counter()
        snapshot.restore()
        restores.append(time.perf_counter() - began)
        snapshot_mb = snapshot.nbytes / 1e6
        del snapshot

        began = time.perf_counter()
        model_copy = copy.deepcopy(model.state_dict())
        optimizer_copy = copy.deepcopy(optimizer.state_dict())
        copies.append(time.perf_counter() - began)
        began = time.perf_counter()
        model.load_state_dict(model_copy)
        optimizer.load_state_dict(optimizer_copy)
        loads.append(time.perf_counter() - began)
        del model_copy, optimizer_copy
    print(f"{'Snapshot':28}{snapshot_mb:8.0f}{min(takes):10.3f}{min(restores):12.3f}")
    print(f"{'deepcopy of state_dicts':28}{live_mb:8.0f}{min(copies):10.3f}{min(loads):12.3f}")


# glibc's numbers of the options of mallopt()
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


def keep_freed_memory() -> None:
    """Stop glibc from returning memory to the system after a step.

    Which contender that hits is chance, and it costs up to half a step.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, 2**25)
        mallopt(M_TRIM_THRESHOLD, 2**30)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    device = torch.device(arguments.device)
    time_iterations(arguments.iterations, device)
    time_snapshots(device)


if __name__ == "__main__":
    main()
