"""Snapshot: one copy of everything that a training step may change, put back in place any number of times.

In place means that the very objects stay: a parameter that the optimizer, a scheduler, DistributedDataParallel or apex
(whose fp32 master weights live in the optimizer's groups, outside every state_dict) refers to is still that parameter.
"""

import copy
import os
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from lrtui.engine.restore.attributes import Containers
from lrtui.engine.restore.random_state import RngState
from lrtui.engine.restore.signals import uninterrupted
from lrtui.engine.restore.tensors import Vault


class Snapshot:
    """Model(s), optimizers, gradient scaler, gradients, train/eval flags and random states, as they are now.

    Args:
        modules: the model, and a criterion that is a module.
        optimizers: all of them; a scheduler attached to one is not touched.
        scaler: a GradScaler, or anything else with `state_dict` and `load_state_dict`.
        in_memory: keep the copies in memory (one copy), or in a file under `cache_dir`.

    Raises:
        ValueError: a model with lazy parameters that have no shape yet, or an unusable `cache_dir`.
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        optimizers: Sequence[Optimizer],
        scaler: Any = None,
        *,
        in_memory: bool = True,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        self._vault = Vault(in_memory, cache_dir)
        tensors = _tensors(modules, optimizers)
        _refuse_lazy(modules, tensors)
        for tensor in tensors:
            self._vault.add(tensor)
        self._leaves = [(leaf, leaf.requires_grad, leaf.grad) for leaf in tensors if leaf.is_leaf]
        for _, _, grad in self._leaves:
            if grad is not None:
                self._vault.add(grad)
        parts = list({id(part): part for module in modules for part in module.modules()}.values())
        self._flags = [(part, part.training) for part in parts]
        self._containers = Containers(self._vault)
        for owner in (*parts, *optimizers):
            self._containers.add(owner)
        self._scaler = scaler
        self._scaler_state: Any = None
        if isinstance(scaler, torch.amp.GradScaler):
            # one that was broken off between unscaling and updating keeps that in no state_dict
            self._containers.add(scaler)
        elif scaler is not None:
            self._scaler_state = copy.deepcopy(scaler.state_dict())
        self._rng = RngState()
        self._generators: list[tuple[torch.Generator, torch.Tensor]] = []
        self._vault.seal()

    def watch(self, generators: Iterable[torch.Generator]) -> None:
        """Put these generators (a loader's) back as well, to where they are now; known ones stay as they were."""
        known = {id(generator) for generator, _ in self._generators}
        self._generators += [(one, one.get_state()) for one in generators if id(one) not in known]

    @uninterrupted
    def restore(self) -> None:
        """Put everything back. Exact, and as often as wanted; a Ctrl-C meanwhile takes effect after that."""
        try:
            self._restore_tensors()
        finally:  # whatever an odd tensor has against it, the rest goes back
            for part, training in self._flags:
                part.training = training
            self._rng.restore()
            for generator, state in self._generators:
                generator.set_state(state)

    def _restore_tensors(self) -> None:
        self._containers.restore()
        if self._scaler_state is not None:
            self._scaler.load_state_dict(copy.deepcopy(self._scaler_state))
        for leaf, _, _ in self._leaves:
            if leaf.grad_fn is not None:
                leaf.detach_()  # a buffer that a forward has written its output into
            leaf.grad = None  # it may be on another device than the leaf is about to be
        self._vault.restore()
        for leaf, requires_grad, grad in self._leaves:
            if leaf.requires_grad != requires_grad:
                leaf.requires_grad_(requires_grad)
            leaf.grad = grad

    def holds(self) -> bool:
        """Whether model, optimizers and scaler are as they were; random states do not count."""
        return (
            self._containers.unchanged()
            and all(
                leaf.grad is grad and leaf.requires_grad == needed
                for leaf, needed, grad in self._leaves
            )
            and all(part.training == training for part, training in self._flags)
            and (self._scaler_state is None or self._scaler.state_dict() == self._scaler_state)
            and self._vault.unchanged()
        )

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the copies take."""
        return self._vault.nbytes


def _tensors(modules: Sequence[nn.Module], optimizers: Sequence[Optimizer]) -> list[torch.Tensor]:
    """Parameters and buffers of the modules, and what the optimizers hold beside them (master weights)."""
    of_modules = (
        tensor for module in modules for tensor in (*module.parameters(), *module.buffers())
    )
    of_groups = (
        param for one in optimizers for group in one.param_groups for param in group["params"]
    )
    return list({id(tensor): tensor for tensor in (*of_modules, *of_groups)}.values())


def _refuse_lazy(modules: Sequence[nn.Module], tensors: Sequence[torch.Tensor]) -> None:
    if any(is_lazy(tensor) for tensor in tensors):
        lazy = {
            name or type(part).__name__
            for module in modules
            for name, part in module.named_modules()
            if any(is_lazy(param) for param in part.parameters(recurse=False))
        }
        raise ValueError(
            f"the model has lazy layers without a shape yet ({', '.join(sorted(lazy))}): run one batch through it first"
        )
