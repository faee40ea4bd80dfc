"""Answers that take long to measure, cached in the temporary folder."""

import tempfile
from pathlib import Path

import msgspec

from lrtui.analysis.answer import Plan

from .cells import Cell
from .methods import Answer, Method

FOLDER = Path(tempfile.gettempdir()) / "lrtui-answers"


def answered(name: str, method: Method, *, by_schedule: bool = True) -> Method:
    """The method, which measures each answer once. Delete the folder after a change of methods.

    Args:
        name: of its files.
        method: what measures.
        by_schedule: whether the answer depends on the schedule.
    """

    def answer(cell: Cell, seed: int, plan: Plan) -> Answer:
        FOLDER.mkdir(exist_ok=True)
        schedule = plan.schedule if by_schedule else "any"
        path = FOLDER / f"{name}-{cell.name}-{seed}-{schedule}-{plan.steps}.json"
        if not path.exists():
            path.write_bytes(msgspec.json.encode(method(cell, seed, plan)))
        return msgspec.json.decode(path.read_bytes(), type=Answer)

    return answer
