"""Twins: copies of an optimizer on one small parameter of each group, to try its steps on.

The optimizer, its parameters and its state stay as they are. A twin costs a few kilobytes, however
large the model is.
"""

import copy
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim import optimizer as optimizer_module

from lrtui.engine.optim import moded
from lrtui.engine.restore.random_state import RngState, reseed

MOST_ELEMENTS = 2**12  # of a parameter; of a larger one a corner is taken
CORNER = 8  # elements of each dimension
MOST_BYTES = 2**26  # of tensors that an optimizer keeps beside its parameters
DEPTH = 4  # of containers in which those are looked for
_GLOBAL_HOOKS = ("_global_optimizer_pre_hooks", "_global_optimizer_post_hooks")
_OWN_METHODS = ("step", "zero_grad")  # schedulers replace them by functions of the original


class NoTwinError(Exception):
    """An optimizer that cannot be copied to small parameters."""


class Twin:
    """A copy of an optimizer, with the gradients of a loss that rises in a fixed direction.

    Args:
        optimizer: the original, or a twin's.
        curved: the loss is quadratic, for optimizers that need its second derivative.

    Attributes:
        params: the small parameter of each group; None for a group that trains nothing.

    Raises:
        NoTwinError: the optimizer cannot be copied.
    """

    def __init__(self, optimizer: Optimizer, *, curved: bool = False) -> None:
        self._curved = curved
        try:
            self.optimizer, self.params = _copied(optimizer)
        except Exception as error:
            raise NoTwinError(f"{type(optimizer).__name__} cannot be copied") from error
        self._slopes = [_slope(param) for param in self.trained]

    @property
    def trained(self) -> list[nn.Parameter]:
        """The parameters of the groups that train."""
        return [param for param in self.params if param is not None]

    def fork(self) -> "Twin":
        """A copy of this twin in its current state."""
        return Twin(self.optimizer, curved=self._curved)

    def set_rates(self, lrs: Sequence[float]) -> None:
        """Set the rate of every group."""
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            if isinstance(group.get("lr"), torch.Tensor):
                group["lr"].fill_(lr)
            else:
                group["lr"] = lr

    def put_gradients(self, *, graph: bool = False, times: float = 1.0) -> torch.Tensor:
        """Compute the gradients, several times their size if asked to; returns the loss."""
        for param in self.trained:
            param.grad = None
        with torch.enable_grad():
            loss = times * self._loss()
        loss.backward(create_graph=graph)  # type: ignore[no-untyped-call]
        return loss

    def make_sparse(self) -> None:
        """Make the gradients sparse, for optimizers that take no other."""
        for param in self.trained:
            if param.grad is not None:
                param.grad = param.grad.to_sparse(1)

    def values(self) -> list[torch.Tensor | None]:
        """A copy of the small parameter of each group."""
        return [None if param is None else param.detach().clone() for param in self.params]

    def _loss(self) -> torch.Tensor:
        terms: list[torch.Tensor] = []
        for param, slope in zip(self.trained, self._slopes, strict=True):
            flat = torch.view_as_real(param) if param.is_complex() else param
            terms.append((slope * flat).sum())
            if self._curved:
                terms.append(flat.square().sum() / 2)
        loss: torch.Tensor = torch.stack([term.reshape(()) for term in terms]).sum()
        return loss


@contextmanager
def undisturbed() -> Iterator[None]:
    """Try optimizers without a trace: random states, global hooks and warnings are as before."""
    rng = RngState()
    hooks = [getattr(optimizer_module, name, {}) for name in _GLOBAL_HOOKS]
    before = [dict(hook) for hook in hooks]
    for hook in hooks:
        hook.clear()
    try:
        with torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reseed(0)
            yield
    finally:
        for hook, content in zip(hooks, before, strict=True):
            hook.update(content)
        rng.restore()


def _copied(optimizer: Optimizer) -> tuple[Optimizer, list[nn.Parameter | None]]:
    """The optimizer on small parameters, and the one of each group."""
    small: list[nn.Parameter | None] = []
    memo: dict[int, Any] = {}
    for group in optimizer.param_groups:
        original = _smallest(group["params"])
        small.append(None if original is None else _corner_parameter(original))
        _remember_parameters(group["params"], original, small[-1], memo)
    if not any(param is not None for param in small):
        raise ValueError("nothing is trained")
    twin = _shell(optimizer, memo)
    parts = _parts(optimizer, memo)
    for original_part, shell in parts:
        _fill(shell, original_part, memo)
    for part in moded([shell for _, shell in parts]):
        part.train()
    return twin, small


def _shell(optimizer: Any, memo: dict[int, Any]) -> Any:
    """An empty object of the optimizer's class; also for those that it wraps."""
    if id(optimizer) in memo:
        return memo[id(optimizer)]
    shell = object.__new__(type(optimizer))
    memo[id(optimizer)] = shell
    for value in vars(optimizer).values():
        if isinstance(value, nn.Module):
            raise TypeError("it holds a model")
        if isinstance(value, torch.Generator):
            memo[id(value)] = _copied_generator(value)
        if _is_optimizer(value):
            _shell(value, memo)
    return shell


def _parts(optimizer: Any, memo: dict[int, Any]) -> list[tuple[Any, Any]]:
    """The optimizer and those that it wraps, each with its shell."""
    parts = [(optimizer, memo[id(optimizer)])]
    for value in vars(optimizer).values():
        if _is_optimizer(value):
            parts += _parts(value, memo)
    return parts


def _fill(shell: Any, optimizer: Any, memo: dict[int, Any]) -> None:
    """Copy the attributes: parameters become the small ones, and hooks are left out."""
    own = vars(optimizer)
    for name, value in own.items():
        if name.endswith("_hooks") and isinstance(value, dict):
            memo[id(value)] = OrderedDict()
    if isinstance(own.get("param_groups"), list):
        for group in own["param_groups"]:
            _copy_group(group, memo)
    if isinstance(own.get("state"), dict) and id(own["state"]) not in memo:
        _copy_state(own["state"], memo)
    for name, value in own.items():
        if name in _OWN_METHODS:
            continue
        if id(value) not in memo and name != "param_groups":
            _refuse_large(value, memo)
        vars(shell)[name] = copy.deepcopy(value, memo)


def _copy_group(group: dict[str, Any], memo: dict[int, Any]) -> None:
    if id(group) in memo:
        return
    twin: dict[str, Any] = {}
    memo[id(group)] = twin
    for name, value in group.items():
        if name == "params":
            kept = [memo[id(param)] for param in value]
            twin[name] = [param for param in kept if param.numel()][:1]
        else:
            twin[name] = copy.deepcopy(value, memo)


def _copy_state(state: dict[Any, Any], memo: dict[int, Any]) -> None:
    twin: dict[Any, Any] = defaultdict(dict) if isinstance(state, defaultdict) else {}
    memo[id(state)] = twin
    for key, value in state.items():
        if not isinstance(key, torch.Tensor):
            _refuse_large(value, memo)
            twin[copy.deepcopy(key, memo)] = copy.deepcopy(value, memo)
            continue
        small = memo.get(id(key))
        if small is not None and small.numel():
            twin[small] = _cut(value, key, small, memo)


def _cut(value: Any, param: torch.Tensor, small: nn.Parameter, memo: dict[int, Any]) -> Any:
    """A parameter's state for its small copy: tensors of its shape are cut as it was."""
    if isinstance(value, torch.Tensor) and value.shape == param.shape:
        return _corner(value)
    if isinstance(value, dict):
        return {name: _cut(item, param, small, memo) for name, item in value.items()}
    if isinstance(value, list):
        return [_cut(item, param, small, memo) for item in value]
    _refuse_large(value, memo)
    return copy.deepcopy(value, memo)


def _smallest(params: Iterable[torch.Tensor]) -> torch.Tensor | None:
    """The smallest parameter that is trained, a plain tensor."""
    plain = [param for param in params if param.requires_grad and param.numel() and _plain(param)]
    return min(plain, key=torch.Tensor.numel, default=None)


def _plain(param: torch.Tensor) -> bool:
    return type(param.data) is torch.Tensor and (param.is_floating_point() or param.is_complex())


def _corner_parameter(param: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(_corner(param))


def _corner(tensor: torch.Tensor) -> torch.Tensor:
    """A copy of a small tensor, or of a corner of a large one; in single precision at least."""
    tensor = tensor.detach()
    if tensor.numel() > MOST_ELEMENTS:
        tensor = tensor[tuple(slice(CORNER) for _ in tensor.shape)]
    if tensor.is_floating_point() and tensor.element_size() < 4:
        return tensor.float()
    return tensor.clone()


def _remember_parameters(
    params: Iterable[torch.Tensor],
    chosen: torch.Tensor | None,
    small: nn.Parameter | None,
    memo: dict[int, Any],
) -> None:
    """The copy of each parameter: the small one, or an empty one."""
    for param in params:
        if param is chosen:
            memo[id(param)] = small
        else:
            memo[id(param)] = nn.Parameter(param.detach().new_empty(0), requires_grad=False)


def _slope(param: nn.Parameter) -> torch.Tensor:
    """A direction in which the loss rises, the same in every fork."""
    shape = (*param.shape, 2) if param.is_complex() else param.shape
    slope = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    kind = param.real.dtype if param.is_complex() else param.dtype
    return slope.to(param.device, kind)


def _copied_generator(generator: torch.Generator) -> torch.Generator:
    twin = torch.Generator(generator.device)
    twin.set_state(generator.get_state())
    return twin


def _refuse_large(value: object, memo: dict[int, Any]) -> None:
    """Raise ValueError where a copy would take much memory."""
    if _bytes(value, memo, DEPTH) > MOST_BYTES:
        raise ValueError("it keeps large tensors beside its parameters")


def _bytes(value: object, memo: dict[int, Any], depth: int) -> int:
    if id(value) in memo:
        return 0
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if depth == 0:
        return 0
    items: Iterable[object] = ()
    if isinstance(value, dict):
        items = value.values()
    elif isinstance(value, list | tuple):
        items = value
    elif hasattr(value, "__dict__") and not callable(value):
        items = vars(value).values()
    return sum(_bytes(item, memo, depth - 1) for item in items)


def _is_optimizer(value: object) -> bool:
    if isinstance(value, Optimizer):
        return True
    return hasattr(value, "param_groups") and hasattr(value, "step") and hasattr(value, "__dict__")
