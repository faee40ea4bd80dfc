"""Vault: copies of tensors, in memory or in a file, that go back into the very tensors that they came from."""

import os
import tempfile
import weakref
from pathlib import Path
from typing import NamedTuple

import torch


class Vault:
    """Holds one copy of each tensor: in memory, or in a file of its own under `cache_dir`.

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
        self._forms: list[_Form] = []
        self._index: dict[int, int] = {}
        self.path: Path | None = None

    def add(self, tensor: torch.Tensor) -> int:
        """Remember a tensor's content; the number that it is known by. The same tensor is copied once."""
        if id(tensor) not in self._index:
            self._index[id(tensor)] = len(self._tensors)
            self._tensors.append(tensor)
            self._copies.append(_distinct(tensor.detach()).clone())
            self._forms.append(_form(tensor))
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
        """Copy every content back into its tensor, which has its device, dtype and memory format again.

        Raises:
            RuntimeError: the file is gone.
        """
        targets: list[torch.Tensor] = []
        contents: list[torch.Tensor] = []
        with torch.no_grad():
            for tensor, content, form in zip(self._tensors, self._loaded(), self._forms, strict=True):
                if _form(tensor) != form:
                    tensor.data = content.to(form.device, copy=True).expand(form.shape)
                elif tensor.layout is torch.strided:
                    targets.append(_distinct(tensor.detach()))
                    contents.append(content)
                else:
                    tensor.detach().copy_(content)
            if targets:
                torch._foreach_copy_(targets, contents)

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


class _Form(NamedTuple):
    device: torch.device
    dtype: torch.dtype
    shape: torch.Size
    stride: tuple[int, ...] | None


def _form(tensor: torch.Tensor) -> _Form:
    return _Form(tensor.device, tensor.dtype, tensor.shape, tensor.stride() if tensor.layout is torch.strided else None)


def _distinct(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor without its expanded dimensions, all places of which are one place in memory."""
    if tensor.layout is torch.strided:
        for dim, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
            if stride == 0 and size > 1:
                tensor = tensor.narrow(dim, 0, 1)
    return tensor
