"""The modules of a model that DistributedDataParallel or FSDP has wrapped."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from lrtui.engine.distributed.ranks import Ranks


class Wrapped:
    """What of a model is replicated (DDP) and what is sharded (FSDP2, and the older FSDP).

    Attributes:
        is_sharded: every forward waits for the other ranks, not the backward alone.
    """

    def __init__(self, model: nn.Module) -> None:
        parts: list[Any] = list(model.modules())
        self._replicas = list(filter(_is_ddp, parts))
        self._old_sharded = list(filter(_is_old_fsdp, parts))
        self._sharded = list(filter(_is_fsdp, parts))
        self._roots = list(_outermost(model, self._sharded))
        self.is_sharded = bool(self._sharded or self._old_sharded)

    @property
    def any(self) -> bool:
        """Whether a part is wrapped."""
        return bool(self._replicas) or self.is_sharded

    @property
    def group(self) -> Any:
        """The process group that the gradients are averaged in; None: all ranks."""
        for part in (*self._replicas, *self._old_sharded):
            return part.process_group
        return None

    @contextmanager
    def unsynchronised(self) -> Iterator[None]:
        """Gradients are added up on each rank, and averaged in a later backward pass."""
        with ExitStack() as stack:
            for part in (*self._replicas, *self._old_sharded):
                stack.enter_context(part.no_sync())
            for part in self._roots:
                part.set_requires_gradient_sync(False)
            try:
                yield
            finally:
                for part in self._roots:
                    part.set_requires_gradient_sync(True)

    def settle(self) -> None:
        """Put sharded parameters in place of whole ones, which a forward may have left."""
        for part in self._sharded:
            part.reshard()


def ranks_of(model: nn.Module, device: torch.device) -> Ranks | None:
    """The ranks that train a model together; None where this process trains it alone."""
    if not (dist.is_available() and dist.is_initialized()):
        return None
    wrapped = Wrapped(model)
    return Ranks(wrapped.group, device) if wrapped.any else None


def without_ddp(model: nn.Module) -> nn.Module:
    """The model inside DistributedDataParallel, whose forward waits for nobody."""
    inner: Any = getattr(model, "_orig_mod", model)
    if not _is_ddp(inner):
        return model
    module: nn.Module = inner.module
    return module


def _is_ddp(part: nn.Module) -> Any:
    return isinstance(part, nn.parallel.DistributedDataParallel)


def _is_old_fsdp(part: nn.Module) -> Any:
    return type(part).__name__ == "FullyShardedDataParallel"


def _is_fsdp(part: nn.Module) -> Any:
    return any(base.__name__ == "FSDPModule" for base in type(part).__mro__)


def _outermost(model: nn.Module, parts: list[Any]) -> Iterator[Any]:
    """Those that are in no other one: what they are told they tell the parts in them."""
    if any(part is model for part in parts):
        yield model
        return
    for child in model.children():
        yield from _outermost(child, parts)
