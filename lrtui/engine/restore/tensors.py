"""Copies of tensors, in memory or in a file, whose contents are put back into the same tensors."""

import os
import tempfile
import weakref
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from lrtui.engine.restore.host_memory import HostMemory

_PLAIN_CLASSES = (torch.Tensor, torch.nn.Parameter)


class SavedTensors:
    """One copy of each tensor that is added: in memory, or in one file under `cache_dir`.

    `seal` makes the copies, when all tensors are known. Of a wrapper (int8 weights, 8-bit optimizer
    states, DTensors) the plain tensors inside are copied: most operations do not work on the
    wrapper itself.

    Raises:
        ValueError: `cache_dir` is not a directory.
    """

    def __init__(
        self, in_memory: bool = True, cache_dir: str | os.PathLike[str] | None = None
    ) -> None:
        if cache_dir is not None and not Path(cache_dir).is_dir():
            raise ValueError("Given `cache_dir` is not a valid directory.")
        self._folder = cache_dir
        self._in_memory = in_memory
        self._tensors: list[torch.Tensor] = []
        self._copies: list[torch.Tensor] = []
        self._forms: list[_Form] = []
        self._wrappers: list[_Wrapper] = []
        self._left: list[torch.Tensor] = []
        self._known: set[int] = set()  # the tensors are kept above, so that no id is used twice
        self._are_pinned = False
        self.path: Path | None = None

    def add(self, tensor: torch.Tensor) -> None:
        """Have a tensor's content copied. The same tensor is copied once."""
        if id(tensor) in self._known:
            return
        self._known.add(id(tensor))
        inner = inner_tensors(tensor)
        if inner:
            self._wrappers.append(_Wrapper(tensor, inner))
            for plain in inner.values():
                self.add(plain)
            return
        self._tensors.append(tensor)

    def leave(self, tensor: torch.Tensor) -> None:
        """Leave a tensor alone: its content is neither copied nor compared."""
        self._left.append(tensor)
        self._known.add(id(tensor))

    def seal(self, to_cpu: Collection[torch.device] = ()) -> None:
        """Make the copies, and move them to disk, unless they stay in memory.

        Args:
            to_cpu: devices whose tensors are copied to CPU memory; the others' copies stay there.
        """
        if not self._in_memory:
            to_cpu = {tensor.device for tensor in self._tensors if tensor.is_cuda}
        moved = [tensor for tensor in self._tensors if tensor.device in to_cpu]
        memory = HostMemory(moved, pinned=self._in_memory)
        with torch._C.DisableTorchFunctionSubclass():  # a subclass may lack these operations
            for tensor in self._tensors:
                self._forms.append(_form(tensor))
                content = _distinct(tensor.detach())
                if tensor.device in to_cpu and _fits_into_bytes(content):
                    self._copies.append(memory.copy_of(content))
                else:
                    self._copies.append(content.clone())
        memory.wait()
        self._are_pinned = memory.is_pinned
        if not self._in_memory:
            self._move_to_file()

    def _move_to_file(self) -> None:
        handle, name = tempfile.mkstemp(prefix="lrtui_state_", suffix=".pt", dir=self._folder)
        os.close(handle)
        self.path = Path(name)
        weakref.finalize(self, self.path.unlink, missing_ok=True)
        torch.save(self._copies, self.path)
        self._copies = []

    def restore(self) -> None:
        """Copy all contents back; each tensor has its device, dtype and memory format again.

        Raises:
            RuntimeError: the file is gone.
        """
        targets: list[torch.Tensor] = []
        contents: list[torch.Tensor] = []
        elsewhere: set[torch.device] = set()
        for wrapper in self._wrappers:
            wrapper.restore()
        with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
            for tensor, content, form in self._saved():
                if _form(tensor) != form:
                    tensor.data = content.to(form.device, copy=True).expand(form.shape)
                elif _is_plain(tensor) and content.device != form.device:
                    target = _distinct(tensor.detach())
                    target.copy_(content, non_blocking=self._are_pinned)
                    elsewhere.add(form.device)
                elif _is_plain(tensor):
                    targets.append(_distinct(tensor.detach()))
                    contents.append(content)
                else:
                    # not into `detach()`: that of a sparse tensor has its contents elsewhere
                    tensor.copy_(content)
            if targets:
                torch._foreach_copy_(targets, contents)
        for device in elsewhere:
            if device.type == "cuda":
                torch.cuda.synchronize(device)

    def unchanged(self) -> bool:
        """Whether every tensor has its content; NaN counts as a change, and so does a lost file."""
        if self.path is not None and not self.path.exists():
            return False
        if not all(wrapper.unchanged() for wrapper in self._wrappers):
            return False
        for tensor, content, form in self._saved():
            if _form(tensor) != form:
                return False
            if not _equal(_distinct(tensor.detach()), content.to(form.device)):
                return False
        return True

    @property
    def plain(self) -> Sequence[torch.Tensor]:
        """The tensors that are copied: of wrappers, those inside."""
        return self._tensors

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the copies take."""
        return sum(content.nelement() * content.element_size() for content in self._copies)

    def _saved(self) -> "zip[tuple[torch.Tensor, torch.Tensor, _Form]]":
        return zip(self._tensors, self._loaded(), self._forms, strict=True)

    def _loaded(self) -> list[torch.Tensor]:
        if self.path is None:
            return self._copies
        if not self.path.exists():
            raise RuntimeError(f"Failed to load state in {self.path}. File doesn't exist anymore.")
        loaded: list[torch.Tensor] = torch.load(self.path, map_location="cpu", weights_only=True)
        return loaded


class _Wrapper(NamedTuple):
    """A wrapper, and the tensors inside it by their names."""

    tensor: torch.Tensor
    inner: dict[str, torch.Tensor]

    def restore(self) -> None:
        """Put the same tensors inside, where it has others by now."""
        for name, tensor in self.inner.items():
            if getattr(self.tensor, name) is not tensor:
                setattr(self.tensor, name, tensor)

    def unchanged(self) -> bool:
        """Whether it has the same tensors inside."""
        return all(getattr(self.tensor, name) is inner for name, inner in self.inner.items())


def is_wrapper(tensor: torch.Tensor) -> bool:
    """Whether a tensor's class defines what operations do, and keeps its content elsewhere."""
    if type(tensor) in _PLAIN_CLASSES or is_lazy(tensor):
        return False
    if _is_traceable(tensor):
        return True
    is_dispatched = type(tensor).__torch_dispatch__ is not torch.Tensor.__torch_dispatch__
    return is_dispatched and _has_no_storage(tensor)


def inner_tensors(tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    """The tensors inside a wrapper by their names; empty for any other tensor."""
    if type(tensor) in _PLAIN_CLASSES or not _is_traceable(tensor):
        return {}
    names: list[str] = tensor.__tensor_flatten__()[0]  # type: ignore[attr-defined]
    inner = {}
    for name in names:
        value = getattr(tensor, name)
        if isinstance(value, torch.Tensor):  # a DTensor also names the mesh of its devices
            inner[name] = value
    return inner


def plain_inside(tensor: torch.Tensor) -> list[torch.Tensor]:
    """The tensors with the content of a tensor: of a wrapper those inside, else itself."""
    inner = inner_tensors(tensor)
    if not inner:
        return [tensor]
    return [plain for one in inner.values() for plain in plain_inside(one)]


def _is_traceable(tensor: torch.Tensor) -> bool:
    return bool(is_traceable_wrapper_subclass(tensor))


def _has_no_storage(tensor: torch.Tensor) -> bool:
    try:
        tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):
        return True
    return False


class _Form(NamedTuple):
    device: torch.device
    dtype: torch.dtype
    shape: torch.Size
    stride: tuple[int, ...] | None


def _form(tensor: torch.Tensor) -> _Form:
    stride = tensor.stride() if tensor.layout is torch.strided else None
    return _Form(tensor.device, tensor.dtype, tensor.shape, stride)


def _is_plain(tensor: torch.Tensor) -> bool:
    return tensor.layout is torch.strided and not (tensor.is_conj() or tensor.is_neg())


def _fits_into_bytes(tensor: torch.Tensor) -> bool:
    """Whether its elements can be copied one by one into plain memory."""
    return type(tensor) in _PLAIN_CLASSES and _is_plain(tensor) and not tensor.is_quantized


def _distinct(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor without its expanded dimensions, whose elements all share one place in memory."""
    if tensor.layout is torch.strided:
        for dim, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
            if stride == 0 and size > 1:
                tensor = tensor.narrow(dim, 0, 1)
    return tensor


def _equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.layout is not torch.strided:
        a, b = a.to_dense(), b.to_dense()
    return torch.equal(a, b)
