"""Answers as HTML: what is said, what is drawn, and that it is well-formed and inert."""

import math
import re
import xml.etree.ElementTree as ET
from typing import Any

import msgspec
import pytest
import torch
from torch import nn

import lrtui
from lrtui.analysis.answer import Suggestion
from lrtui.notebook.card import curve_card
from lrtui.notebook.picture import curve_svg
from tests.engine.rigs import digits_loaders, digits_mlp, finder

OK = Suggestion(
    lr=3.2e-3,
    low=1.1e-3,
    high=7.9e-3,
    verdict="ok",
    reason="the loss falls <steadily> & fast.",
    method="valley",
    advice="Confirm it.",
    schedule="one-cycle",
    steps=3000,
)
REFUSED = Suggestion(verdict="too_noisy", reason="noise", method="valley", advice="Repeat it.")
SVG = "{http://www.w3.org/2000/svg}"


def words(html: str) -> str:
    return " ".join("".join(ET.fromstring(html).itertext()).split())


def points_of(html: str) -> list[list[tuple[float, float]]]:
    lines = ET.fromstring(html).iter(f"{SVG}polyline")
    return [
        [tuple(map(float, place.split(","))) for place in line.attrib["points"].split()]  # type: ignore[misc]
        for line in lines
    ]


def test_a_suggestion_says_its_rate_interval_training_reason_and_advice() -> None:
    html = OK._repr_html_()
    said = words(html)
    for part in ("lr 3.2e-03", "1.1e-03 to 7.9e-03", "one-cycle · 3,000 steps", "Confirm it."):
        assert part in said
    assert "the loss falls <steadily> & fast." in said
    assert "<steadily>" not in html


def test_the_mark_is_within_the_interval_and_where_the_axis_says() -> None:
    tree = ET.fromstring(OK._repr_html_())
    box = next(tree.iter(f"{SVG}rect")).attrib
    mark = next(tree.iter(f"{SVG}line")).attrib
    first, last = (float(box["x"]), float(box["x"]) + float(box["width"]))
    assert first < float(mark["x1"]) < last
    labels = {text.text: float(text.attrib["x"]) for text in tree.iter(f"{SVG}text")}
    share = math.log10(OK.lr or 0) + 3  # of the decade from 1e-3 to 1e-2
    expected = labels["1e-3"] + share * (labels["1e-2"] - labels["1e-3"])
    assert float(mark["x1"]) == pytest.approx(expected, abs=0.2)


def test_a_refusal_has_no_picture_and_says_why() -> None:
    html = REFUSED._repr_html_()
    assert "<svg" not in html
    assert "no learning rate can be recommended (too noisy)" in words(html)


def test_a_suggestion_stays_plain_data() -> None:
    assert msgspec.json.decode(msgspec.json.encode(OK), type=Suggestion) == OK


@pytest.mark.parametrize("html", [OK._repr_html_(), REFUSED._repr_html_()])
def test_nothing_runs_and_nothing_is_loaded(html: str) -> None:
    assert not re.search(r"<script|href|url\(|\bon\w+=|\bid=|@import", html)


def test_text_and_axes_have_the_colour_of_the_page() -> None:
    colours = re.findall(r'(?:fill|stroke)="([^"]+)"', OK._repr_html_())
    assert set(colours) == {"currentColor", "#e0662b"}


def history(losses: list[float]) -> dict[str, list[Any]]:
    lrs = [10 ** (-6 + 7 * index / (len(losses) - 1)) for index in range(len(losses))]
    return {"lr": lrs, "loss": losses, "raw_loss": losses}


def test_the_curve_rises_where_the_loss_does_and_is_cut_where_it_blows_up() -> None:
    falling = [2.0, 1.5, 1.0, 1e12]
    _, smoothed = points_of(curve_card(history(falling), OK, "diverged", "at 1e-1"))
    rows = [row for _, row in smoothed]
    assert rows[0] < rows[1] < rows[2]
    assert rows[1] - rows[0] > 20  # the blow-up does not flatten the rest
    assert -1000 < rows[3] < rows[0]


@pytest.mark.parametrize(
    "losses", [[1.0, 1.0], [1.0, 2.0, 9.0], [math.nan, 1.0, 2.0], [-1.0, -2.0, -1.5], [0.0, 0.0]]
)
def test_any_curve_can_be_drawn(losses: list[float]) -> None:
    for line in points_of(curve_card(history(losses), REFUSED, "completed", "")):
        assert line
        assert all(math.isfinite(x) and math.isfinite(y) for x, y in line)


@pytest.mark.parametrize("losses", [[], [1.0], [math.nan, math.inf]])
def test_a_curve_of_fewer_than_two_points_has_no_picture(losses: list[float]) -> None:
    lrs = [1e-3 * (index + 1) for index in range(len(losses))]
    assert curve_svg(lrs, losses, losses, None, None) == ""


def test_a_long_curve_is_a_small_picture() -> None:
    losses = [2 + math.sin(index) for index in range(20_000)]
    assert len(curve_card(history(losses), OK, "completed", "")) < 25_000


def test_a_finder_shows_its_curve_and_answer() -> None:
    torch.manual_seed(0)
    live = finder(digits_mlp(), criterion=nn.CrossEntropyLoss())
    assert "no range test yet" in words(live._repr_html_())
    live.range_test(digits_loaders()[0], start_lr=1e-5, end_lr=10, num_iter=300)
    html = live._repr_html_()
    suggestion = live.suggestion()
    assert suggestion.lr is not None
    assert f"lr {suggestion.lr:.1e}" in words(html)
    assert live.reason in words(html)
    assert len(points_of(html)) == 2


def test_a_watch_shows_its_curve_too() -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    test = lrtui.watch(optimizer, num_iter=5)
    assert "no losses yet" in words(test._repr_html_())
    with test:
        for _ in range(5):
            optimizer.step()
            test.update(1.0)
    assert "completed: all 5 iterations ran" in words(test._repr_html_())
