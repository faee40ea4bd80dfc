"""A tensor subclass as quantisation libraries make them: most operations do not work on it."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Int8Tensor(Tensor):
    """Int8 data and one scale, which look like a float tensor.

    `detach` and `linear` work, and `copy_` from another one or from a plain tensor; everything
    else raises NotImplementedError.
    """

    data8: Tensor
    scale: Tensor

    @staticmethod
    def __new__(cls, data8: Tensor, scale: Tensor) -> "Int8Tensor":
        """A wrapper without a storage of its own."""
        made: Int8Tensor = Tensor._make_wrapper_subclass(
            cls, data8.shape, dtype=torch.float32, device=data8.device
        )
        return made

    def __init__(self, data8: Tensor, scale: Tensor) -> None:
        self.data8, self.scale = data8, scale

    def __tensor_flatten__(self) -> tuple[list[str], None]:
        """The names of the plain tensors inside."""
        return ["data8", "scale"], None

    @classmethod
    def __tensor_unflatten__(
        cls, inner: dict[str, Tensor], _: Any, size: Any = None, stride: Any = None
    ) -> "Int8Tensor":
        """Made again from what is inside."""
        return cls(inner["data8"], inner["scale"])

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        """Without the numbers."""
        return f"Int8Tensor({tuple(self.shape)})"

    @classmethod
    def from_float(cls, values: Tensor) -> "Int8Tensor":
        """Quantised."""
        scale = values.detach().abs().max() / 127 + 1e-12
        return cls((values.detach() / scale).round().to(torch.int8), scale)

    def dequantize(self) -> Tensor:
        """The float values."""
        return self.data8.float() * self.scale

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if func is nn.functional.linear:
            x, weight, *bias = args
            return nn.functional.linear(x, weight.dequantize(), *bias, **(kwargs or {}))
        plain: Any = super().__torch_function__
        return plain(func, types, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if func is torch.ops.aten.detach.default:
            return cls(args[0].data8, args[0].scale)
        if func is torch.ops.aten.copy_.default and isinstance(args[0], cls):
            other = args[1] if isinstance(args[1], cls) else cls.from_float(args[1])
            args[0].data8.copy_(other.data8)
            args[0].scale.copy_(other.scale)
            return args[0]
        raise NotImplementedError(f"{cls.__name__} has no {func}")


class FrozenInt8(nn.Module):
    """A frozen int8 weight, and a float adapter that is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(6, 3, bias=False)
        self.base.weight = nn.Parameter(
            Int8Tensor.from_float(self.base.weight), requires_grad=False
        )
        self.adapter = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        return self.base(x) + self.adapter(x)


class Momentum8(torch.optim.Optimizer):
    """SGD with an int8 momentum."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step."""
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is None:
                    continue
                state = self.state[param]
                if not state:
                    state["momentum"] = Int8Tensor.from_float(torch.zeros_like(param))
                momentum = 0.9 * state["momentum"].dequantize() + param.grad
                state["momentum"].copy_(momentum)
                param.sub_(group["lr"] * momentum)
