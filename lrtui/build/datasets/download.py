"""Downloads of torchvision's that tell how far they are. Worker only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lrtui.build.optional import library

# Called with what is fetched, the bytes that are here, and how many there will be (0: unknown).
Progress = Callable[[str, int, int], None]


@contextmanager
def reporting(name: str, progress: Progress | None) -> Iterator[None]:
    """While inside, torchvision's progress bars report to `progress`, and draw nothing.

    torchvision has no other way to be asked: its downloads draw a bar of the name that is replaced here.
    """
    utils = library("torchvision.datasets.utils")
    before = getattr(utils, "tqdm", None)

    def bar(*args: Any, **options: Any) -> "_Bar":
        return _Bar(name, progress, options.get("total") or 0)

    utils.tqdm = bar
    try:
        yield
    finally:
        utils.tqdm = before


def in_words(notice: Callable[[str], None]) -> Progress:
    """Progress as notices, one for each tenth of a file."""
    last = -1

    def tell(name: str, here: int, total: int) -> None:
        nonlocal last
        tenth = 10 * here // total if total else here // 10_000_000
        if tenth != last:
            last = tenth
            of = f" of {total / 1e6:.1f}" if total else ""
            notice(f"fetching {name}: {here / 1e6:.1f}{of} MB")

    return tell


class _Bar:
    """The part of tqdm's surface that torchvision uses."""

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
        """So many bytes more."""
        self.n += count
        if self._progress is not None:
            self._progress(self.name, self.n, self.total)

    def close(self) -> None:
        """Nothing is open."""
