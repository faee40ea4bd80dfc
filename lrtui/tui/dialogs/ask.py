"""Ask: a question with two answers."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from lrtui.tui.dialogs.dialog import Dialog

_AGAIN_SECONDS = 0.5


class Ask(Dialog[bool]):
    """Enter or y is yes; escape or n is no.

    Args:
        question: what is asked.
        yes: what enter does.
        no: what escape does.
        now: the question as it is meanwhile; once it is "", there is nothing to ask any more, and
            the answer is no.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "answer(True)", "yes", id="confirm.yes"),
        Binding("escape,n", "answer(False)", "no", id="confirm.no"),
    ]

    def __init__(
        self, question: str, yes: str, no: str, now: Callable[[], str] | None = None
    ) -> None:
        super().__init__()
        self.answers = f"enter  {yes}\nesc    {no}"
        self._now = now
        self.words = f"{question}\n\n{self.answers}"

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self.words, markup=False)

    def on_mount(self) -> None:
        if self._now is not None:
            self.set_interval(_AGAIN_SECONDS, self._ask_again)

    def _ask_again(self) -> None:
        assert self._now is not None
        question = self._now()
        words = f"{question}\n\n{self.answers}"
        if not question and self.is_current:
            self.dismiss(False)
        elif words != self.words:
            self.words = words
            self.query_one(Static).update(words)

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer)
