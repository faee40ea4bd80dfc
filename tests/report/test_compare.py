"""Several runs side by side: what differs, and the pick with its reason."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from lrtui.analysis.answer import Suggestion
from lrtui.record import from_json
from lrtui.report.compare import Contender, contender, differences
from lrtui.report.pick import pick
from lrtui.report.standings import Standing
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec

GOLDEN = Path(__file__).parents[1] / "golden"
SGD = Choice("torch.optim:SGD", {"momentum": 0.9})


def spec(**changes: Any) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(RunSpec(**changes))
    return built


def tried(lr: float | None, reached: float | None, steps: int) -> Standing | None:
    """A rate that was picked in a race; None where there was no race."""
    if reached is None:
        return None
    return Standing(lr or 0.0, "suggestion", reached, steps, 1, "pick")


def run(
    name: str,
    *,
    lr: float | None = 1e-2,
    reached: float | None = None,
    steps: int = 200,
    lowest: float | None = None,
    judged_by: str = "validation loss",
    seconds: float = 10.0,
    **changes: Any,
) -> Contender:
    return Contender(
        name=name,
        spec=spec(**changes),
        suggestion=Suggestion(lr=lr, verdict="ok", reason="", method=""),
        trial=tried(lr, reached, steps),
        judged_by=judged_by,
        lowest=None if lowest is None else (3e-2, lowest),
        seconds=seconds,
        iterations=400,
    )


def test_only_what_differs_is_listed_in_the_order_of_the_spec() -> None:
    found = differences(
        [
            spec(optimizer=SGD, loader=LoaderSpec(batch_size=16)),
            spec(optimizer=Choice("torch.optim:AdamW", {"weight_decay": 0.1})),
        ]
    )
    assert [(one.label, one.values) for one in found] == [
        ("optimizer", ("SGD", "AdamW")),
        ("momentum", ("0.9", "default")),
        ("batch size", ("16", "64")),
        ("weight decay", ("default", "0.1")),
    ]
    assert differences([spec(), spec(), spec()]) == []


def test_targets_of_the_same_name_are_told_apart_by_their_files() -> None:
    found = differences([spec(model=Choice("a.py:Net")), spec(model=Choice("b.py:Net"))])
    assert found[0].values == ("a.py:Net", "b.py:Net")


def test_what_the_loss_was_measured_on_is_said_in_words() -> None:
    found = differences([spec(range=RangeSpec(val=True)), spec()])
    assert (found[0].label, found[0].values) == ("loss measured on", ("validation", "training"))


def test_trials_of_equal_cost_decide_by_the_lowest_loss() -> None:
    # four times the batch and a quarter of the steps: the same number of examples
    larger = LoaderSpec(batch_size=256)
    chosen = pick([run("A", reached=0.31), run("B", reached=0.28, steps=50, loader=larger)])
    assert chosen.name == "B"
    assert "validation loss 0.28 in trials, against 0.31, at equal examples" in chosen.reason
    assert chosen.caveat == ""


def test_more_examples_are_no_merit() -> None:
    chosen = pick([run("A", reached=0.31), run("B", reached=0.28, steps=400)])
    assert chosen.name == ""
    assert "different numbers of examples" in chosen.reason
    assert "same budget" in chosen.caveat


def test_the_lowest_loss_with_the_fewest_examples_is_picked_all_the_same() -> None:
    chosen = pick([run("A", reached=0.31, steps=400), run("B", reached=0.28)])
    assert chosen.name == "B"
    assert "fewest examples" in chosen.reason


def test_losses_that_hardly_differ_are_a_tie_which_time_decides() -> None:
    chosen = pick(
        [run("A", reached=0.300, seconds=30), run("B", reached=0.303), run("C", reached=0.5)]
    )
    assert chosen.name == "B"
    assert "as good as A (validation loss 0.3 in trials)" in chosen.reason


def test_losses_below_zero_are_compared_too() -> None:
    assert pick([run("A", reached=-3.0), run("B", reached=-2.0)]).name == "A"


def test_a_rate_that_was_not_tried_is_named() -> None:
    chosen = pick([run("A", reached=0.3), run("B", reached=0.4), run("C")])
    assert chosen.name == "A"
    assert "not tried yet: C" in chosen.caveat


def test_trials_judged_by_different_losses_decide_nothing() -> None:
    chosen = pick([run("A", reached=0.3), run("B", reached=0.2, judged_by="training loss")])
    assert chosen.name == ""
    assert "different losses (validation loss, training loss)" in chosen.reason


def test_without_trials_the_tests_give_a_hint_and_say_that_it_is_one() -> None:
    chosen = pick([run("A", lowest=0.5), run("B", lowest=0.3)])
    assert chosen.name == "B"
    assert "0.3 at 3.0e-02, against 0.5" in chosen.reason
    assert "no training" in chosen.caveat


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loader": LoaderSpec(batch_size=16)}, "different numbers of examples"),
        ({"range": RangeSpec(val=True)}, "another the validation loss"),
        ({"data": Choice("lrtui:digits", {"noise": 1})}, "data differs (digits, digits noise=1)"),
        ({"loss": Choice("torch.nn:MSELoss")}, "loss differs (auto, MSELoss)"),
    ],
)
def test_what_cannot_be_compared_is_said(changes: dict[str, Any], words: str) -> None:
    chosen = pick([run("A", lowest=0.5), run("B", lowest=0.3, **changes)])
    assert chosen.name == ""
    assert words in chosen.reason


def test_a_run_without_a_rate_is_not_picked() -> None:
    assert pick([run("A", lr=None, lowest=0.1), run("B", lowest=0.3)]).name == "B"
    assert pick([run("A", lr=None), run("B", lr=None)]).name == ""
    assert pick([run("A")]).name == ""


def test_a_record_is_compared_by_its_answer_after_the_race() -> None:
    one = contender(from_json((GOLDEN / "run_with_race.json").read_bytes()), "●A", (0.01, 1.5))
    assert one.lr == 0.001
    assert one.trial is None  # the trials of this file are of another rate
    assert one.judged_by == "validation loss"
    assert one.batch == 64
    assert one.seconds_per_1000 == 375.0
