"""Where the tests of a finder begin, and are put back to."""

from collections.abc import Callable, Iterable

from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.types import Loader


class Origin:
    """The state in which a finder was made, and the one in which its last test began.

    Args:
        made: the current state.

    Attributes:
        made: where `reset` goes back to.
        began: where the last test began, and `put_back` goes back to; often the same object.
        is_spent: whether the weights are those that a test has left.
    """

    def __init__(self, made: Snapshot) -> None:
        self.made = self.began = made
        self.made.end()  # no test yet: hooks that the user registers now stay
        self.is_spent = False

    def move(self, take: Callable[[], Snapshot]) -> None:
        """The next test begins in the current state.

        That takes a second copy only if somebody has trained since `made`.
        """
        self.began = self.made if self.made.unchanged() else take()

    def begin(self, loaders: Iterable[Loader | None], *functions: object) -> None:
        """A test begins: put back what loaders and functions own too, and what happens to hooks."""
        for snapshot in {self.made, self.began}:
            snapshot.begin(loaders, *functions)

    def end(self) -> None:
        """The test has ended: what happens to hooks from now on stays."""
        for snapshot in {self.made, self.began}:
            snapshot.end()

    def put_back(self) -> None:
        """Go back to where the last test began."""
        self.began.restore()
        self.is_spent = False

    def reset(self) -> None:
        """Go back to where the finder was made."""
        self.began = self.made
        self.put_back()
