"""A digest of model and optimizer: two states with the same one are the same to the last bit."""

import hashlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer


def digest(modules: Sequence[nn.Module], optimizers: Sequence[Optimizer]) -> str:
    """BLAKE2b (64 bits, as hex) over parameters, buffers, gradients, flags, and the optimizers' groups and state."""
    hasher = hashlib.blake2b(digest_size=8)
    for module in modules:
        for name, part in module.named_modules():
            _feed(hasher, (name, part.training, part._parameters, part._buffers))
            _feed(hasher, [None if one is None else (one.requires_grad, one.grad) for one in part._parameters.values()])
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            _feed(hasher, group)
            _feed(hasher, [optimizer.state.get(param) for param in group["params"]])
    return hasher.hexdigest()


def _feed(hasher: hashlib.blake2b, value: Any) -> None:
    if isinstance(value, torch.Tensor):
        hasher.update(f"{value.dtype}{tuple(value.shape)}".encode())
        plain = value.detach().to_dense() if value.layout is not torch.strided else value.detach()
        hasher.update(plain.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    elif isinstance(value, dict):
        for key, item in value.items():
            hasher.update(repr(key).encode())
            _feed(hasher, item)
    elif isinstance(value, list | tuple):
        hasher.update(f"{type(value).__name__}{len(value)}".encode())
        for item in value:
            _feed(hasher, item)
    else:
        hasher.update(repr(value).encode())
