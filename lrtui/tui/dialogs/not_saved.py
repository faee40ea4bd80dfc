"""NotSaved: the question before something is left that is on no disk; it can be written first."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from lrtui.tui.dialogs.ask import Ask


class NotSaved(Ask):
    """Enter leaves, escape stays, w stays and asks where to write."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "write", "write", id="confirm.write"),
    ]

    def __init__(
        self,
        question: str,
        yes: str,
        no: str,
        now: Callable[[], str],
        write: Callable[[], None],
    ) -> None:
        super().__init__(question, yes, no, now)
        self.answers = f"w      write it to a path of yours\n{self.answers}"
        self.words = f"{question}\n\n{self.answers}"
        self._write = write

    def action_write(self) -> None:
        """Close, and write."""
        self.dismiss(False)
        self.app.call_later(self._write)
