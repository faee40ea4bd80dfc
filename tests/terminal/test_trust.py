"""From an answer to one that can be trusted, in a real terminal: why, another view of the curve, short trainings."""

import re
from pathlib import Path

from lrtui.runs.store import load
from tests.terminal.terminal import Terminal, lrtui


def test_an_answer_is_explained_viewed_otherwise_tried_and_written(tmp_path: Path) -> None:
    with Terminal(lrtui("--num-iter", "120"), tmp_path, columns=80, lines=24) as app:
        app.wait_for("SmallCNN")
        app.press("enter")
        app.wait_for(r"(completed|diverged): ")
        app.press("i")
        app.wait_for(r"OneCycleLR\(optimizer")
        app.press("escape")
        app.wait_for(lambda text: "OneCycleLR" not in text)
        app.press("]", ",")
        app.wait_for(r"view: smoothing 0\.10 · first 1 left out")
        app.press("c")
        app.wait_for("schedule")
        app.press("enter")
        app.wait_for(r"▸ \d\.\d\de-\d\d +(suggestion|tried)")
        app.wait_for(r"(confirmed|refuted|undecided): ", seconds=120)
        app.press("w")
        app.wait_for("write the run record")
        app.type_over("tried.json")
        app.press("enter")
        app.wait_for(lambda _: (tmp_path / "tried.json").exists())
        app.press("q")
        assert app.wait_for_exit() == 0
    names = [one.__struct_config__.tag for one in load(tmp_path / "tried.json").measured]
    assert names[0] == "trial"
    assert set(names) == {"trial", "confirmation", "view"}
    assert not re.search("Traceback", app.text)
