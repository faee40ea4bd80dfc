"""Models that make something in their first forward."""

import copy
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

WIDTH = 6


class Head(nn.Module):
    """Three scores."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(WIDTH, 3)

    def made(self) -> Any:
        """What the first forward makes, as it is now."""
        raise NotImplementedError


class NoneToModule(Head):
    def __init__(self) -> None:
        super().__init__()
        self.adapt: nn.Module | None = None

    def forward(self, x: Tensor) -> Any:
        if self.adapt is None:
            self.adapt = nn.Linear(x.shape[1], WIDTH)
        return self.head(self.adapt(x).relu())

    def made(self) -> Any:
        return self.adapt


class NoneToRegisteredModule(NoneToModule):
    """None, registered as a module."""

    def __init__(self) -> None:
        super().__init__()
        del self.adapt
        self.register_module("adapt", None)


class MissingToModule(Head):
    def forward(self, x: Tensor) -> Any:
        if not hasattr(self, "adapt"):
            self.adapt = nn.Linear(x.shape[1], WIDTH)
        return self.head(self.adapt(x).relu())

    def made(self) -> Any:
        return getattr(self, "adapt", None)


class NoneToParameter(Head):
    def __init__(self) -> None:
        super().__init__()
        self.scale: nn.Parameter | None = None

    def forward(self, x: Tensor) -> Any:
        if self.scale is None:
            self.scale = nn.Parameter(torch.randn(x.shape[1]))
        return self.head(x * self.scale)

    def made(self) -> Any:
        return self.scale


class NoneToRegisteredParameter(NoneToParameter):
    """None, registered as a parameter."""

    def __init__(self) -> None:
        super().__init__()
        del self.scale
        self.register_parameter("scale", None)


class NoneToBuffer(Head):
    def __init__(self) -> None:
        super().__init__()
        self.mean: Tensor | None
        self.register_buffer("mean", None)

    def forward(self, x: Tensor) -> Any:
        mean = x.mean(0).detach()
        self.mean = mean if self.mean is None else 0.9 * self.mean + 0.1 * mean
        return self.head(x - self.mean)

    def made(self) -> Any:
        return self.mean


class NoneToTensor(NoneToBuffer):
    """None, and no buffer."""

    def __init__(self) -> None:
        super().__init__()
        del self.mean
        self.mean = None


class NoneToCopy(Head):
    """A teacher that is copied from a part."""

    def __init__(self) -> None:
        super().__init__()
        self.teacher: nn.Module | None = None

    def forward(self, x: Tensor) -> Any:
        if self.teacher is None:
            self.teacher = copy.deepcopy(self.head).requires_grad_(False)
        return self.head(x) - self.teacher(x)

    def made(self) -> Any:
        return self.teacher


class HookedCopy(Head):
    """A part with a hook, copied with it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.teacher: nn.Module | None = None
        self.head.register_forward_hook(self.count)

    def count(self, *_: Any) -> None:
        self.seen += 1

    def forward(self, x: Tensor) -> Any:
        if self.teacher is None:
            self.teacher = copy.deepcopy(self.head).requires_grad_(False)
        return self.head(x) - self.teacher(x)

    def made(self) -> Any:
        return self.teacher


class Hook(Head):
    """A hook that is registered in the forward."""

    def __init__(self) -> None:
        super().__init__()
        self.hooked = False

    def doubled(self, part: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        return output * 2

    def forward(self, x: Tensor) -> Any:
        if not self.hooked:
            self.head.register_forward_hook(self.doubled)
            self.hooked = True
        return self.head(x)

    def made(self) -> Any:
        return list(self.head._forward_hooks) or None


class PreHook(Hook):
    def twice(self, part: nn.Module, inputs: Any) -> Any:
        return tuple(2 * one for one in inputs)

    def forward(self, x: Tensor) -> Any:
        if not self.hooked:
            self.head.register_forward_pre_hook(self.twice)
            self.hooked = True
        return self.head(x)

    def made(self) -> Any:
        return list(self.head._forward_pre_hooks) or None


class GradientHook(Hook):
    def forward(self, x: Tensor) -> Any:
        if not self.hooked:
            hook: Any = self.head.weight.register_hook
            hook(lambda grad: grad / 2)
            self.hooked = True
        return self.head(x)

    def made(self) -> Any:
        return list(self.head.weight._backward_hooks or ()) or None


class Parametrized(Hook):
    """A parametrization that is registered in the forward."""

    def forward(self, x: Tensor) -> Any:
        if not self.hooked:
            parametrizations.weight_norm(self.head)
            self.hooked = True
        return self.head(x)

    def made(self) -> Any:
        return getattr(self.head, "parametrizations", None)


class GrowingList(Head):
    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList()

    def forward(self, x: Tensor) -> Any:
        if not len(self.parts):
            self.parts.append(nn.Linear(x.shape[1], WIDTH))
        return self.head(self.parts[0](x).relu())

    def made(self) -> Any:
        return list(self.parts) or None


class ListOfNone(Head):
    def __init__(self) -> None:
        super().__init__()
        self.cache: list[Tensor | None] = [None, None]

    def forward(self, x: Tensor) -> Any:
        before = self.cache[0]
        self.cache[0] = x.detach().mean(0)
        return self.head(x if before is None else x - before)

    def made(self) -> Any:
        return self.cache[0]


class InAnObject(Head):
    """None in an object that is no module."""

    def __init__(self) -> None:
        super().__init__()
        self.state = SimpleNamespace(mean=None)

    def forward(self, x: Tensor) -> Any:
        before, self.state.mean = self.state.mean, x.detach().mean(0)
        return self.head(x if before is None else x - before)

    def made(self) -> Any:
        return self.state.mean


class HiddenCopy(Head):
    """A teacher that is no registered part."""

    def forward(self, x: Tensor) -> Any:
        if "teacher" not in vars(self):
            object.__setattr__(self, "teacher", copy.deepcopy(self.head))
        return self.head(x) - vars(self)["teacher"](x).detach()

    def made(self) -> Any:
        return vars(self).get("teacher")


class ListOfModules(Head):
    """Parts in a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[nn.Module] = []

    def forward(self, x: Tensor) -> Any:
        if not self.blocks:
            self.blocks.append(copy.deepcopy(self.head))
        return self.head(x) - self.blocks[0](x).detach()

    def made(self) -> Any:
        return self.blocks or None


class Cache:
    """An object without a __dict__, with a counter beside the tensor."""

    __slots__ = ("count", "mean")

    def __init__(self) -> None:
        self.mean: Tensor | None = None
        self.count = 0

    def update(self, mean: Tensor) -> Tensor:
        self.mean = mean if self.mean is None else self.mean + mean
        self.count += 1
        return self.mean / self.count


class InSlots(Head):
    """None in the slots of objects in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.caches = [Cache(), Cache()]

    def forward(self, x: Tensor) -> Any:
        means = [cache.update(x.detach().mean(0)) for cache in self.caches]
        return self.head(x - means[1])

    def made(self) -> Any:
        return self.caches[1].mean if self.caches[0].count == 0 else self.caches


class InANestedObject(Head):
    """None in an object of an object."""

    def __init__(self) -> None:
        super().__init__()
        self.state = SimpleNamespace(inner=Cache(), by_name={"mean": None})

    def forward(self, x: Tensor) -> Any:
        mean = self.state.inner.update(x.detach().mean(0))
        self.state.by_name["mean"] = mean
        return self.head(x - mean)

    def made(self) -> Any:
        if self.state.inner.count:
            return self.state.inner
        return self.state.by_name["mean"]


class OneShotFunction(Head):
    """A function that measures the first batch, and is None then."""

    def __init__(self) -> None:
        super().__init__()
        self.begin: Any = self.measure

    def measure(self, x: Tensor) -> None:
        self.spread = x.std(0)
        self.begin = None

    def forward(self, x: Tensor) -> Any:
        if self.begin is not None:
            self.begin(x)
        return self.head(x / self.spread)

    def made(self) -> Any:
        return getattr(self, "spread", None)


class OneShotHook(Head):
    """A hook that measures the first batch, and removes itself."""

    def __init__(self) -> None:
        super().__init__()
        self.spread: Any = None
        self.handle = self.register_forward_pre_hook(self.measure)

    def measure(self, part: nn.Module, inputs: Any) -> None:
        self.spread = inputs[0].std(0)
        self.handle.remove()

    def forward(self, x: Tensor) -> Any:
        return self.head(x / self.spread)

    def made(self) -> Any:
        return self.spread


class BackwardHooks(Hook):
    """A full backward hook, and one that runs after a gradient is there."""

    def forward(self, x: Tensor) -> Any:
        if not self.hooked:
            self.head.register_full_backward_hook(self.halve)
            hook: Any = self.head.weight.register_post_accumulate_grad_hook
            hook(self.clip)
            self.hooked = True
        return self.head(x)

    def halve(self, part: nn.Module, grad_input: Any, grad_output: Any) -> None:
        self.seen = True

    def clip(self, param: Tensor) -> None:
        assert param.grad is not None
        param.grad.clamp_(-0.01, 0.01)

    def made(self) -> Any:
        flag = self.head._is_full_backward_hook
        return flag or list(self.head._backward_hooks) or None


class OldSpectralNorm(Hook):
    """A norm of the old kind: hooks, a parameter with another name, and buffers."""

    def forward(self, x: Tensor) -> Any:
        if not self.hooked:
            nn.utils.spectral_norm(self.head)
            self.hooked = True
        return self.head(x)

    def made(self) -> Any:
        return list(self.head._state_dict_hooks) or getattr(self.head, "weight_orig", None)


class SecondParametrization(Hook):
    """A parametrization of the bias of a part whose weight has one."""

    def __init__(self) -> None:
        super().__init__()
        parametrizations.weight_norm(self.head)

    def forward(self, x: Tensor) -> Any:
        if not self.hooked:
            parametrize.register_parametrization(self.head, "bias", nn.Tanh(), unsafe=True)
            self.hooked = True
        return self.head(x)

    def made(self) -> Any:
        return vars(type(self.head)).get("bias")


KINDS: dict[str, type[Head]] = {
    kind.__name__: kind
    for kind in (
        NoneToModule,
        NoneToRegisteredModule,
        MissingToModule,
        NoneToParameter,
        NoneToRegisteredParameter,
        NoneToBuffer,
        NoneToTensor,
        NoneToCopy,
        HookedCopy,
        Hook,
        PreHook,
        GradientHook,
        Parametrized,
        GrowingList,
        ListOfNone,
        InAnObject,
        HiddenCopy,
        ListOfModules,
        InSlots,
        InANestedObject,
        OneShotFunction,
        OneShotHook,
        BackwardHooks,
        OldSpectralNorm,
        SecondParametrization,
    )
}
