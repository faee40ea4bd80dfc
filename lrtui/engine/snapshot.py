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

from lrtui.engine.rng import RngState
from lrtui.engine.vault import Vault


class _Kept:
    """A mutable container and what was in it, in place of the container itself."""

    def __init__(self, container: Any, content: Any) -> None:
        self.container = container
        self.content = content


class _TensorAt:
    def __init__(self, number: int) -> None:
        self.number = number


def _freeze(value: Any, vault: Vault) -> Any:
    """Describe nested state so that `_thaw` can put it back: tensors by number, containers by identity."""
    if isinstance(value, torch.Tensor):
        return _TensorAt(vault.add(value))
    if isinstance(value, dict):
        return _Kept(value, {key: _freeze(item, vault) for key, item in value.items()})
    if isinstance(value, list):
        return _Kept(value, [_freeze(item, vault) for item in value])
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_freeze(item, vault) for item in value)
    return copy.deepcopy(value)


def _thaw(frozen: Any, vault: Vault) -> Any:
    if isinstance(frozen, _TensorAt):
        return vault.tensor(frozen.number)
    if isinstance(frozen, _Kept):
        if isinstance(frozen.container, dict):
            content = {key: _thaw(item, vault) for key, item in frozen.content.items()}
            frozen.container.clear()
            frozen.container.update(content)
        else:
            frozen.container[:] = [_thaw(item, vault) for item in frozen.content]
        return frozen.container
    if isinstance(frozen, tuple):
        return tuple(_thaw(item, vault) for item in frozen)
    return copy.deepcopy(frozen)


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
        parts = {id(part): part for module in modules for part in module.modules()}.values()
        self._flags = [(part, part.training) for part in parts]
        self._slots: list[tuple[dict[str, Any], dict[str, Any]]] = [
            (slots, dict(slots))
            for part in parts
            for slots in (part._parameters, part._buffers, part._modules)
            if isinstance(slots, dict)  # TorchScript keeps them elsewhere
        ]
        self._optimizers = list(optimizers)
        tensors = _tensors(modules, optimizers)
        _refuse_lazy(modules, tensors)
        for tensor in tensors:
            self._vault.add(tensor)
        self._leaves = [(leaf, leaf.requires_grad, leaf.grad) for leaf in tensors if leaf.is_leaf]
        for _, _, grad in self._leaves:
            if grad is not None:
                self._vault.add(grad)
        self._groups = [_freeze(one.param_groups, self._vault) for one in optimizers]
        self._states = [_freeze(dict(one.state), self._vault) for one in optimizers]
        self._counters = [_plain(one) for one in optimizers]
        self._scaler = scaler
        self._scaler_state = self._scaler_now()
        self._rng = RngState()
        self._generators: list[tuple[torch.Generator, torch.Tensor]] = []
        self._vault.seal()

    def watch(self, generators: Iterable[torch.Generator]) -> None:
        """Put these generators (a loader's) back as well, to where they are now; known ones stay as they were."""
        known = {id(generator) for generator, _ in self._generators}
        self._generators += [(one, one.get_state()) for one in generators if id(one) not in known]

    def restore(self, *, rng: bool = True) -> None:
        """Put everything back. Exact, and as often as wanted; the random states are left alone if `rng` is False."""
        for slots, content in self._slots:
            slots.clear()
            slots.update(content)
        for optimizer, groups, state, counters in zip(
            self._optimizers, self._groups, self._states, self._counters, strict=True
        ):
            _thaw(groups, self._vault)
            optimizer.state.clear()
            optimizer.state.update(_thaw(state, self._vault))
            vars(optimizer).update(counters)
        self._restore_scaler()
        for leaf, _, _ in self._leaves:
            leaf.grad = None  # it may be on another device than the leaf is about to be
        self._vault.restore()
        for leaf, requires_grad, grad in self._leaves:
            if leaf.requires_grad != requires_grad:
                leaf.requires_grad_(requires_grad)
            leaf.grad = grad
        for part, training in self._flags:
            part.training = training
        if rng:
            self._restore_rng()

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the copies take."""
        return self._vault.nbytes

    def _scaler_now(self) -> Any:
        # a GradScaler that was broken off between unscaling and updating keeps that in no state_dict
        if isinstance(self._scaler, torch.amp.GradScaler):
            return _freeze(vars(self._scaler), self._vault)
        return None if self._scaler is None else copy.deepcopy(self._scaler.state_dict())

    def _restore_scaler(self) -> None:
        if isinstance(self._scaler, torch.amp.GradScaler):
            _thaw(self._scaler_state, self._vault)
        elif self._scaler is not None:
            self._scaler.load_state_dict(copy.deepcopy(self._scaler_state))

    def _restore_rng(self) -> None:
        self._rng.restore()
        for generator, state in self._generators:
            generator.set_state(state)


def _tensors(modules: Sequence[nn.Module], optimizers: Sequence[Optimizer]) -> list[torch.Tensor]:
    """Parameters and buffers of the modules, and what the optimizers hold beside them (master weights)."""
    of_modules = (tensor for module in modules for tensor in (*module.parameters(), *module.buffers()))
    of_groups = (param for one in optimizers for group in one.param_groups for param in group["params"])
    return list({id(tensor): tensor for tensor in (*of_modules, *of_groups)}.values())


def _plain(optimizer: Optimizer) -> dict[str, Any]:
    """Counters and the like that an optimizer keeps as attributes of its own."""
    kinds = (bool, int, float, str, type(None))
    return {name: value for name, value in vars(optimizer).items() if type(value) in kinds}


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
