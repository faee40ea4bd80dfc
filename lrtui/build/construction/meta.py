"""A model without memory, whose weights are then drawn where they are to be.

Python code of a factory may initialise its weights in any way, and on meta all of it is lost. So
what `reset_parameters` draws is taken only if it is what the factory drew: while the factory runs
on meta, every operation that writes to a tensor is recorded, and so it is while the modules are
reset on meta. If the two records are equal, operation by operation, and each tensor's first one
overwrites all of it, then the same operations run on the device in the same order, from the same
random state: the weights are those of a model that was made there, to the last bit.
"""

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from lrtui.build.construction.writes import Write, Writes, storage_of
from lrtui.catalog.errors import PhaseError

META = torch.device("meta")


class NotProvenError(Exception):
    """Why `reset_parameters` may not make the model that its factory makes."""


def made_on_meta(factory: Callable[[], object], device: torch.device) -> object:
    """The model of a factory, made on meta, with its weights drawn on the device.

    Raises:
        NotProvenError: the weights might not be those that the factory makes on the device.
        PhaseError: as the factory, if it was ended by Ctrl-C or `sys.exit`.
    """
    try:
        with META, Writes() as built:
            model = factory()
    except PhaseError as error:
        if not isinstance(error.__cause__, Exception):
            raise
        raise NotProvenError(f"it cannot be made on meta: {error}") from error
    if not isinstance(model, nn.Module):
        return model
    _check_tensors(model)
    names = _names(model)
    _check_writes(built.all, names)
    modules = _in_order(model, built.all)
    _check_resets(modules, built.all, names)
    model.to_empty(device=device)
    _check_materialised(model)
    for module in modules:
        _reset(module)
    return model


def _names(model: nn.Module) -> dict[int, str]:
    """The names of parameters and buffers, by their memory."""
    return {storage_of(tensor): name for name, tensor in _named_tensors(model)}


def _named_tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from model.named_parameters(remove_duplicate=False)
    yield from model.named_buffers(remove_duplicate=False)


def _check_tensors(model: nn.Module) -> None:
    """Refuse tensors that `to_empty` does not keep as they are."""
    seen: set[int] = set()
    for name, tensor in _named_tensors(model):
        if is_lazy(tensor):
            raise NotProvenError(f"{name} has no shape yet")
        if tensor.device != META:
            raise NotProvenError(f"{name} has its content from elsewhere")
        if storage_of(tensor) in seen:
            raise NotProvenError(f"{name} shares its memory with another tensor")
        seen.add(storage_of(tensor))
        if vars(tensor) or tensor._backward_hooks:
            raise NotProvenError(f"{name} has attributes or hooks of its own")


def _check_writes(built: list[Write], names: dict[int, str]) -> None:
    """Refuse a factory whose weights come from anything but numbers and the random state."""
    begun: set[int] = set()
    for write in built:
        name = names.get(write.storage)
        if name is None:
            raise NotProvenError(f"{_short(write)} is for a tensor that is no part of the model")
        if not write.is_known:
            raise NotProvenError(f"{name} is computed from other tensors ({_short(write)})")
        if write.storage not in begun and not write.is_whole:
            raise NotProvenError(f"{name} is changed ({_short(write)}) and not drawn as a whole")
        begun.add(write.storage)
    for storage, name in names.items():
        if storage not in begun:
            raise NotProvenError(f"{name} is not set by a reset_parameters")


def _in_order(model: nn.Module, built: list[Write]) -> list[nn.Module]:
    """The modules that reset tensors of their own, in the order in which the factory made these."""
    first: dict[int, int] = {}
    for position, write in enumerate(built):
        first.setdefault(write.storage, position)
    positions = []
    for module in model.modules():
        own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
        if own and _reset_of(module) is not None:
            positions.append((min(first[storage_of(tensor)] for tensor in own), module))
    return [module for _, module in sorted(positions, key=lambda pair: pair[0])]


def _check_resets(modules: list[nn.Module], built: list[Write], names: dict[int, str]) -> None:
    """Refuse a model that its modules reset in another way than its factory makes it."""
    try:
        with META, Writes() as drawn:
            for module in modules:
                _reset(module)
    except Exception as error:
        raise NotProvenError(f"a reset_parameters failed on meta: {error}") from error
    for made, again in zip(built, drawn.all, strict=False):
        if made != again:
            name = names[made.storage]
            raise NotProvenError(
                f"for {name} the factory does {_short(made)}, reset_parameters {_short(again)}"
            )
    if len(built) > len(drawn.all):
        made = built[len(drawn.all)]
        raise NotProvenError(
            f"{names[made.storage]} is changed after its reset_parameters ({_short(made)})"
        )
    if len(built) < len(drawn.all):
        raise NotProvenError("reset_parameters does more than the factory")


def _check_materialised(model: nn.Module) -> None:
    """Refuse a model that keeps tensors beside its parameters and buffers: they have no content."""
    for name, module in model.named_modules():
        for attribute, value in vars(module).items():
            if any(tensor.device == META for tensor in _tensors_in(value)):
                where = f"{name}.{attribute}" if name else attribute
                raise NotProvenError(f"{where} is a tensor that is neither parameter nor buffer")


def _tensors_in(value: object, depth: int = 3) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif depth and isinstance(value, dict):
        for item in value.values():
            yield from _tensors_in(item, depth - 1)
    elif depth and isinstance(value, list | tuple | set):
        for item in value:
            yield from _tensors_in(item, depth - 1)


def _reset_of(module: nn.Module) -> Callable[[], object] | None:
    for name in ("reset_parameters", "_reset_parameters"):
        reset: Callable[[], object] | None = getattr(module, name, None)
        if callable(reset):
            return reset
    return None


def _reset(module: nn.Module) -> None:
    reset = _reset_of(module)
    assert reset is not None
    reset()


def _short(write: Write) -> str:
    """An operation as a person knows it: `normal_(0, 0.02)`."""
    name = write.operation.split(".")[1]
    numbers = [str(value) for value in write.arguments if value is not None]
    return f"{name}({', '.join(numbers)})"
