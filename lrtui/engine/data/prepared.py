"""How far a loader of accelerate's is: it counts its epochs, and their order depends on that."""

from typing import Any


class SavedPlace:
    """The epoch of a prepared loader, and what the process's gradient state knows of it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._iteration = loader.iteration
        self._fields = {name: getattr(loader, name) for name in ("end_of_dataloader", "remainder")}
        self._references = loader.gradient_state.dataloader_references

    def restore(self) -> None:
        """Put it back, as if the loader had not been iterated."""
        self._loader.set_epoch(self._iteration)
        for name, value in self._fields.items():
            setattr(self._loader, name, value)
        self._loader.gradient_state.dataloader_references = self._references


def is_prepared(loader: object) -> bool:
    """Whether accelerate has prepared a loader."""
    return hasattr(loader, "gradient_state") and hasattr(loader, "iteration")
