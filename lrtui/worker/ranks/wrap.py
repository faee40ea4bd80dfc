"""DDP or FSDP2 around what was built, for one of several processes."""

from collections.abc import Iterator
from dataclasses import replace

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from lrtui.build import optimizers
from lrtui.build.assemble import Built, build
from lrtui.build.datasets.shares import Share
from lrtui.catalog.targets import Notice
from lrtui.engine.repeats import FAR_SEED
from lrtui.engine.restore.random_state import reseed
from lrtui.spec import RunSpec


def built_for(spec: RunSpec, share: Share, notice: Notice) -> Built:
    """Build a spec for one process: its share of the data, and a model that all train together.

    The random states of the first process are those of a run in one process; the others have their
    own, so that they draw other dropout masks.

    Raises:
        PhaseError: as `build`.
    """
    built = build(spec, notice, share)
    if any(isinstance(part, _BatchNorm) for part in built.model.modules()):
        each = spec.loader.batch_size // share.size
        notice(
            f"batch norm sees the {each} examples of its own process, not all "
            f"{spec.loader.batch_size}: the curve differs from that of one process"
        )
    if share.is_sharded:
        model = _sharded(built.model, share)
        optimizer = optimizers.build(spec.optimizer, model, spec.range.start_lr, _nobody)
        built = replace(built, model=model, optimizer=optimizer)
    else:
        built = replace(built, model=_replicated(built.model, share))
    if share.rank:
        reseed(spec.seed + FAR_SEED * share.rank)
    return built


def _replicated(model: nn.Module, share: Share) -> nn.Module:
    devices = [share.device] if share.device.type == "cuda" else None
    return nn.parallel.DistributedDataParallel(model, device_ids=devices)


def _sharded(model: nn.Module, share: Share) -> nn.Module:
    """The model with its blocks and the rest of it sharded."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(share.device.type, (dist.get_world_size(),))
    for block in _blocks(model):
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model


def _blocks(model: nn.Module) -> Iterator[nn.Module]:
    """The items of the outermost lists and sequences of a model that have parameters."""
    for child in model.children():
        is_list = isinstance(child, nn.ModuleList)
        if is_list or not isinstance(model, nn.ModuleList | nn.Sequential):
            yield from _blocks(child)
        elif next(child.parameters(), None) is not None:
            yield child


def device_of_rank(name: str, local: int) -> torch.device:
    """The device of a process, by its number on its machine."""
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    device = torch.device("cuda", local % torch.cuda.device_count())
    torch.cuda.set_device(device)
    return device


def _nobody(text: str) -> None:
    """Notices that were said already."""
