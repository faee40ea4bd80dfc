"""What the rank does in `test_nccl`: `torchrun … on_nccl.py KIND FILE`."""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from lrtui import LRFinder
from tests.engine.distributed.on_ranks import data, finder, network

_SETTINGS = {"end_lr": 1.0, "num_iter": 30, "accumulation_steps": 2}


def wrapped(kind: str, model: nn.Module) -> nn.Module:
    if kind == "ddp":
        return DistributedDataParallel(model, device_ids=[0])
    from torch.distributed.fsdp import fully_shard

    fully_shard(model)
    return model


def loss_of(made: LRFinder) -> list[float]:
    """The curve of a test; the model stays as the test has left it."""
    made.range_test(DataLoader(data(), batch_size=16), **_SETTINGS)  # type: ignore[arg-type]
    losses: list[float] = made.history["loss"]
    return losses


def main() -> None:
    kind, file = sys.argv[1:]
    torch.cuda.set_device(0)
    alone = loss_of(finder(network().cuda(), verbose=False))
    dist.init_process_group("nccl")
    made = finder(wrapped(kind, network().cuda()), verbose=False)
    before, loss, after = made.digest(), loss_of(made), made.digest()
    made.reset()
    seen = {
        "backend": dist.get_backend(),
        "alone": alone,
        "loss": loss,
        "before": before,
        "after": after,
        "restored": made.digest(),
    }
    # before the group is destroyed: that aborts at times
    Path(file).write_text(json.dumps(seen))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
