"""What batches, outputs and losses were taken for: said once for a run, kept for its validation."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from lrtui.engine.reading.losses import LossRule


def _silent(line: str) -> None:
    pass


@dataclass
class Notes:
    """The lines of one run, and the rules by which its losses are taken.

    Args:
        say: called with each new line, such as `print`.
        lines: what was said so far.
        loss_rules: by the structure of what was returned. A validation runs without gradients,
            where a loss that is trained cannot be told from one for the log.
    """

    say: Callable[[str], None] = _silent
    lines: list[str] = field(default_factory=list)
    loss_rules: dict[Hashable, LossRule] = field(default_factory=dict)
    _said: set[Hashable] = field(default_factory=set)

    def add(self, line: str, about: Hashable = None) -> None:
        """Say a line, unless it, or another one about the same, was said before."""
        about = line if about is None else about
        if line and about not in self._said:
            self._said.add(about)
            self.lines.append(line)
            self.say(line)
