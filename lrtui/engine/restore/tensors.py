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
        self._known: set[int] = set()
        self.path: Path | None = None

    def add(self, tensor: torch.Tensor) -> None:
        """Remember a tensor's content. The same tensor is copied once."""
        if id(tensor) not in self._known:
            self._known.add(id(tensor))
            self._tensors.append(tensor)
            self._copies.append(_distinct(tensor.detach()).clone())
            self._forms.append(_form(tensor))

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
            for tensor, content, form in zip(
                self._tensors, self._loaded(), self._forms, strict=True
            ):
                if _form(tensor) != form:
                    tensor.data = content.to(form.device, copy=True).expand(form.shape)
                elif tensor.layout is torch.strided and not (tensor.is_conj() or tensor.is_neg()):
                    targets.append(_distinct(tensor.detach()))
                    contents.append(content)
                else:
                    tensor.copy_(
                        content
                    )  # not its detached self: a sparse one has its contents elsewhere
            if targets:
                torch._foreach_copy_(targets, contents)

    def unchanged(self) -> bool:
        """Whether every tensor still has its content; NaN counts as a change, and so does a file that is gone."""
        if self.path is not None and not self.path.exists():
            return False
        return all(
            _form(tensor) == form and _equal(_distinct(tensor.detach()), content.to(form.device))
            for tensor, content, form in zip(
                self._tensors, self._loaded(), self._forms, strict=True
            )
        )

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
    return _Form(
        tensor.device,
        tensor.dtype,
        tensor.shape,
        tensor.stride() if tensor.layout is torch.strided else None,
    )


def _distinct(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor without its expanded dimensions, all places of which are one place in memory."""
    if tensor.layout is torch.strided:
        for dim, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
            if stride == 0 and size > 1:
                tensor = tensor.narrow(dim, 0, 1)
    return tensor


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.layout is not torch.strided:
        one, other = one.to_dense(), other.to_dense()
    return torch.equal(one, other)
