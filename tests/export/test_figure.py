"""The picture of a run: what it shows, its fonts, and that matplotlib's state is left alone."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from lrtui.export.content import ExportError, content_of
from lrtui.export.drawing import drawing_of
from lrtui.export.figure import figure_bytes, figure_of
from lrtui.export.svg import nice_ticks, svg_of
from lrtui.record import History, RunRecord
from lrtui.runs.store import save
from tests.export.records import RECORD, curve, hostile, whole


def test_it_shows_batches_trend_band_answer_boundaries_and_trials() -> None:
    content = content_of(whole())
    figure = figure_of(content, drawing_of(content))
    curve_axes, trial_axes = figure.axes
    legend = curve_axes.get_legend()
    assert legend is not None
    words = [text.get_text().split("\n")[0] for text in legend.get_texts()]
    assert words[:4] == ["batches", "3 repeats", "trend", "interval"]
    assert words[4:] == [f"lr {content.lr:.1e}", "boundaries"]
    trials = trial_axes.get_legend()
    assert trials is not None
    assert {text.get_text() for text in trials.get_texts()} == {"pick", "trials", "blew up"}


def test_a_run_without_trials_has_one_axis_and_one_repeat_no_band() -> None:
    content = content_of(msgspec.structs.replace(whole(), measured=[], repeats=[]))
    drawing = drawing_of(content)
    assert drawing.band is None
    assert len(figure_of(content, drawing).axes) == 1


def test_the_band_holds_the_trend_of_each_repeat() -> None:
    band = drawing_of(content_of(whole())).band
    assert band is not None
    assert (band.low <= band.high).all()
    alone = msgspec.structs.replace(whole(), history=curve(1), repeats=[])
    trend = drawing_of(content_of(alone)).trend
    within = np.interp(np.log10(band.lr), np.log10(trend.lr), trend.value)
    assert (within >= band.low - 1e-9).all()
    assert (within <= band.high + 1e-9).all()


def test_a_blow_up_does_not_flatten_the_fall() -> None:
    low, high = drawing_of(content_of(whole())).y
    assert low < 0.5
    assert 2.3 < high < 5


def test_a_pdf_has_its_fonts_as_truetype() -> None:
    pdf = figure_bytes(content_of(whole()), "pdf")
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf


def test_a_picture_names_the_run_and_the_versions() -> None:
    content = content_of(whole())
    for words in (RECORD.id, RECORD.torch):
        assert words.encode() in figure_bytes(content, "png")
        assert words in figure_bytes(content, "svg").decode()
        assert words.encode("utf-16-be") in figure_bytes(content, "pdf")


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_foreign_text_is_drawn_as_text_and_the_same_run_gives_the_same_file(kind: str) -> None:
    content = content_of(hostile())
    assert figure_bytes(content, kind) == figure_bytes(content, kind)


@pytest.mark.parametrize(
    "history",
    [
        History(lr=[1e-3], raw_loss=[1.0]),
        History(lr=[1e-3, 1e-2], raw_loss=[1.0, 1.0]),
        History(lr=[0.0, 0.1, 0.2], raw_loss=[2.0, 1.0, 3.0]),
        History(lr=[1e-4, 1e-3, 1e-2], raw_loss=[-5.0, -6.0, 1e30]),
    ],
)
def test_odd_curves_are_drawn(history: History) -> None:
    record = msgspec.structs.replace(RECORD, history=history, suggestion=None, bounds=None)
    content = content_of(record)
    assert figure_bytes(content, "png")
    assert "<svg" in svg_of(content, drawing_of(content))


def test_a_long_run_makes_a_page_of_bounded_size() -> None:
    record = msgspec.structs.replace(whole(), history=curve(points=50_000), repeats=[])
    content = content_of(record)
    assert len(svg_of(content, drawing_of(content))) < 300_000


def test_ticks_are_round_and_within() -> None:
    assert nice_ticks(0.07, 3.2) == pytest.approx([1, 2, 3])
    assert nice_ticks(-0.3, 0.3) == pytest.approx([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3])


def test_pyplot_and_the_users_settings_are_left_alone(tmp_path: Path) -> None:
    record = tmp_path / "run.json"
    save(whole(), record)
    script = f"""
import sys, matplotlib
matplotlib.rcParams["font.size"] = 23
from pathlib import Path
from lrtui.export.formats import write_file
from lrtui.runs.store import load
write_file(load({str(record)!r}), Path({str(tmp_path / "x.pdf")!r}), overwrite=False)
assert matplotlib.rcParams["font.size"] == 23
assert matplotlib.rcParams["pdf.fonttype"] == 3  # the default
assert "matplotlib.pyplot" not in sys.modules
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_matplotlib_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrtui.export.content.is_installed", lambda _: False)
    record: RunRecord = whole()
    with pytest.raises(ExportError, match=r"pip install 'lrtui\[plot\]'"):
        figure_bytes(content_of(record), "png")
