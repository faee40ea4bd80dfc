"""What is written to tensors while some code runs."""

from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

# operations that leave nothing of what was there before
_OVERWRITING = ("uniform_", "normal_", "fill_", "zero_", "log_normal_", "exponential_", "cauchy_")


class Write(NamedTuple):
    """One operation that writes to a tensor, or draws random numbers.

    Attributes:
        storage: the memory that is written to; 0: a new tensor of random numbers.
        operation: such as "aten.uniform_.default".
        area: offset, shape and strides of what is written.
        arguments: numbers, in the order of the operation's signature.
        is_whole: nothing of the memory keeps its content.
        is_known: the result depends on nothing but numbers and the global random state.
    """

    storage: int
    operation: str
    area: tuple[int, tuple[int, ...], tuple[int, ...]]
    arguments: tuple[object, ...]
    is_whole: bool
    is_known: bool


class Writes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records every write and every random draw under it, in order."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.all: list[Write] = []
        self._kept: list[torch.UntypedStorage] = []  # so that no address is used twice

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation, and record it."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        schema = func._schema
        written = False
        for position, argument in enumerate(schema.arguments):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            for tensor in value if isinstance(value, list | tuple) else [value]:
                if isinstance(tensor, torch.Tensor):
                    written = True
                    self.all.append(self._write(func, tensor, args, kwargs))
        if not written and torch.Tag.nondeterministic_seeded in func.tags:
            area = (0, (), ())
            self.all.append(Write(0, str(func), area, (), is_whole=False, is_known=False))
        return result

    def _write(self, func: Any, tensor: torch.Tensor, args: Any, kwargs: dict[str, Any]) -> Write:
        storage = tensor.untyped_storage()
        self._kept.append(storage)
        others = [*args[1:], *kwargs.values()]
        numbers = tuple(_number(value) for value in others)
        name = func._schema.name.rpartition("::")[2]
        covers = tensor.nelement() * tensor.element_size() == storage.nbytes()
        return Write(
            storage=storage_of(tensor),
            operation=str(func),
            area=(int(tensor.storage_offset()), tuple(tensor.shape), tuple(tensor.stride())),
            arguments=numbers,
            is_whole=covers and name in _OVERWRITING,
            is_known=all(map(_is_plain, others)),
        )


def storage_of(tensor: torch.Tensor) -> int:
    """What a tensor's memory is known by while it lives."""
    return int(tensor.untyped_storage()._cdata)


def _number(value: object) -> object:
    return value if _is_plain(value) else type(value).__name__


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | torch.dtype | torch.layout)
