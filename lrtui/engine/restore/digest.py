"""A digest of model and optimizer: two states with equal digests are equal to the last bit."""

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from enum import Enum

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.restore.tensors import inner_tensors, is_wrapper
from lrtui.engine.restore.values import (
    PLAIN,
    Fields,
    has_attributes,
    holds_tensors,
    is_optimizer,
)

_PLAIN = (*PLAIN, torch.dtype, torch.device, Enum)
_MODULE_STATE = ("_parameters", "_buffers", "_modules")
# hooks and flags of nn.Module itself
_MODULE_INTERNALS = set(vars(nn.Module())).difference(_MODULE_STATE)


def digest(modules: Sequence[nn.Module], optimizers: Sequence[Optimizer]) -> str:
    """BLAKE2b (64 bits, as hex) of what a snapshot puts back, without random states and scaler.

    That is: parameters, buffers, gradients, train/eval flags and optimizers.
    """
    hasher = _Hasher()
    for module in modules:
        for name, part in module.named_modules():
            hasher.add(name, part.training, part._parameters, part._buffers, _attributes(part))
            for param in part._parameters.values():
                if param is not None:
                    hasher.add(param.requires_grad, param.grad)
    for optimizer in optimizers:
        hasher.add(optimizer)
    return hasher.hexdigest()


def combined(digests: Sequence[str]) -> str:
    """One digest for the parts of a state that several ranks have."""
    hasher = _Hasher()
    hasher.add(tuple(digests))
    return hasher.hexdigest()


class _Hasher:
    """Hashes nested values; an object that it has seen before adds nothing."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=8)
        self._seen: dict[int, object] = {}

    def add(self, *values: object, in_state: bool = False) -> None:
        """Add values. `in_state`: all of them count, because an optimizer's state holds them."""
        for value in values:
            if isinstance(value, _PLAIN):
                self._hash.update(repr(value).encode())
            elif isinstance(value, tuple):
                self.add(*value, in_state=in_state)
            elif id(value) not in self._seen:
                self._seen[id(value)] = value
                self._add_object(value, in_state)

    def hexdigest(self) -> str:
        """The digest so far."""
        return self._hash.hexdigest()

    def _add_object(self, value: object, in_state: bool) -> None:
        if isinstance(value, torch.Tensor):
            self._add_tensor(value)
        elif isinstance(value, dict | list | deque):
            if in_state or holds_tensors(value):
                self._add_container(value, in_state)
        elif isinstance(value, torch.Generator):
            self._add_tensor(value.get_state())
        elif is_optimizer(value):
            self.add(type(value).__qualname__)
            for name, item in _attributes(value).items():
                self.add(name, item, in_state=name in ("state", "param_groups"))
        elif in_state and has_attributes(value):
            self.add(type(value).__qualname__, dict(vars(value)), in_state=True)

    def _add_container(
        self, container: dict[object, object] | list[object] | deque[object], in_state: bool
    ) -> None:
        self.add(len(container))
        pairs: Iterable[tuple[object, object]] = (
            container.items() if isinstance(container, dict) else enumerate(container)
        )
        for key, item in pairs:
            self.add(key if isinstance(key, _PLAIN) else None, item, in_state=in_state)

    def _add_tensor(self, tensor: torch.Tensor) -> None:
        for inner in inner_tensors(tensor).values():
            self._add_tensor(inner)
        if is_wrapper(tensor):
            return
        self._hash.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        dense = tensor.detach()
        if dense.layout is not torch.strided:
            dense = dense.to_dense()
        # cloned, because storage that numpy has seen can never be resized
        data = dense.cpu().contiguous().clone().reshape(-1).view(torch.uint8)
        self._hash.update(data.numpy().data)


def _attributes(owner: object) -> Fields:
    """The attributes that count: all but hooks, and of a module what is not a log or a function."""
    if isinstance(owner, torch.jit.ScriptModule):
        return {}  # it keeps them outside Python
    if isinstance(owner, nn.Module):
        return {name: value for name, value in vars(owner).items() if _is_module_state(name, value)}
    return {name: value for name, value in vars(owner).items() if "_hooks" not in name}


def _is_module_state(name: str, value: object) -> bool:
    if name in _MODULE_STATE:
        return True
    if name in _MODULE_INTERNALS:
        return False
    if isinstance(value, (*PLAIN, torch.Generator)) or holds_tensors(value):
        return True
    return isinstance(value, dict | list | deque) and not value
