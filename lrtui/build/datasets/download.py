"""Progress of torchvision's downloads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lrtui.build.optional import import_library

# Called with the name of the data set, the bytes downloaded, and their total (0: unknown).
Progress = Callable[[str, int, int], None]

_NOTICE_BYTES = 10_000_000  # between two notices about a file of unknown size


@contextmanager
def reporting(name: str, progress: Progress | None) -> Iterator[None]:
    """Report torchvision's downloads inside the block to `progress`; nothing is drawn.

    torchvision has no hook for this: its downloads draw a progress bar of the name that is replaced
    here.
    """
    utils: Any = import_library("torchvision.datasets.utils")
    original = getattr(utils, "tqdm", None)

    def make_bar(*args: object, total: int | None = None, **options: object) -> "_Bar":
        return _Bar(name, progress, total or 0)

    utils.tqdm = make_bar
    try:
        yield
    finally:
        utils.tqdm = original


def progress_notices(notice: Callable[[str], None]) -> Progress:
    """Progress as notices, one for each tenth of a file."""
    last = -1

    def report(name: str, done: int, total: int) -> None:
        nonlocal last
        step = 10 * done // total if total else done // _NOTICE_BYTES
        if step == last:
            return
        last = step
        amount = f"{done / 1e6:.1f}"
        if total:
            amount += f" of {total / 1e6:.1f}"
        notice(f"downloading {name}: {amount} MB")

    return report


class _Bar:
    """The part of tqdm's interface that torchvision uses."""

    def __init__(self, name: str, progress: Progress | None, total: int) -> None:
        self.name = name
        self.total = total
        self.n = 0
        self._progress = progress

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, count: int) -> None:
        """Add `count` bytes."""
        self.n += count
        if self._progress is not None:
            self._progress(self.name, self.n, self.total)

    def close(self) -> None:
        """Do nothing: nothing is open."""
