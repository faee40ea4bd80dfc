"""A digest of model and optimizer: two states with the same one are the same to the last bit."""

import hashlib
from collections import deque
from collections.abc import Sequence
from enum import Enum
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.restore.attributes import (
    PLAIN,
    attributes,
    has_attributes,
    holds_tensors,
    is_optimizer,
)

_PLAIN = (*PLAIN, torch.dtype, torch.device, Enum)


def digest(modules: Sequence[nn.Module], optimizers: Sequence[Optimizer]) -> str:
    """BLAKE2b (64 bits, as hex) over parameters, buffers, gradients, flags and optimizers: what a snapshot puts back.

    Random states and a GradScaler are not in it.
    """
    feed = _Feed()
    for module in modules:
        for name, part in module.named_modules():
            feed(name, part.training, part._parameters, part._buffers, attributes(part))
            for param in part._parameters.values():
                feed(*(() if param is None else (param.requires_grad, param.grad)))
    for optimizer in optimizers:
        feed(optimizer)
    return feed.hasher.hexdigest()


class _Feed:
    """Takes values in, however nested; what it has seen already adds nothing."""

    def __init__(self) -> None:
        self.hasher = hashlib.blake2b(digest_size=8)
        self._seen: dict[int, Any] = {}

    def __call__(self, *values: Any, part_of_state: bool = False) -> None:
        for value in values:
            if isinstance(value, _PLAIN):
                self.hasher.update(repr(value).encode())
            elif isinstance(value, tuple):
                self(*value, part_of_state=part_of_state)
            elif id(value) not in self._seen:
                self._seen[id(value)] = value
                self._nested(value, part_of_state)

    def _nested(self, value: Any, part_of_state: bool) -> None:
        if isinstance(value, torch.Tensor):
            self._tensor(value)
        elif isinstance(value, dict | list | deque):
            if part_of_state or holds_tensors(value):
                self(len(value))
                for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                    self(
                        key if isinstance(key, _PLAIN) else None, item, part_of_state=part_of_state
                    )
        elif isinstance(value, torch.Generator):
            self._tensor(value.get_state())
        elif is_optimizer(value):
            self(type(value).__qualname__)
            for name, item in attributes(value).items():
                self(name, item, part_of_state=name in ("state", "param_groups"))
        elif part_of_state and has_attributes(value):
            self(type(value).__qualname__, dict(vars(value)), part_of_state=True)

    def _tensor(self, value: torch.Tensor) -> None:
        self.hasher.update(f"{value.dtype}{tuple(value.shape)}".encode())
        plain = value.detach().to_dense() if value.layout is not torch.strided else value.detach()
        # a copy: numpy would leave live storage that can never be resized again
        self.hasher.update(
            plain.cpu().contiguous().clone().reshape(-1).view(torch.uint8).numpy().data
        )
