"""Shapes that do not fit, labels of every kind, and class weights: no answer for another loss."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.field.rig import (
    HERE,
    assert_says,
    command,
    finder_of,
    here,
    load,
    loss_or_refusal,
    model_of,
    run,
)

MESSAGE = "only the exception of a library"
CE = "torch.nn:CrossEntropyLoss"


def first_batch(data: str) -> Any:
    """The first batch of data in models.py."""
    return next(iter(load(here(data))()))


def by_hand(model: str, data: str, criterion: Callable[[Any, Any], Tensor]) -> float:
    """The first loss where the target fits the output's shape, or is made to."""
    x, target = first_batch(data)
    if target.dtype == torch.uint8:
        target = target.long()  # torch takes no bytes beside an ignore_index of 255
    with torch.no_grad():
        return float(criterion(model_of(model)(x), target))


@dataclass(frozen=True)
class Shapes:
    """A model, data and criterion, whether the shapes can fit, and both of them as patterns."""

    model: str
    data: str
    criterion: Callable[[Any, Any], Tensor]
    target: str
    fits: bool
    shapes: tuple[str, str]


def shapes(
    model: str, data: str, target: str, output_shape: str, target_shape: str, fits: bool = True
) -> Shapes:
    """A case whose criterion is a target to be made without arguments."""
    found = load(here(target))
    made = found() if isinstance(found, type) else found
    return Shapes(model, data, made, here(target), fits, (output_shape, target_shape))


COLUMN, ROW = r"16\D{1,3}1\b", r"16\b(?!\D{1,3}1\b)"
SHAPES = {
    **{
        f"(N, 1) and (N,), {name}": shapes("Column", "row_targets", f"torch.nn:{name}", COLUMN, ROW)
        for name in ("MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss")
    },
    "(N, 1) and (N,), mse_loss": shapes(
        "Column", "row_targets", "torch.nn.functional:mse_loss", COLUMN, ROW
    ),
    "(N, 1) and (N,), BCEWithLogitsLoss": shapes(
        "Column", "row_flags", "torch.nn:BCEWithLogitsLoss", COLUMN, ROW
    ),
    "(N, 1) and (N,), SoftMarginLoss": shapes(
        "Column", "row_flags", "torch.nn:SoftMarginLoss", COLUMN, ROW
    ),
    "(N, 1) and (N,), PoissonNLLLoss": shapes(
        "Column", "row_flags", "torch.nn:PoissonNLLLoss", COLUMN, ROW
    ),
    "(N, 1) and (N,), of one's own": shapes("Column", "row_targets", "own_square", COLUMN, ROW),
    "(N,) and (N, 1), MSELoss": shapes("Row", "column_targets", "torch.nn:MSELoss", ROW, COLUMN),
    "(N,) and (N, 1), L1Loss": shapes("Row", "column_targets", "torch.nn:L1Loss", ROW, COLUMN),
    "(N, T, 1) and (N, T), MSELoss": shapes(
        "Steps", "step_targets", "torch.nn:MSELoss", r"16\D{1,3}5\D{1,3}1\b", r"16\D{1,3}5\b"
    ),
    "(N, 1, H, W) and (N, H, W), BCEWithLogitsLoss": shapes(
        "Plane",
        "plane_flags",
        "torch.nn:BCEWithLogitsLoss",
        r"16\D{1,3}1\D{1,3}4\D{1,3}4",
        r"16\D{1,3}4\D{1,3}4",
    ),
    "(N, C) and (N, 1), MSELoss": shapes(
        "Net", "column_targets", "torch.nn:MSELoss", r"16\D{1,3}3", COLUMN, fits=False
    ),
    "(N, C) and (N, 1), L1Loss": shapes(
        "Net", "column_targets", "torch.nn:L1Loss", r"16\D{1,3}3", COLUMN, fits=False
    ),
    "(N, C) and (N, 1), HuberLoss": shapes(
        "Net", "column_targets", "torch.nn:HuberLoss", r"16\D{1,3}3", COLUMN, fits=False
    ),
    "(N, C) and (N,), MSELoss": shapes(
        "Net", "row_targets", "torch.nn:MSELoss", r"16\D{1,3}3", ROW, fits=False
    ),
}


def fitted(case: Shapes) -> float | None:
    """The first loss where output and target are made to fit, None where they cannot be."""
    if not case.fits:
        return None
    x, target = first_batch(case.data)
    with torch.no_grad():
        return float(case.criterion(model_of(case.model)(x).reshape(target.shape), target))


@pytest.mark.parametrize("name", SHAPES)
def test_the_command_fits_the_shapes_or_names_both(name: str) -> None:
    case = SHAPES[name]
    result = run(case.model, case.data, case.target)
    if result.refused or not case.fits:
        assert result.lr is None
        assert_says(result.text, *case.shapes)
        return
    assert result.losses[0] == pytest.approx(fitted(case), rel=1e-5)


@pytest.mark.parametrize("name", SHAPES)
def test_the_library_fits_the_shapes_or_names_both(name: str) -> None:
    case = SHAPES[name]
    loss, refusal = loss_or_refusal(
        finder_of(model_of(case.model), case.criterion), load(here(case.data))()
    )
    if loss is None or not case.fits:
        assert_says(refusal, *case.shapes)
        return
    assert loss == pytest.approx(fitted(case), rel=1e-5)


def test_auto_fits_a_column_to_a_row() -> None:
    result = run("Column", "row_targets", "auto")
    x, target = first_batch("row_targets")
    if result.refused:
        assert_says(result.text, COLUMN, ROW)
        return
    expected = float(functional.mse_loss(model_of("Column")(x).squeeze(1), target))
    assert result.losses[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("model", "data", "loss"),
    [
        ("Column", "column_targets", "torch.nn:MSELoss"),
        ("Row", "row_targets", "torch.nn:MSELoss"),
        ("Row", "row_targets", "own_square"),
        ("Net", "labelled", CE),
        ("Net", "labelled", "own_gather"),
        ("Net", "labelled", "own_pairs"),
        ("Segmenter", "masks_void_minus_100", CE),
    ],
)
def test_shapes_that_are_meant_are_let_through(model: str, data: str, loss: str) -> None:
    found = load(here(loss))
    criterion = found() if isinstance(found, type) else found
    result = run(model, data, loss)
    assert result.losses[0] == pytest.approx(by_hand(model, data, criterion), rel=1e-5)


def test_the_validation_loss_is_of_the_same_pairs() -> None:
    model = model_of("Column")
    finder = finder_of(model, nn.MSELoss())
    loader = load(here("row_targets"))()
    try:
        finder.range_test(loader, loader, num_iter=10, start_lr=1e-9, end_lr=1e-8)
    except ValueError as error:
        message = str(error)
        assert_says(message, COLUMN, ROW)
        return
    finder.reset()
    with torch.no_grad():
        losses = [float(functional.mse_loss(model(x).squeeze(1), y)) for x, y in loader]
    assert finder.history["raw_loss"][0] == pytest.approx(sum(losses) / len(losses), rel=1e-4)


# --- labels -----------------------------------------------------------------------------------

VOID = {
    "masks with 255": ("Segmenter", "masks_void_255", CE, 255),
    "masks of bytes with 255": ("Segmenter", "masks_void_255_bytes", CE, 255),
    "masks with -1": ("Segmenter", "masks_void_minus_1", CE, -1),
    "masks with 255, log probabilities": (
        "LogSegmenter",
        "masks_void_255",
        "torch.nn:NLLLoss",
        255,
    ),
    "labels with 255": ("Net", "labels_void_255", CE, 255),
    "masks with 255, classes from the data": ("SegmenterOf", "masks_void_255", CE, 255),
    "masks with 255, loss auto": ("Segmenter", "masks_void_255", "auto", 255),
}


@pytest.mark.parametrize("name", VOID)
def test_a_void_label_is_named_with_the_setting_that_ignores_it(name: str) -> None:
    model, data, loss, void = VOID[name]
    result = run(model, data, loss)
    assert result.refused
    assert_says(result.text, rf"ignore_index\D{{0,4}}{void}\b", "void|ignore|unlabel")


@pytest.mark.parametrize("name", VOID)
def test_a_void_label_is_named_by_the_library(name: str) -> None:
    model, data, loss, void = VOID[name]
    criterion = nn.NLLLoss() if "NLL" in loss else nn.CrossEntropyLoss()
    _, refusal = loss_or_refusal(finder_of(model_of(model), criterion), load(here(data))())
    assert_says(refusal, rf"ignore_index\D{{0,4}}{void}\b")


@pytest.mark.parametrize("name", [name for name, case in VOID.items() if case[2] != "auto"])
def test_a_void_label_that_is_ignored_is_no_class(name: str) -> None:
    model, data, loss, void = VOID[name]
    result = run(model, data, loss, f"loss.ignore_index={void}")
    criterion = load(loss)(ignore_index=void)
    assert not result.refused, result.text
    assert result.losses[0] == pytest.approx(by_hand(model, data, criterion), rel=1e-5)


def test_the_label_that_torch_ignores_by_default_is_ignored() -> None:
    result = run("Segmenter", "masks_void_minus_100", CE)
    assert result.losses[0] == pytest.approx(
        by_hand("Segmenter", "masks_void_minus_100", nn.CrossEntropyLoss()), rel=1e-5
    )


def test_labels_that_begin_at_one_are_no_void_labels() -> None:
    result = run("Net", "labels_from_one", CE)
    assert result.refused
    assert_says(result.text, r"\b3\b", "classes|labels")
    assert "ignore_index" not in result.text


def to_long(labels: Tensor) -> Tensor:
    """Labels as torch wants them."""
    return labels.long()


def from_one_hot(labels: Tensor) -> Tensor:
    """Labels of one-hot rows."""
    return labels.argmax(1)


LABELS: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "uint8": ("labels_uint8", to_long),
    "int32": ("labels_int32", to_long),
    "int16": ("labels_int16", to_long),
    "float": ("labels_float", to_long),
    "bool": ("labels_bool", to_long),
    "one-hot": ("labels_one_hot", from_one_hot),
}


@pytest.mark.parametrize("name", LABELS)
def test_label_types_are_converted_or_named(name: str) -> None:
    data, convert = LABELS[name]
    result = run("Net", data, CE)
    if result.refused:
        assert_says(result.text, r"int64|\blong\b", "convert|label|class")
        assert "RuntimeError" not in result.text
        return
    x, y = first_batch(data)
    expected = float(functional.cross_entropy(model_of("Net")(x), convert(y)))
    assert result.losses[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", LABELS)
def test_label_types_are_converted_or_named_by_the_library(name: str) -> None:
    data, convert = LABELS[name]
    loss, refusal = loss_or_refusal(
        finder_of(model_of("Net"), nn.CrossEntropyLoss()), load(here(data))()
    )
    if loss is None:
        assert_says(refusal, r"int64|\blong\b", "convert|label")
        return
    x, y = first_batch(data)
    expected = float(functional.cross_entropy(model_of("Net")(x), convert(y)))
    assert loss == pytest.approx(expected, rel=1e-5)


def test_masks_with_a_channel_are_fitted_or_named() -> None:
    result = run("Segmenter", "masks_channel", CE)
    if result.refused:
        assert_says(result.text, r"16\D{1,3}1\D{1,3}4\D{1,3}4", "channel|squeeze")
        return
    x, y = first_batch("masks_channel")
    expected = float(functional.cross_entropy(model_of("Segmenter")(x), y.squeeze(1)))
    assert result.losses[0] == pytest.approx(expected, rel=1e-5)


# --- weights ----------------------------------------------------------------------------------

WEIGHT = torch.tensor([1.0, 1.0, 5.0])
WEIGHTS: dict[str, tuple[str, str, str, str, Callable[[Any, Any], Tensor]]] = {
    "class weights": ("Net", "labelled", CE, "weight=[1.0, 1.0, 5.0]", nn.CrossEntropyLoss(WEIGHT)),
    "class weights, whole numbers": (
        "Net",
        "labelled",
        CE,
        "weight=[1, 1, 5]",
        nn.CrossEntropyLoss(WEIGHT),
    ),
    "class weights of NLLLoss": (
        "LogSegmenter",
        "masks_void_minus_100",
        "torch.nn:NLLLoss",
        "weight=[1, 1, 5]",
        nn.NLLLoss(WEIGHT),
    ),
    "class weights of a margin loss": (
        "Net",
        "labelled",
        "torch.nn:MultiMarginLoss",
        "weight=[1, 1, 5]",
        nn.MultiMarginLoss(weight=WEIGHT),
    ),
    "class weights of a function": (
        "Net",
        "labelled",
        "torch.nn.functional:cross_entropy",
        "weight=[1, 1, 5]",
        nn.CrossEntropyLoss(WEIGHT),
    ),
    "pos_weight": (
        "Row",
        "row_flags",
        "torch.nn:BCEWithLogitsLoss",
        "pos_weight=[3.0]",
        nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0])),
    ),
    "pos_weight, one number": (
        "Row",
        "row_flags",
        "torch.nn:BCEWithLogitsLoss",
        "pos_weight=3.0",
        nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0)),
    ),
    "a criterion of one's own": (
        "Net",
        "labelled",
        "WeightedLoss",
        "weight=[1, 1, 5]",
        nn.CrossEntropyLoss(WEIGHT),
    ),
    "a criterion of one's own that wants a list": (
        "Net",
        "labelled",
        "ListedLoss",
        "weights=[1.0, 1.0, 5.0]",
        nn.CrossEntropyLoss(WEIGHT),
    ),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_lists_become_tensors_where_a_criterion_wants_tensors(name: str) -> None:
    model, data, loss, setting, criterion = WEIGHTS[name]
    result = run(model, data, loss, f"loss.{setting}")
    assert not result.refused, result.text
    assert result.losses[0] == pytest.approx(by_hand(model, data, criterion), rel=1e-5)


def test_class_weights_in_toml(tmp_path: Path) -> None:
    spec = tmp_path / "weights.toml"
    spec.write_text(
        f'[model]\ntarget = "{HERE}:Net"\n[data]\ntarget = "{HERE}:labelled"\n'
        f'[optimizer]\ntarget = "torch.optim:SGD"\n'
        f'[loss]\ntarget = "{CE}"\nargs = {{ weight = [1.0, 1.0, 5.0] }}\n'
        "[range]\nnum_iter = 20\n"
    )
    result = command(str(spec))
    assert not result.refused, result.text
    expected = by_hand("Net", "labelled", nn.CrossEntropyLoss(WEIGHT))
    assert result.losses[0] == pytest.approx(expected, rel=1e-5)


def test_as_many_class_weights_as_there_are_scores() -> None:
    result = run("Net", "labelled", CE, "loss.weight=[1, 5]")
    assert result.refused
    assert result.phase == "loss"
    assert_says(result.text, "weight", r"\b2\b", r"\b3\b")
    assert "RuntimeError" not in result.text


def test_weights_that_are_no_numbers_are_named() -> None:
    result = run("Net", "labelled", CE, 'loss.weight=["a", "b", "c"]')
    assert result.refused
    assert_says(result.text, "weight", "numbers")
