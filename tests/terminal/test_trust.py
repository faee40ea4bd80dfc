"""An answer is explained, viewed differently, confirmed by short trainings and saved."""

from pathlib import Path

import pytest

from lrtui.runs.store import load
from tests.terminal.terminal import Terminal, lrtui_argv


@pytest.mark.slow
def test_an_answer_is_explained_viewed_otherwise_confirmed_and_written(tmp_path: Path) -> None:
    record = tmp_path / "tried.json"
    with Terminal(lrtui_argv("--num-iter", "300"), tmp_path, columns=80, lines=24) as app:
        app.wait_for("SmallCNN", "⏎ runs")
        app.press("enter")
        app.wait_for("✓ done")
        app.press("i")
        app.wait_for(r"OneCycleLR\(optimizer")
        app.press("escape")
        app.wait_until_gone("OneCycleLR")
        app.press("]", ",")
        app.wait_for(r"smoothing 0\.10 · first 3 left out")
        app.press("c")
        app.wait_for("race lr")
        app.press("enter")
        app.wait_for(r"▸ . +\d\.\d\de-\d\d +(suggestion|tried|[×÷])")
        app.wait_for(r"(confirmed|replaced|tie|open): ")
        app.press("w")
        app.wait_for("write the run to")
        app.type_over(record.name)
        app.press("enter")
        app.wait_for_file(record)
        app.press("q")
        assert app.wait_for_exit() == 0
    kinds = [measured.__struct_config__.tag for measured in load(record).measured]
    assert kinds[0] == "trial"
    assert set(kinds) == {"trial", "confirmation", "view"}
    assert "Traceback" not in app.text
