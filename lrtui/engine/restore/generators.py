"""The random generators that objects of the user's own, as attributes at any depth.

They are looked for in attributes, slots, containers, closures, defaults and the globals that a
function names. No property is called, and no attribute is asked for that may compute something.
"""

import functools
import random
import types
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import nn

from lrtui.engine.restore.random_state import RandomGenerator
from lrtui.engine.restore.values import GENERATORS, PLAIN, fields_of, is_library

_LIMIT = 20_000  # objects that are looked at
_LONG = 64  # of a longer container (the files of a data set) the first items are enough
_LEAVES = (*PLAIN, torch.Tensor, np.ndarray, np.generic, type, range, torch.dtype, torch.device)
_EMPTY = (dict, list, tuple, OrderedDict)
_MODULE_INTERNALS = {
    "_parameters",
    "_buffers",
    "_non_persistent_buffers_set",
    "training",
}  # tensors and names


def generators_in(*roots: object) -> list[RandomGenerator]:
    """The random generators that these objects own, apart from the global ones; the nearest first.

    Only the first 20,000 objects are looked at, and the first and last items of long containers.
    """
    generators: list[RandomGenerator] = []
    known = {id(generator): generator for generator in _global_generators()}
    seen: dict[int, object] = {}  # keeps the objects, so that no id is used twice
    waiting = deque(roots)
    while waiting and len(seen) < _LIMIT:
        value = waiting.popleft()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if not issubclass(type(value), GENERATORS):
            waiting.extend([part for part in _parts_of(value, seen) if not _is_leaf(part)])
        elif id(value) not in known and not isinstance(value, random.SystemRandom):
            generators.append(value)  # type: ignore[arg-type]  # issubclass has narrowed it
    return generators


def _is_leaf(value: object) -> bool:
    """Whether nothing is to be looked for in it; most of the values that are looked at."""
    kind = type(value)
    return kind in _LEAVES or issubclass(kind, _LEAVES) or (kind in _EMPTY and not value)


def _global_generators() -> list[object]:
    """Those that `RngState` saves."""
    python: Any = random
    numpy: Any = np.random.mtrand
    return [torch.default_generator, python._inst, numpy._rand, numpy._rand._bit_generator]


def _parts_of(value: object, seen: dict[int, object]) -> Iterable[object]:
    """What an object consists of."""
    if isinstance(value, dict):
        return _ends(value.values())
    if isinstance(value, list | tuple | set | frozenset | deque):
        return _ends(value)
    if isinstance(value, types.FunctionType):
        return _parts_of_function(value)
    if isinstance(value, types.MethodType | classmethod | staticmethod):
        return (getattr(value, "__self__", None), value.__func__)
    if isinstance(value, functools.partial):
        return (value.func, value.args, value.keywords)
    if isinstance(value, property):
        return (value.fget,)
    if isinstance(value, types.ModuleType | types.BuiltinFunctionType):
        return ()
    return _parts_of_instance(value, seen)


def _ends(container: Any) -> Iterator[object]:
    """All items of a container; of a long one the first and the last."""
    if len(container) <= _LONG:
        yield from container
        return
    yield from islice(container, _LONG)
    if isinstance(container, list | tuple | deque):
        yield container[-1]


def _parts_of_instance(value: object, seen: dict[int, object]) -> Iterator[object]:
    """The attributes of an object, and once for each class of the user's what it defines."""
    if isinstance(value, nn.Module):
        yield from _parts_of_module(value)
    else:
        yield from fields_of(value).values()
    if id(type(value)) in seen:
        return
    for kind in type(value).__mro__:
        if not is_library(kind.__module__) and id(kind) not in seen:
            yield from vars(kind).values()
        seen[id(kind)] = kind


def _parts_of_module(module: nn.Module) -> Iterator[object]:
    for name, field in vars(module).items():
        if name not in _MODULE_INTERNALS:
            yield field


def _parts_of_function(function: types.FunctionType) -> Iterator[object]:
    """What a function can reach: closure, defaults, attributes, and the globals that it names."""
    yield function.__defaults__
    yield function.__kwdefaults__
    yield vars(function)
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # the variable has no value yet
            continue
    if not is_library(function.__module__):
        yield from _named_globals(function.__code__, function.__globals__)


def _named_globals(code: types.CodeType, names: dict[str, Any]) -> Iterator[object]:
    """The globals that code names, and those of the user's modules that it names."""
    for name in code.co_names:
        value = names.get(name)
        if not isinstance(value, types.ModuleType):
            yield value
        elif not is_library(value.__name__):
            yield from [vars(value).get(attribute) for attribute in code.co_names]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):  # a lambda or a comprehension
            yield from _named_globals(constant, names)
