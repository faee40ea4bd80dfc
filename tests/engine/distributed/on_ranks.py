"""What each rank does in `test_ranks`: `torchrun … on_ranks.py FOLDER`. It writes what it saw.

One launch for many claims, because starting processes takes most of the time. The same functions
make the runs of one process that the tests compare with.
"""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset, DistributedSampler, TensorDataset

from lrtui import LRFinder

EXAMPLES, BATCH = 96, 16
Seen = dict[str, Any]


class Faulty(nn.Module):
    """Raises in its forward on one rank, at one of its calls."""

    def __init__(self, model: nn.Module, rank: int, call: int) -> None:
        super().__init__()
        self.model = model
        self.rank, self.call, self.calls = rank, call, 0

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if self.calls == self.call and dist.get_rank() == self.rank:
            raise ValueError("a bad row")
        output: torch.Tensor = self.model(inputs)
        return output


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3))


def data(seed: int = 2, nan_at: int | None = None) -> Dataset[Any]:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(EXAMPLES, 6, generator=generator)
    targets = inputs[:, :3].argmax(1)
    if nan_at is not None:
        inputs[nan_at] = torch.nan
    return TensorDataset(inputs, targets)


def loader(dataset: Dataset[Any], rank: int, size: int, *, shuffle: bool = True) -> Any:
    """The part of a rank, in batches that make one of `BATCH` examples together."""
    sampler: DistributedSampler[Any] = DistributedSampler(
        dataset, size, rank, shuffle=shuffle, seed=3
    )
    batches = DataLoader(dataset, batch_size=BATCH // size, sampler=sampler)
    return batches if dist.is_initialized() else Passes(batches)


class Passes:
    """A loader in one process: it tells its sampler itself which pass over the data begins."""

    def __init__(self, batches: Any) -> None:
        self.batches = batches
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Any]:
        self.batches.sampler.set_epoch(self.epoch)
        self.epoch += 1
        return iter(self.batches)


def finder(model: nn.Module, **options: Any) -> LRFinder:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    return LRFinder(model, optimizer, nn.CrossEntropyLoss(), **options)


def accuracy(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (output.argmax(1) == target).double().mean()


def tested(made: LRFinder, rank: int, size: int, **settings: Any) -> Seen:
    """A test and a reset: its curve, how it ended, what it printed, and the digests."""
    before = made.digest()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        made.range_test(loader(data(), rank, size), **{"end_lr": 1.0, "num_iter": 30, **settings})
    after = made.digest()
    made.reset()
    return {
        "history": made.history,
        "histories": made.histories,
        "status": made.status,
        "reason": made.reason,
        "printed": printed.getvalue(),
        "digests": [before, after, made.digest()],
    }


def diverging(made: LRFinder, rank: int, size: int) -> Seen:
    return tested(made, rank, size, end_lr=1e4, num_iter=60)


def validated(made: LRFinder, rank: int, size: int) -> Seen:
    # an odd number of examples: the parts differ in size
    part = torch.utils.data.Subset(data(seed=5), range(rank, 51, size))
    return tested(
        made, rank, size, val_loader=DataLoader(part, batch_size=7), metric=accuracy, num_iter=12
    )


def accumulated(made: LRFinder, rank: int, size: int) -> Seen:
    return tested(made, rank, size, accumulation_steps=2, clip_grad_norm=0.5)


def with_nan_on_one_rank(made: LRFinder, rank: int, size: int) -> Seen:
    batches = loader(data(nan_at=41), rank, size, shuffle=False)
    made.range_test(batches, end_lr=1.0, num_iter=30)
    return {"status": made.status, "reason": made.reason, "history": made.history}


def with_an_error(made: LRFinder, rank: int, size: int) -> Seen:
    before = made.digest()
    try:
        made.range_test(loader(data(), rank, size), end_lr=1.0, num_iter=30)
    except Exception as error:  # noqa: BLE001 - what it is, is the question
        text = f"{type(error).__name__}: {error}"
        return {"error": text, "steps": len(made.history["lr"]), "exact": before == made.digest()}
    return {"error": ""}


def in_time(made: LRFinder, rank: int, size: int) -> Seen:
    made.range_test(loader(data(), rank, size), end_lr=1.0, num_iter=10**6, max_seconds=0.2)
    return {"steps": len(made.history["lr"]), "reason": made.reason}


CASES: dict[str, Callable[[LRFinder, int, int], Seen]] = {
    "plain": tested,
    "diverging": diverging,
    "validated": validated,
    "accumulated": accumulated,
}


def on_one_process(name: str) -> Seen:
    """A case without ranks."""
    return CASES[name](finder(network()), 0, 1)


def replicated(model: nn.Module) -> nn.Module:
    return DistributedDataParallel(model)


def sharded(model: nn.Module) -> nn.Module:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    for part in model:  # type: ignore[attr-defined]
        if isinstance(part, nn.Linear):
            fully_shard(part, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model


def main() -> None:
    folder = Path(sys.argv[1])
    dist.init_process_group("gloo")
    rank, size = dist.get_rank(), dist.get_world_size()
    seen: Seen = {}
    for kind, wrap in (("ddp", replicated), ("fsdp", sharded)):
        for name, case in CASES.items():
            seen[f"{kind} {name}"] = case(finder(wrap(network())), rank, size)
        seen[f"{kind} bf16"] = tested(finder(wrap(network()), precision="bf16"), rank, size)
        seen[f"{kind} nan"] = with_nan_on_one_rank(finder(wrap(network())), rank, size)
    repeats = {"repeats": 2, "vary": "init"}
    seen["ddp repeats"] = tested(finder(replicated(network())), rank, size, **repeats)
    seen["ddp orders"] = tested(finder(replicated(network())), rank, size, repeats=2)
    seen["ddp error"] = with_an_error(finder(replicated(Faulty(network(), 1, 7))), rank, size)
    seen["ddp time"] = in_time(finder(replicated(network())), rank, size)
    seen["alone"] = tested(finder(network()), 0, 1) if rank == 0 else {}
    # before the group is destroyed: that aborts at times
    (folder / f"{rank}.json").write_text(json.dumps(seen))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
