"""Snapshot: one copy of everything that a training step may change, taken once and put back in place, any number of times.

In place means that the very objects stay: a parameter that the optimizer, a scheduler, DistributedDataParallel or apex
(whose fp32 master weights live in the optimizer's groups, outside every state_dict) refers to is still that parameter.
"""

import copy
import os
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.rng import RngState


class Vault:
    """Holds the copies of tensors: in memory, or in a file of its own under `cache_dir`.

    Raises:
        ValueError: `cache_dir` is not a directory.
    """

    def __init__(self, in_memory: bool = True, cache_dir: str | os.PathLike[str] | None = None) -> None:
        if cache_dir is not None and not Path(cache_dir).is_dir():
            raise ValueError("Given `cache_dir` is not a valid directory.")
        self._folder = cache_dir
        self._in_memory = in_memory
        self._tensors: list[torch.Tensor] = []
        self._copies: list[torch.Tensor] = []
        self._index: dict[int, int] = {}
        self.path: Path | None = None

    def add(self, tensor: torch.Tensor) -> int:
        """Remember a tensor's content; the number that it is known by. The same tensor is copied once."""
        if id(tensor) not in self._index:
            self._index[id(tensor)] = len(self._tensors)
            self._tensors.append(tensor)
            self._copies.append(tensor.detach().clone())
        return self._index[id(tensor)]

    def seal(self) -> None:
        """Everything is in: move the copies to disk if that is where they belong."""
        if self._in_memory:
            return
        handle, name = tempfile.mkstemp(prefix="lrtui_state_", suffix=".pt", dir=self._folder)
        os.close(handle)
        self.path = Path(name)
        weakref.finalize(self, self.path.unlink, missing_ok=True)
        torch.save(self._copies, self.path)
        self._copies = []

    def restore(self) -> None:
        """Copy every content back into the tensor that it came from.

        Raises:
            RuntimeError: the file is gone.
        """
        copies = self._loaded()
        with torch.no_grad():
            plain: list[tuple[torch.Tensor, torch.Tensor]] = []
            for tensor, content in zip(self._tensors, copies, strict=True):
                target = tensor.detach()
                if target.shape != content.shape or target.dtype != content.dtype:
                    tensor.data = content.to(tensor.device, copy=True)
                elif target.layout is torch.strided:
                    plain.append((target, content))
                else:
                    target.copy_(content)
            if plain:
                torch._foreach_copy_([target for target, _ in plain], [content for _, content in plain])

    def tensor(self, number: int) -> torch.Tensor:
        """The live tensor of that number."""
        return self._tensors[number]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the copies take."""
        return sum(content.nelement() * content.element_size() for content in self._copies)

    def _loaded(self) -> list[torch.Tensor]:
        if self.path is None:
            return self._copies
        if not self.path.exists():
            raise RuntimeError(f"Failed to load state in {self.path}. File doesn't exist anymore.")
        loaded: list[torch.Tensor] = torch.load(self.path, map_location="cpu", weights_only=True)
        return loaded


class _Kept:
    """A mutable container and what was in it, in place of the container itself."""

    def __init__(self, container: Any, content: Any) -> None:
        self.container = container
        self.content = content


class _TensorAt:
    def __init__(self, number: int) -> None:
        self.number = number


def _freeze(value: Any, vault: Vault) -> Any:
    """Describe nested state so that `_thaw` can put it back: tensors by number, containers by identity."""
    if isinstance(value, torch.Tensor):
        return _TensorAt(vault.add(value))
    if isinstance(value, dict):
        return _Kept(value, {key: _freeze(item, vault) for key, item in value.items()})
    if isinstance(value, list):
        return _Kept(value, [_freeze(item, vault) for item in value])
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_freeze(item, vault) for item in value)
    return copy.deepcopy(value)


def _thaw(frozen: Any, vault: Vault) -> Any:
    if isinstance(frozen, _TensorAt):
        return vault.tensor(frozen.number)
    if isinstance(frozen, _Kept):
        if isinstance(frozen.container, dict):
            content = {key: _thaw(item, vault) for key, item in frozen.content.items()}
            frozen.container.clear()
            frozen.container.update(content)
        else:
            frozen.container[:] = [_thaw(item, vault) for item in frozen.content]
        return frozen.container
    if isinstance(frozen, tuple):
        return tuple(_thaw(item, vault) for item in frozen)
    return copy.deepcopy(frozen)


class Snapshot:
    """Model(s), optimizers, gradient scaler, gradients, train/eval flags and random states, as they are now.

    Args:
        modules: the model, and a criterion that is a module.
        optimizers: all of them; a scheduler attached to one is not touched.
        scaler: a GradScaler, or anything else with `state_dict` and `load_state_dict`.
        generators: random generators beside the global ones (a loader's).
        in_memory: keep the copies in memory (one copy), or in a file under `cache_dir`.
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        optimizers: Sequence[Optimizer],
        scaler: Any = None,
        *,
        in_memory: bool = True,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        self._vault = Vault(in_memory, cache_dir)
        self._scaler = scaler
        self._scaler_state = copy.deepcopy(scaler.state_dict()) if scaler is not None else None
        parts = {id(part): part for module in modules for part in module.modules()}.values()
        self._flags = [(part, part.training) for part in parts]
        self._slots = [
            (slots, dict(slots), [self._vault.add(item) for item in slots.values() if item is not None])
            for part in parts
            for slots in (part._parameters, part._buffers)
        ]
        self._groups = [_freeze(optimizer.param_groups, self._vault) for optimizer in optimizers]
        self._states = [_freeze(dict(optimizer.state), self._vault) for optimizer in optimizers]
        self._optimizers = list(optimizers)
        self._gradients = [(param, param.grad, self._grad_copy(param)) for param in self._parameters()]
        self._rng = RngState()
        self._generators: list[tuple[torch.Generator, torch.Tensor]] = []
        self._vault.seal()

    def watch(self, generators: Iterable[torch.Generator]) -> None:
        """Put these generators back as well, to where they are now; ones that are known already stay as they were."""
        known = {id(generator) for generator, _ in self._generators}
        self._generators += [(one, one.get_state()) for one in generators if id(one) not in known]

    def restore(self) -> None:
        """Put everything back. Exact, and as often as wanted."""
        for slots, content, _ in self._slots:
            slots.clear()
            slots.update(content)
        for optimizer, groups, state in zip(self._optimizers, self._groups, self._states, strict=True):
            _thaw(groups, self._vault)
            optimizer.state.clear()
            optimizer.state.update(_thaw(state, self._vault))
        for param, grad, number in self._gradients:
            param.grad = grad if number is None else self._vault.tensor(number)
        self._vault.restore()
        if self._scaler is not None:
            self._scaler.load_state_dict(copy.deepcopy(self._scaler_state))
        for part, training in self._flags:
            part.training = training
        self.restore_rng()

    def restore_rng(self) -> None:
        """Put back the random states alone."""
        self._rng.restore()
        for generator, state in self._generators:
            generator.set_state(state)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the copies take."""
        return self._vault.nbytes

    def _parameters(self) -> list[torch.Tensor]:
        slots = (item for _, content, _ in self._slots for item in content.values() if item is not None)
        groups = (param for one in self._optimizers for group in one.param_groups for param in group["params"])
        return list({id(param): param for param in (*slots, *groups) if param.is_leaf}.values())

    def _grad_copy(self, param: torch.Tensor) -> int | None:
        return None if param.grad is None else self._vault.add(param.grad)
