"""The picture of a run: what it shows, its fonts, and that matplotlib's state is left alone."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from lrtui.export.content import Content, ExportError, content_of
from lrtui.export.drawing import drawing_of
from lrtui.export.figure import WIDTH, figure_bytes, figure_of
from lrtui.export.figure_style import styled
from lrtui.export.svg import svg_of
from lrtui.record import History, RunRecord
from lrtui.runs.store import save
from tests.export.records import RECORD, curve, flat, hostile, whole


def words_of(content: Content) -> list[str]:
    """The key of a picture."""
    (key,) = figure_of(content, drawing_of(content)).legends
    return [text.get_text() for text in key.get_texts()]


def test_it_shows_batches_trend_band_answer_boundaries_and_trials() -> None:
    content = content_of(whole())
    words = words_of(content)
    assert words[:4] == ["batches", "3 repeats", "trend", f"lr {content.lr:.1e}"]
    assert [word.split()[0] for word in words[4:6]] == ["interval", "boundaries"]
    assert set(words[6:]) == {"pick", "trials", "blew up"}


def test_a_picture_without_a_rate_says_so() -> None:
    content = content_of(flat(1.0))
    assert words_of(content) == ["batches", "trend", "no learning rate: no descent"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["", "W" * 500, "学习率 🚀"])
def test_its_words_stay_within_a_column_of_a_paper(name: str) -> None:
    content = content_of(msgspec.structs.replace(whole(), name=name, torch=f"2.14{name}"))
    with styled(""):
        figure = figure_of(content, drawing_of(content))
        figure.draw_without_rendering()
        inner = figure.get_tightbbox()
    assert inner.x0 >= 0
    assert inner.x1 <= WIDTH


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


@pytest.mark.parametrize("level", [1e-9, 1.0, 1e6])
def test_losses_of_any_size_fill_the_picture(level: float) -> None:
    history = curve()
    losses = [level * loss for loss in history.raw_loss if loss is not None]
    scaled = msgspec.structs.replace(history, loss=losses, raw_loss=losses)
    record = msgspec.structs.replace(whole(), history=scaled, repeats=[], measured=[])
    low, high = drawing_of(content_of(record)).y
    assert high - low == pytest.approx(3.2 * level, rel=0.2)


def test_batches_far_from_the_trend_are_in_the_picture() -> None:
    lr = np.geomspace(2e-3, 5e-3, 100)  # steeper than the trend can follow
    losses = (2 - 200 * lr).tolist()
    history = History(lr=lr.tolist(), loss=losses, raw_loss=losses)
    record = msgspec.structs.replace(RECORD, history=history, suggestion=None, bounds=None)
    low, high = drawing_of(content_of(record)).y
    assert low < min(losses)
    assert high > max(losses)


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


def test_pyplot_and_the_users_settings_are_left_alone(tmp_path: Path) -> None:
    record = tmp_path / "run.json"
    save(whole(), record)
    script = f"""
import sys, matplotlib
matplotlib.rcParams["font.size"] = 23
from lrtui.export.formats import write
from lrtui.runs.store import load
write(load({str(record)!r}), {str(tmp_path / "x.pdf")!r}, overwrite=False)
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
