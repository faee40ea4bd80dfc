"""One copy of everything that a training step may change, put back in place any number of times.

In place means that the objects stay the same: a parameter that the optimizer, a scheduler,
DistributedDataParallel or apex (whose fp32 master weights are in the optimizer's groups, outside
every state_dict) refers to is still that parameter.
"""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from lrtui.engine.data.prepared import SavedPlace, is_prepared
from lrtui.engine.data.workers import persistent_workers
from lrtui.engine.distributed.epochs import SavedEpochs
from lrtui.engine.optim import parameters_of
from lrtui.engine.restore.attributes import SavedAttributes
from lrtui.engine.restore.generators import generators_in
from lrtui.engine.restore.hooks import SavedHooks
from lrtui.engine.restore.placement import (
    Need,
    NoRoomError,
    Placement,
    needs_of,
    placement,
)
from lrtui.engine.restore.random_state import RngState, SavedGenerator
from lrtui.engine.restore.signals import uninterrupted
from lrtui.engine.restore.states import SavedState
from lrtui.engine.restore.tensors import SavedTensors, is_wrapper
from lrtui.engine.restore.values import is_optimizer
from lrtui.engine.types import Loader, Scaler, Stateful
from lrtui.settings import SnapshotPlace


class _Leaf(NamedTuple):
    """A leaf tensor, with its flag and its gradient."""

    tensor: torch.Tensor
    requires_grad: bool
    grad: torch.Tensor | None


class Snapshot:
    """The current model(s), optimizers, loss scaler, gradients, train/eval flags and random states.

    Frozen tensors of a quantisation library are left alone; everything else is copied once.

    Args:
        modules: the model, and a criterion that is a module.
        optimizers: all of them; a scheduler attached to one is not touched.
        scaler: a GradScaler, or anything else with `state_dict` and `load_state_dict`.
        also: other objects: modules and optimizers like those before, anything else with these two
            methods by its `state_dict`.
        in_memory: keep the copies in memory (one copy), or in a file under `cache_dir`.
        place: where in memory: see `placement`.

    Attributes:
        why: why the copies are in CPU memory, or stay on a GPU that is short; "" for no news.

    Raises:
        ValueError: a model with lazy parameters that have no shape yet, an unusable `cache_dir`, or
            no memory for the copies.
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        optimizers: Sequence[Optimizer],
        scaler: Scaler | None = None,
        *,
        also: Sequence[Stateful] = (),
        in_memory: bool = True,
        cache_dir: str | os.PathLike[str] | None = None,
        place: SnapshotPlace = "auto",
    ) -> None:
        modules, optimizers, others = _sorted_by_kind(modules, optimizers, also)
        self._tensors = SavedTensors(in_memory, cache_dir)
        tensors = _tensors_of(modules, optimizers)
        _refuse_lazy(modules, tensors)
        for tensor in tensors:
            if _is_left_alone(tensor):
                self._tensors.leave(tensor)
            self._tensors.add(tensor)
        self._leaves = [
            _Leaf(tensor, tensor.requires_grad, tensor.grad) for tensor in tensors if tensor.is_leaf
        ]
        for leaf in self._leaves:
            if leaf.grad is not None:
                self._tensors.add(leaf.grad)
        parts = _parts_of(modules)
        self._flags = [(part, part.training) for part in parts]
        self._attributes = SavedAttributes(self._tensors)
        for owner in (*parts, *optimizers):
            self._attributes.add(owner)
        self._hooks = SavedHooks((*parts, *optimizers), tensors)
        self._states = [SavedState(owner) for owner in others]
        if isinstance(scaler, torch.amp.GradScaler):
            # by its attributes: state_dict lacks what it keeps between unscale_ and update
            self._attributes.add(scaler)
        elif scaler is not None:
            self._states.append(SavedState(scaler))
        self._rng = RngState()
        self._generators: dict[int, SavedGenerator] = {}
        self._loaders: list[DataLoader[object]] = []
        self._epochs = SavedEpochs()
        self._places: dict[int, SavedPlace] = {}
        self.watch(modules, optimizers, others)
        placed = Placement(frozenset())
        if in_memory:
            placed = placement(place, self._needs(optimizers))
        self.why = placed.why
        try:
            self._tensors.seal(placed.to_cpu)
        except torch.OutOfMemoryError as error:
            raise NoRoomError("no GPU memory for a copy of the model: use snapshot=cpu") from error

    def _needs(self, optimizers: Sequence[Optimizer]) -> dict[torch.device, Need]:
        trained = [leaf.tensor for leaf in self._leaves if leaf.requires_grad]
        has_state = any(optimizer.state for optimizer in optimizers)
        return needs_of(self._tensors.plain, trained, has_state)

    def watch(self, *owners: object) -> None:
        """Also put back the random generators that these objects own; known ones keep their state.

        They are put back to their current state.
        """
        for generator in generators_in(*owners):
            if id(generator) not in self._generators:
                self._generators[id(generator)] = SavedGenerator(generator)

    def watch_loader(self, loader: Loader | None) -> None:
        """Also put back what a loader owns, and how far it is; a known one keeps its place."""
        self.watch(loader)
        self._loaders += persistent_workers(loader)
        self._epochs.add([loader])
        if is_prepared(loader) and id(loader) not in self._places:
            self._places[id(loader)] = SavedPlace(loader)

    def begin(self, loaders: Iterable[Loader | None], *owners: object) -> None:
        """A test on these loaders begins: also put back what they own, and other objects.

        Hooks that were registered or removed since the snapshot are the user's and stay.
        """
        self._loaders = []
        self.watch(*owners)
        for loader in loaders:
            self.watch_loader(loader)
        self._hooks.begin()

    def end(self) -> None:
        """The test has ended: hooks that are registered or removed from now on stay."""
        self._hooks.end()

    @uninterrupted
    def restore(self) -> None:
        """Put everything back, exactly, any number of times; Ctrl-C takes effect afterwards."""
        try:
            self._restore_states()
        finally:  # if one object or tensor cannot be restored, the rest still is
            try:
                self._restore_tensors()
            finally:
                self._restore_flags_and_generators()

    def unchanged(self) -> bool:
        """Whether model, optimizers and scaler are as they were; random states do not count."""
        if not self._attributes.unchanged():
            return False
        for leaf in self._leaves:
            if leaf.tensor.grad is not leaf.grad:
                return False
            if leaf.tensor.requires_grad != leaf.requires_grad:
                return False
        if any(part.training != training for part, training in self._flags):
            return False
        if not all(state.unchanged() for state in self._states):
            return False
        return self._tensors.unchanged()

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the copies take."""
        return self._tensors.nbytes

    def _restore_states(self) -> None:
        """Before the optimizers: a scheduler may write to the groups of its own."""
        for state in self._states:
            state.restore()

    def _restore_flags_and_generators(self) -> None:
        for part, training in self._flags:
            part.training = training
        for loader in self._loaders:
            # its workers have drawn random numbers: new ones start with the next epoch
            loader._iterator = None
        self._epochs.restore()
        for place in self._places.values():
            place.restore()
        self._rng.restore()
        for generator in self._generators.values():
            generator.restore()

    def _restore_tensors(self) -> None:
        self._hooks.restore()
        self._attributes.restore()
        for leaf in self._leaves:
            if leaf.tensor.grad_fn is not None:
                leaf.tensor.detach_()  # a buffer that a forward has written its output into
            leaf.tensor.grad = None  # it may be on another device than its tensor is about to be
        self._tensors.restore()
        for leaf in self._leaves:
            if leaf.tensor.requires_grad != leaf.requires_grad:
                leaf.tensor.requires_grad_(leaf.requires_grad)
            leaf.tensor.grad = leaf.grad


def _sorted_by_kind(
    modules: Sequence[nn.Module], optimizers: Sequence[Optimizer], also: Sequence[Stateful]
) -> tuple[list[nn.Module], list[Optimizer], list[Stateful]]:
    """All modules, all optimizers, and what is neither."""
    all_modules, all_optimizers, others = list(modules), list(optimizers), []
    for thing in also:
        if isinstance(thing, nn.Module):
            all_modules.append(thing)
        elif is_optimizer(thing):
            all_optimizers.append(cast(Optimizer, thing))
        else:
            others.append(thing)
    return all_modules, all_optimizers, others


def _tensors_of(
    modules: Sequence[nn.Module], optimizers: Sequence[Optimizer]
) -> list[torch.Tensor]:
    """Parameters and buffers of modules, and what only optimizers hold (master weights)."""
    tensors: list[torch.Tensor] = []
    for module in modules:
        tensors.extend(module.parameters())
        tensors.extend(module.buffers())
    tensors.extend(parameters_of(optimizers))
    return list({id(tensor): tensor for tensor in tensors}.values())


def _is_left_alone(tensor: torch.Tensor) -> bool:
    """Whether it is a frozen tensor of a quantisation library: nothing can write to it in place.

    Those of torch itself (a DTensor) are like plain ones: a forward may average weights into them.
    """
    if tensor.requires_grad or not is_wrapper(tensor):
        return False
    return not type(tensor).__module__.startswith("torch.")


def _parts_of(modules: Sequence[nn.Module]) -> list[nn.Module]:
    """Every module and submodule, once."""
    parts: dict[int, nn.Module] = {}
    for module in modules:
        parts.update({id(part): part for part in module.modules()})
    return list(parts.values())


def _refuse_lazy(modules: Sequence[nn.Module], tensors: Sequence[torch.Tensor]) -> None:
    if not any(map(is_lazy, tensors)):
        return
    names = set()
    for module in modules:
        for name, part in module.named_modules():
            if any(map(is_lazy, part.parameters(recurse=False))):
                names.add(name or type(part).__name__)
    raise ValueError(
        f"the model has lazy layers without a shape yet ({', '.join(sorted(names))}): "
        "run one batch through it first"
    )
