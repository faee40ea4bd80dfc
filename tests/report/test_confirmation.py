"""A confirmation in words, and the answer as lines of code."""

import math

import msgspec
import pytest
import torch
from msgspec.structs import replace

from lrtui.analysis.analyse import Analysis
from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.candidates import what_it_is
from lrtui.engine.confirm.trial import Trial
from lrtui.events import ConfirmationResult, TrialResult, encode
from lrtui.report.code import code_lines, dotted_name
from lrtui.report.confirmation import corrected, latest, lines, rows, verdict_line, verdicts
from lrtui.run_events import thinned, trial_event
from lrtui.spec import Choice

ANSWER = Suggestion(lr=0.01, low=0.002, high=0.03, verdict="ok", reason="", method="")
BOUNDS = Bounds(0.001, 0.05)


def trial(
    lr: float, loss: float | None, round: int = 0, seed: int = 0, steps: int = 20
) -> TrialResult:
    return TrialResult(
        lr=lr,
        what=what_it_is(lr, 0.01, ANSWER, BOUNDS),
        round=round,
        seed=seed,
        iterations=steps,
        loss=loss,
        curve=[],
        schedule="constant",
        spent=steps,
    )


TRIALS = [
    trial(0.01, 0.5), trial(0.03, 0.4), trial(0.001, 2.0), trial(0.1, None),
    trial(0.01, 0.3, 1, 0, 50), trial(0.03, 0.1, 1, 0, 50), trial(0.01, 0.5, 1, 1, 50), trial(0.03, 0.2, 1, 1, 50),
]  # fmt: skip
REFUTED = ConfirmationResult(
    verdict="refuted",
    lr=0.01,
    better=0.03,
    reason="3.0e-02 reached less",
    problem="",
    judged_by="validation loss",
)
STOPPED = ConfirmationResult(problem="stopped")


def test_a_row_says_what_a_rate_is_and_what_its_last_trials_reached() -> None:
    found = [(row.lr, row.what, row.loss, row.steps, row.trials) for row in rows(TRIALS)]
    assert found == [
        (0.001, "start bound", 2.0, 20, 1),
        (0.01, "suggestion", 0.4, 50, 2),
        (0.03, "high", 0.15000000000000002, 50, 2),
        (0.1, "suggestion × 10", None, 20, 1),
    ]


def test_a_refutation_names_the_better_rate() -> None:
    text = "\n".join(lines([*TRIALS, REFUTED]))
    assert "refuted" in text
    assert "train at 3.0e-02 instead" in text
    assert "blew up" in text
    assert "validation loss" in text


def test_only_the_last_confirmation_counts() -> None:
    trials, result = latest([*TRIALS, REFUTED, trial(0.5, 1.0)])
    assert (len(trials), result) == (1, None)
    trials, result = latest([*TRIALS, REFUTED, STOPPED])
    assert trials == []
    assert result == STOPPED
    assert list(lines([STOPPED])) == ["confirm  no verdict: stopped"]


def test_the_last_verdict_for_each_schedule_is_told() -> None:
    peak = replace(REFUTED, schedule="one-cycle", lr=0.05, better=0.1)
    constant = replace(REFUTED, schedule="constant")
    assert verdicts([constant, peak, replace(constant, better=0.02)]) == [
        peak,
        replace(constant, better=0.02),
    ]
    assert verdicts([peak, STOPPED]) == [peak, STOPPED]
    assert verdicts([STOPPED, peak]) == [peak]
    assert verdict_line(peak).startswith("refuted for one-cycle: ")
    assert verdict_line(peak).endswith("let it peak at 1.0e-01 instead")


def test_what_was_refuted_gives_way_to_the_better_rate_and_only_that() -> None:
    peak = replace(REFUTED, schedule="one-cycle", lr=0.05, better=0.1)
    suggestion, bounds = corrected([REFUTED, peak], ANSWER, BOUNDS)
    assert suggestion is not None
    assert (suggestion.lr, bounds) == (0.03, Bounds(0.001, 0.1))
    assert corrected([replace(REFUTED, lr=0.02), replace(peak, lr=0.06)], ANSWER, BOUNDS) == (
        ANSWER,
        BOUNDS,
    )
    assert corrected([replace(REFUTED, better=None, verdict="confirmed")], ANSWER, BOUNDS) == (
        ANSWER,
        BOUNDS,
    )
    assert corrected([REFUTED], None, None) == (None, None)


def test_numbers_that_are_not_finite_are_null_and_their_places_are_listed() -> None:
    answer = Analysis(suggestion=ANSWER, suggestions={}, agreement=None, bounds=BOUNDS)
    trial = Trial(lr=0.01, round=0, seed=1, iterations=2, loss=math.nan, curve=(1.0, -math.inf))
    written = msgspec.json.decode(encode(trial_event([trial], answer, "constant")))
    assert written["name"] == "trial"
    assert written["values"]["loss"] is None
    assert written["values"]["curve"] == [1.0, None]
    assert written["values"]["nonfinite"] == [
        {"series": "loss", "index": 0, "kind": "nan"},
        {"series": "curve", "index": 1, "kind": "-inf"},
    ]


def test_thinning_keeps_both_ends() -> None:
    for count in (1, 2, 59, 60, 61, 1000):
        places = thinned(count, 60)
        assert (places[0], places[-1]) == (0, count - 1)
        assert len(places) == min(count, 60)
        assert sorted(set(places)) == places


def test_code_has_the_optimizers_arguments_and_none_of_our_rules() -> None:
    choice = Choice(
        "torch.optim:AdamW", {"weight_decay": 0.1, "decay_all": False, "layer_decay": 0.9}
    )
    code = code_lines(choice, ANSWER, BOUNDS)
    line = "optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)"
    assert (
        code["constant"] == f"{line}  # its groups as in the run: decay_all=False, layer_decay=0.9"
    )
    assert "max_lr=[0.05 * " in code["OneCycleLR"]
    assert set(code) == {"constant", "OneCycleLR", "CyclicLR"}
    assert code_lines(choice, None, None) == {}


@pytest.mark.parametrize(("momentum", "cycled"), [(0.9, True), (0.0, False), (None, False)])
def test_an_optimizer_of_ones_own_makes_its_groups_and_momentum_itself(
    momentum: float | None, cycled: bool
) -> None:
    code = code_lines(Choice("my-nets/opt.py:make", {"factor": 2}), ANSWER, BOUNDS, momentum)
    assert code["constant"] == "lr = 0.01  # of the first group of opt.make"
    weight, bias = torch.nn.Linear(2, 1).parameters()
    groups = [{"params": [weight], "lr": 0.01}, {"params": [bias], "lr": 0.02}]
    scope = {"torch": torch, "optimizer": torch.optim.SGD(groups, momentum=0.9), "total_steps": 100}
    exec(code["OneCycleLR"], scope)
    assert scope["scheduler"].cycle_momentum is cycled
    assert [group["max_lr"] for group in scope["optimizer"].param_groups] == pytest.approx(
        [0.05, 0.1]
    )
    exec(code["CyclicLR"], scope)
    assert scope["scheduler"].base_lrs == pytest.approx([0.001, 0.002])


def test_the_rules_of_ours_are_those_of_the_catalog() -> None:
    from lrtui.build import param_groups
    from lrtui.report.code import GROUP_RULES

    assert set(GROUP_RULES) == {param_groups.DECAY_ALL, param_groups.LAYER_DECAY}


def test_an_optimizer_of_ones_own_is_called_by_its_module() -> None:
    assert dotted_name("path/to/mine.py:Lion") == "mine.Lion"
    assert dotted_name("timm.optim:Lamb") == "timm.optim.Lamb"
