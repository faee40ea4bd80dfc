"""Worker processes of a loader, whose random states are out of reach."""

from torch.utils.data import DataLoader

from lrtui.engine.types import Loader

PERSISTENT = (
    "persistent_workers: each worker of the loader keeps random states of its own, which cannot be "
    "put back. After a reset new workers start; those that were running before it are not resumed"
)


def persistent_workers(*loaders: Loader | None) -> list[DataLoader[object]]:
    """The loaders whose workers go on from epoch to epoch, with their random states."""
    persistent = []
    for loader in loaders:
        inner = getattr(loader, "data_loader", loader)
        if isinstance(inner, DataLoader) and inner.persistent_workers:
            persistent.append(inner)
    return persistent
