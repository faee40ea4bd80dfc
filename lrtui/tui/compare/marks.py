"""Marks: which runs are compared, and the letter, marker and colour that each has everywhere."""

from dataclasses import dataclass

from lrtui.tui.chart.glyphs import ROLE_COLOURS, ROLE_MARKERS
from lrtui.tui.chart.picture import RUN_ROLES, Role

MOST = len(RUN_ROLES)


@dataclass(frozen=True)
class RunMark:
    """How one run is drawn. The marker tells runs apart where there are no colours."""

    index: int

    @property
    def letter(self) -> str:
        """A to H."""
        return chr(ord("A") + self.index)

    @property
    def marker(self) -> str:
        """A shape."""
        return ROLE_MARKERS[self.role]

    @property
    def name(self) -> str:
        """Marker and letter, such as `●A`."""
        return f"{self.marker}{self.letter}"

    @property
    def role(self) -> Role:
        """Its colour on a chart."""
        return RUN_ROLES[self.index]

    @property
    def style(self) -> str:
        """Its colour in a text."""
        return ROLE_COLOURS[self.role]


def marks_of(app: object) -> "Marks":
    """The marks of the app; new ones in an app that has none, such as a test's."""
    marks = getattr(app, "marks", None)
    if isinstance(marks, Marks):
        return marks
    return Marks()


class Marks:
    """The marked runs of the app, in the order in which they were marked.

    A run keeps its mark until it is taken away; the next one gets the first that is free.
    """

    def __init__(self) -> None:
        self._marks: dict[str, RunMark] = {}

    def __len__(self) -> int:
        return len(self._marks)

    @property
    def ids(self) -> list[str]:
        """Ids of the marked runs, by their letters."""
        return sorted(self._marks, key=lambda run_id: self._marks[run_id].index)

    def of(self, run_id: str) -> RunMark | None:
        """The mark of a run; None where it has none."""
        return self._marks.get(run_id)

    def toggle(self, run_id: str) -> bool:
        """Mark a run, or take its mark away; False where all marks are taken."""
        if self._marks.pop(run_id, None) is not None:
            return True
        return self.add(run_id) is not None

    def add(self, run_id: str) -> RunMark | None:
        """The mark of a run, which it gets if it has none; None where all are taken."""
        if run_id in self._marks:
            return self._marks[run_id]
        taken = {mark.index for mark in self._marks.values()}
        for index in range(MOST):
            if index not in taken:
                self._marks[run_id] = RunMark(index)
                return self._marks[run_id]
        return None

    def remove(self, run_id: str) -> None:
        """Take a run's mark away, if it has one."""
        self._marks.pop(run_id, None)

    def clear(self) -> None:
        """Take all marks away."""
        self._marks.clear()
