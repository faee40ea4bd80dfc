"""How values of a batch are named in messages, and the error for those that cannot be used."""

from collections.abc import Mapping

import torch

WAY_OUT = 'say which with batch="inputs,target" (one entry an item), or give a step'


class BatchError(ValueError):
    """A batch, or what the model returned for it, cannot be used."""


def summary(data: object) -> str:
    """A value in a few words: `64x1x8x8 float32` for a tensor."""
    if isinstance(data, torch.Tensor):
        return f"{shape(data)} {str(data.dtype).removeprefix('torch.')}"
    if isinstance(data, Mapping):
        items = ", ".join(f"{key}: {summary(value)}" for key, value in data.items())
        return f"{{{items}}}"
    if isinstance(data, tuple | list) and len(data) <= 8:
        return f"({', '.join(map(summary, data))})"
    return type(data).__name__


def shape(tensor: torch.Tensor) -> str:
    """The shape of a tensor, such as `64x1x8x8`."""
    return "x".join(map(str, tensor.shape)) or "scalar"


def kind_of(value: object) -> str:
    """A value in a few words; for a list of texts that it is one."""
    if isinstance(value, tuple | list) and value and all(isinstance(item, str) for item in value):
        return f"{type(value).__name__} of {len(value)} str"
    return summary(value)
