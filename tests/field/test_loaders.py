"""Last batches of one, data sets that yield batches, and data in class order."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from tests.field.models import (
    X,
    Y,
    class_order,
    indexed,
    mixed_order,
    own_loader_129,
    tagged,
)
from tests.field.rig import (
    assert_says,
    finder_of,
    here,
    load,
    loss_or_refusal,
    model_of,
    printed,
    run,
)
from tests.field.test_batches import WAY_OUT

# --- a last batch of one ----------------------------------------------------------------------

ONE = {"Normed": "Normed", "Normed2d": "Normed2d"}


@pytest.mark.parametrize("model", ONE)
def test_the_last_batch_of_a_stream_is_dropped(model: str) -> None:
    result = run(model, "Stream", "auto", "loader.batch_size=16")
    assert not result.refused, result.text
    assert len(result.losses) == 20


def test_the_last_batch_of_a_data_set_is_dropped() -> None:
    settings = (
        "loader.batch_size=8",
        "loader.val_fraction=0.25",
    )  # 97 examples: 12 batches and one
    result = run("Normed", "examples_129", "auto", *settings, num_iter=30)
    assert not result.refused, result.text


@pytest.mark.parametrize("model", ONE)
def test_a_loader_of_ones_own_is_told_of_drop_last(model: str) -> None:
    result = run(model, "own_loader_129", "auto")
    assert result.refused
    assert_says(
        result.text, "drop_last", r"batch 9|9th batch|last batch", r"one example|\b1x6\b|1 x 6"
    )


@pytest.mark.parametrize("model", ONE)
def test_the_library_says_drop_last(model: str) -> None:
    _, refusal = loss_or_refusal(
        finder_of(model_of(model), nn.CrossEntropyLoss()), own_loader_129()
    )
    assert_says(refusal, "drop_last")


def test_a_last_batch_of_one_is_kept_where_it_can_be_trained_on() -> None:
    result = run("Net", "own_loader_129", "auto")
    assert len(result.losses) == 20


# --- batches that are made already ------------------------------------------------------------

BATCHED = {"tuples": "Batches", "dicts": "DictBatches", "bare": "BareBatches"}


@pytest.mark.parametrize("name", BATCHED)
def test_batches_are_not_batched_again(name: str) -> None:
    model = "Autoencoder" if name == "bare" else "Net"
    result = run(model, BATCHED[name], "auto")
    if result.refused:
        assert_says(result.text, "batch_size")
        return
    with torch.no_grad():
        output = model_of(model)(X[:32])
    expected = mse_loss(output, X[:32]) if name == "bare" else cross_entropy(output, Y[:32])
    assert result.losses[0] == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("setting", ["loader.batch_size=0", "loss.label_smoothing=0"])
def test_what_only_fits_as_a_batch_is_not_batched_again(setting: str) -> None:
    result = run("Net", "Batches", "torch.nn:CrossEntropyLoss", setting)
    assert not result.refused, result.text
    assert result.started is not None
    assert_says(result.started.batch, "32x6")
    with torch.no_grad():
        expected = cross_entropy(model_of("Net")(X[:32]), Y[:32])
    assert result.losses[0] == pytest.approx(float(expected), rel=1e-5)


def test_sequences_are_batched() -> None:
    result = run("Sequences", "TokenStream", "auto", "loader.batch_size=16")
    assert not result.refused, result.text
    assert result.started is not None
    assert_says(result.started.batch, "16x12")


# --- class order ------------------------------------------------------------------------------

IN_CLASS_ORDER = {
    "loader of one's own": "class_order",
    "dicts": "class_order_dicts",
    "stream": "Ordered",
}
MIXED = {
    "shuffled": "class_order_shuffled",
    "data set, which is shuffled": "class_order_examples",
    "mixed": "mixed_order",
    "mixed stream": "InOrder",
}
CLASS_ORDER = r"class order|sorted by class|one class"


@pytest.mark.parametrize("name", IN_CLASS_ORDER)
def test_data_in_class_order_give_no_number(name: str) -> None:
    result = run("Net", IN_CLASS_ORDER[name], "auto", num_iter=300, end_lr=10)
    assert result.lr is None
    assert_says(result.text, CLASS_ORDER, "shuffle")


@pytest.mark.parametrize("name", MIXED)
def test_data_in_a_mixed_order_are_not_suspected(name: str) -> None:
    result = run("Net", MIXED[name], "auto", num_iter=60, end_lr=10)
    assert not result.refused, result.text
    assert "shuffle" not in result.text


def test_numbers_have_no_class_order() -> None:
    result = run("Column", "numbers_in_order", "auto", num_iter=60, end_lr=10)
    assert not result.refused, result.text
    assert "class" not in "\n".join(result.notices)


def test_the_library_gives_no_number_for_data_in_class_order() -> None:
    finder = finder_of(model_of("Net"), nn.CrossEntropyLoss(), verbose=True)
    said = printed(lambda: finder.range_test(class_order(), num_iter=300, end_lr=10))
    assert finder.suggestion().lr is None
    assert_says(said + finder.suggestion().reason, CLASS_ORDER, "shuffle")


def test_the_library_does_not_suspect_data_in_a_mixed_order() -> None:
    finder = finder_of(model_of("Net"), nn.CrossEntropyLoss(), verbose=True)
    said = printed(lambda: finder.range_test(mixed_order(), num_iter=60, end_lr=10))
    assert "shuffle" not in said + finder.suggestion().reason


# --- what a batch was taken for ---------------------------------------------------------------


def test_the_first_notice_says_what_each_item_was_taken_for() -> None:
    result = run("Tagger", "tagged", "torch.nn:CrossEntropyLoss")
    if result.refused:
        assert_says(result.text, "mask", WAY_OUT)
        return
    assert_says(result.notices[0], r"ids", r"mask", r"target")


def test_the_first_notice_says_what_was_left_over() -> None:
    result = run("Switch", "indexed", "torch.nn:CrossEntropyLoss")
    assert_says(result.notices[0], r"target", r"left over|not used|unused")


def test_the_library_says_what_each_item_was_taken_for() -> None:
    named: dict[str, Any] = {"batch": "inputs,mask,target"}

    finder = finder_of(model_of("Switch"), nn.CrossEntropyLoss(), verbose=True)
    said = printed(lambda: finder.range_test(indexed(), num_iter=10))
    assert_says(said, "target", r"left over|not used|unused")
    finder = finder_of(model_of("Tagger"), nn.CrossEntropyLoss(), verbose=True)
    said = printed(lambda: finder.range_test(tagged(), num_iter=10, **named))
    assert_says(said, "ids", "mask", "target")


OVERRULED = {
    "by position": ("Tagger", "tagged", "inputs,mask→mask,target"),
    "with an ascii arrow": ("Tagger", "tagged", "inputs,mask->mask,target"),
    "a parameter by its own name": ("Tagger", "tagged", "inputs,mask,target"),
    "the target first": ("Tagger", "tagged_last", "inputs,target,mask"),
    "left over": ("Tagger", "tagged_last", "inputs,target,_"),
    "by key": ("Net", "dict_class", "x→inputs,cls→target"),
    "by key, the parameter's name": ("Net", "dict_class", "x,cls→target"),
    "one item of a dict": ("Net", "dict_other_input", "image→x,label→target"),
}


@pytest.mark.parametrize("name", OVERRULED)
def test_what_an_item_is_taken_for_can_be_overruled(name: str) -> None:
    model, data, batch = OVERRULED[name]
    result = run(model, data, "torch.nn:CrossEntropyLoss", f"batch={batch}")
    assert not result.refused, result.text
    built, first = model_of(model), next(iter(load(here(data))()))
    if isinstance(first, dict):
        x, target = [first[key] for key in ("x", "image", "cls", "label") if key in first]
        loss = cross_entropy(built(x), target)
    elif name == "left over":
        loss = cross_entropy(built(first[0]), first[1])
    elif name == "the target first":
        loss = cross_entropy(built(first[0], first[2]), first[1])
    else:
        loss = cross_entropy(built(first[0], first[1]), first[2])
    assert result.losses[0] == pytest.approx(float(loss), rel=1e-5)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ("inputs,maks→maks,target", "maks"),
        ("inputs,target", r"\b3\b"),
        ("inputs,mask,mask", "mask"),
        ("inputs,mask,labels→target,target", "target"),
        ("", "batch"),
    ],
)
def test_a_reading_that_makes_no_sense_is_refused(batch: str, words: str) -> None:
    result = run("Tagger", "tagged", "torch.nn:CrossEntropyLoss", f"batch={batch}")
    if not batch:  # no overruling
        assert result.spec is not None
        return
    assert result.refused
    assert_says(result.text, "batch", words)
    assert "unknown field" not in result.text
