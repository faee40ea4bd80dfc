"""Messages that help: bad batches, missing gradients, odd ranges, short tests, failures."""

from typing import Any

import pytest
import torch
from torch import nn

from lrtui import LRFinder, TrainDataLoaderIter
from tests.field.models import (
    Net,
    bad_input,
    bad_target,
    detached_loss,
    labelled,
    row_targets,
)
from tests.field.rig import (
    Run,
    assert_says,
    finder_of,
    loss_or_refusal,
    model_of,
    run,
)

CE = "torch.nn:CrossEntropyLoss"

# --- batches that are not finite --------------------------------------------------------------

BAD = {
    "NaN in an input": ("bad_input", "input"),
    "inf in an input": ("bad_input_inf", "input"),
    "NaN in a target": ("bad_target", "target"),
    "NaN in a dict": ("bad_dict", r"\bx\b|input"),
}
BLAMES = r"already_trained|Lower start_lr|diverges_from_start"


@pytest.mark.parametrize("name", BAD)
def test_the_batch_that_is_not_finite_is_named(name: str) -> None:
    data, part = BAD[name]
    result = run("Column", data, "torch.nn:MSELoss", num_iter=300)
    assert result.lr is None
    assert_says(
        result.text, r"batch 3\b|third batch|iteration 2\b", part, r"\b8\b", "nan|inf|finite"
    )
    assert not any(word in result.text for word in BLAMES.split("|"))


def test_the_batch_is_named_where_the_order_is_random() -> None:
    result = run("Column", "bad_input_shuffled", "torch.nn:MSELoss", num_iter=60)
    assert_says(result.text, r"batch \d+", "input", "nan")
    assert not any(word in result.text for word in BLAMES.split("|"))


@pytest.mark.parametrize(("loader", "part"), [(bad_input, "input"), (bad_target, "target")])
def test_the_library_names_the_batch_that_is_not_finite(loader: Any, part: str) -> None:
    finder = finder_of(model_of("Column"), nn.MSELoss())
    finder.range_test(loader(), num_iter=300, end_lr=1.0)
    assert_says(finder.reason, r"batch 3\b|third batch|iteration 2\b", part, r"\b8\b")
    assert finder.suggestion().lr is None
    assert finder.suggestion().verdict not in ("already_trained", "diverges_from_start")


def test_a_forward_that_is_not_finite_is_told_from_its_batch() -> None:
    result = run("LogOfNegative", "column_targets", "torch.nn:MSELoss", num_iter=60, end_lr=1e-3)
    assert_says(result.text, "batch", "finite", "model|forward|output")
    assert "already_trained" not in result.text


def test_a_loss_that_diverges_by_its_rate_is_not_blamed_on_the_data() -> None:
    result = run("Column", "column_targets", "torch.nn:MSELoss", num_iter=60, end_lr=1e6)
    assert result.ended is not None
    assert result.ended.status == "diverged"
    assert "batch" not in result.ended.reason


# --- nothing needs gradients ------------------------------------------------------------------

GRADIENTS = {
    "all frozen": ("Frozen", CE, "frozen|requires_grad"),
    "no_grad in the forward": ("NoGrad", CE, "no_grad"),
    "no_grad around the forward": ("NoGradDecorated", CE, "no_grad"),
    "inference mode": ("Inference", CE, "inference_mode|no_grad"),
    "detached output": ("Detached", CE, "detach"),
    "through numpy": ("ThroughNumpy", CE, "detach|numpy"),
    "detached loss": ("Net", "detached_loss", "detach|criterion"),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_it_is_said_why_nothing_needs_gradients(name: str) -> None:
    model, loss, words = GRADIENTS[name]
    result = run(model, "labelled", loss)
    assert result.refused
    assert_says(result.text, words)


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_library_says_why_nothing_needs_gradients(name: str) -> None:
    model, loss, words = GRADIENTS[name]
    criterion = detached_loss if loss == "detached_loss" else nn.CrossEntropyLoss()
    try:
        finder = finder_of(model_of(model), criterion)
        finder.range_test(labelled(), num_iter=10)
    except (ValueError, RuntimeError) as error:
        assert_says(str(error), words)
        return
    pytest.fail("it ran")


def test_an_optimizer_of_another_model_is_said() -> None:
    model, other = model_of("Net"), Net()
    finder = LRFinder(model, torch.optim.SGD(other.parameters(), lr=1e-5), nn.CrossEntropyLoss())
    try:
        finder.range_test(labelled(), num_iter=300)
        said = finder.reason + finder.suggestion().reason + finder.suggestion().advice
        assert finder.suggestion().lr is None
    except ValueError as error:
        said = str(error)
    assert_says(said, "parameters", "gradient|none of")


# --- ranges and short tests -------------------------------------------------------------------


def advice(result: Run) -> str:
    """What a person reads of a run without a number."""
    assert result.lr is None
    return result.text


def test_a_range_that_falls_is_refused() -> None:
    result = run("Net", "labelled", CE, start_lr=1, end_lr=1e-5)
    assert result.refused
    assert_says(result.text, "end_lr", "start_lr", "above")


@pytest.mark.parametrize(
    ("start", "end"), [(1e-3, 1e-3), (0.0, 1.0), (-1.0, 1.0), (1e-3, float("nan"))]
)
def test_a_range_that_is_none_is_refused(start: float, end: float) -> None:
    result = run("Net", "labelled", CE, start_lr=start, end_lr=end)
    assert result.refused
    assert_says(result.text, "start_lr|end_lr")


@pytest.mark.parametrize(("start", "end"), [(1.0, 1e-5), (1e-3, 1e-3)])
def test_the_library_refuses_a_range_that_does_not_rise_or_says_so(
    start: float, end: float
) -> None:
    finder = finder_of(model_of("Net"), nn.CrossEntropyLoss())
    try:
        finder.range_test(labelled(), start_lr=start, end_lr=end, num_iter=300)
    except ValueError as error:
        assert_says(str(error), "start_lr", "end_lr")
        return
    assert finder.suggestion().lr is None
    assert_says(finder.suggestion().reason + finder.suggestion().advice, "start_lr|end_lr")


def test_a_range_of_less_than_a_decade_is_said() -> None:
    result = run("Net", "labelled", CE, start_lr=1e-2, end_lr=1.5e-2, num_iter=300)
    assert_says(advice(result), "narrow|decade|wider|factor of 1.5", "start_lr|end_lr")


def test_a_range_that_is_too_low_is_said() -> None:
    result = run("Net", "labelled", CE, start_lr=1e-12, end_lr=1e-9, num_iter=300)
    assert_says(advice(result), "end_lr")


def test_a_range_that_begins_too_high_is_said() -> None:
    result = run("Column", "column_targets", "auto", start_lr=100, end_lr=1e6, num_iter=300)
    assert_says(advice(result), "start_lr")


SHORT = {
    "few iterations": ((), {"num_iter": 5}, "num_iter"),
    "out of time": (("range.max_seconds=1e-5",), {"num_iter": 300}, "max_seconds"),
    "a low threshold": (
        ("range.diverge_th=1.0001", "range.smooth_f=0"),
        {"num_iter": 300},
        "diverge_th",
    ),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_test_of_a_handful_of_points_says_what_to_change(name: str) -> None:
    settings, more, words = SHORT[name]
    options: dict[str, Any] = {"start_lr": 1e-7, "end_lr": 1.0, **more}
    result = run("Net", "labelled", CE, *settings, **options)
    assert len(result.losses) < 15
    assert_says(advice(result), words)


def test_a_loader_that_ends_says_how_many_batches_it_had() -> None:
    finder = finder_of(model_of("Net"), nn.CrossEntropyLoss())
    finder.range_test(TrainDataLoaderIter(labelled(), auto_reset=False), num_iter=300)
    assert_says(finder.reason, r"\b8\b")
    suggestion = finder.suggestion()
    assert_says(suggestion.reason + suggestion.advice, "loader|batches|auto_reset")


# --- where it failed --------------------------------------------------------------------------

FAILS = {
    "forward": ("FailsInForward", "labelled", "model", r"models\.py:\d+"),
    "forward, later": ("FailsLater", "labelled", "model", r"models\.py:\d+"),
    "an example that cannot be read": ("Net", "broken_row", "data", r"models\.py:\d+"),
    "an example of another shape": ("Net", "odd_shape", "data", r"batch 3\b|third batch"),
    "an example that a worker cannot read": (
        "Net",
        "broken_row_in_a_worker",
        "data",
        r"batch 3\b.*image file is truncated.*models\.py:\d+",
    ),
    "an example of another shape in a worker": (
        "Net",
        "odd_shape_in_a_worker",
        "data",
        r"batch 3\b.*(\[6\].*\[5\]|differ in shape).*collate_fn",
    ),
}


@pytest.mark.parametrize("name", FAILS)
def test_a_failure_has_its_phase_and_its_place(name: str) -> None:
    model, data, phase, place = FAILS[name]
    result = run(model, data, CE)
    assert result.refused
    assert result.phase == phase
    assert_says(result.text, place)


def test_a_target_of_another_length_is_said_with_both_shapes() -> None:
    loss, refusal = loss_or_refusal(
        finder_of(model_of("Net"), nn.CrossEntropyLoss()),
        [(torch.zeros(16, 6), torch.zeros(5).long())],
    )
    assert loss is None
    assert_says(refusal, "16", "5")


def test_targets_that_are_numbers_are_no_classes() -> None:
    loss, refusal = loss_or_refusal(
        finder_of(model_of("Net"), nn.CrossEntropyLoss()), row_targets()
    )
    assert loss is None
    assert refusal
