"""What each item was taken for is said, and can be said: `batch="inputs,mask→mask,target"`."""

from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy, mse_loss

from lrtui.spec import Choice, LoaderSpec
from tests.field.rig import (
    assert_says,
    command,
    criterion_of,
    finder_of,
    first_loss,
    here,
    load,
    loss_or_refusal,
    model_of,
    printed,
    run,
)

CE = "torch.nn:CrossEntropyLoss"


def first_batch(data: str) -> Any:
    """The first batch of data in models.py."""
    return next(iter(load(here(data))()))


def scores_of(model: str, *inputs: Any) -> Any:
    """The output of a model of models.py before training."""
    with torch.no_grad():
        return model_of(model)(*inputs)


NAMED = {
    "a mask": ("Tagger", "tagged", "inputs,mask,target"),
    "an arrow": ("Tagger", "tagged", "inputs,weights→mask,target"),
    "another arrow": ("Tagger", "tagged", "inputs, weights->mask, tags->target"),
    "by parameters": ("Tagger", "tagged", "ids,mask,target"),
}


@pytest.mark.parametrize("name", NAMED)
def test_the_items_of_a_sequence_are_what_they_are_named(name: str) -> None:
    model, data, names = NAMED[name]
    ids, mask, tags = first_batch(data)
    expected = float(cross_entropy(scores_of(model, ids, mask), tags))
    result = run(model, data, CE, f"batch={names}")
    assert result.losses[0] == pytest.approx(expected, rel=1e-5), result.text
    live = finder_of(model_of(model), criterion_of(CE))
    loss = first_loss(live, load(here(data))(), batch=names)
    assert loss == pytest.approx(expected, rel=1e-5)


def test_an_item_that_is_not_used_leaves_the_input_out() -> None:
    ids, _, tags = first_batch("tagged")
    live = finder_of(model_of("Tagger"), criterion_of(CE))
    loss = first_loss(live, load(here("tagged"))(), batch="inputs,_,target")
    expected = float(cross_entropy(scores_of("Tagger", ids), tags))
    assert loss == pytest.approx(expected, rel=1e-5)


def test_items_that_cannot_be_told_apart_run_when_they_are_named() -> None:
    ids, mask, segments, tags = first_batch("tagged_segments")
    refused = run("TwoOptions", "tagged_segments", CE)
    if refused.refused:
        assert_says(refused.text, "batch=", "mask", "segments")
    result = run("TwoOptions", "tagged_segments", CE, "batch=inputs,mask,segments,target")
    expected = float(cross_entropy(scores_of("TwoOptions", ids, mask, segments), tags))
    assert result.losses[0] == pytest.approx(expected, rel=1e-5), result.text


def test_the_keys_of_a_mapping_are_what_they_are_named() -> None:
    batch = first_batch("dict_class")
    result = run("Net", "dict_class", CE, "batch=x,cls→target")
    expected = float(cross_entropy(scores_of("Net", batch["x"]), batch["cls"]))
    assert result.losses[0] == pytest.approx(expected, rel=1e-5), result.text


def test_an_attribute_of_an_object_is_what_it_is_named() -> None:
    batch = first_batch("records")
    live = finder_of(model_of("Net"), criterion_of(CE))
    loss = first_loss(live, load(here("records"))(), batch="x→inputs,y→target")
    expected = float(cross_entropy(scores_of("Net", batch.x), batch.y))
    assert loss == pytest.approx(expected, rel=1e-5)


WRONG = {
    "too few entries": ("inputs,target", r"2 entries", r"3 items"),
    "a role that is none": ("inputs,x→maks,target", "maks", "mask"),
    "two targets": ("inputs,target,y→target", "two targets"),
    "no target": ("inputs,mask,_", "no entry is the target"),
    "a parameter twice": ("inputs,a→ids,target", "ids", "two items"),
    "no input": ("_,mask,target", "ids", "requires"),
    "an empty entry": ("inputs,,target", "entry"),
}


@pytest.mark.parametrize("name", WRONG)
def test_names_that_do_not_fit_are_refused(name: str) -> None:
    names, *words = WRONG[name]
    result = run("Tagger", "tagged", CE, f"batch={names}")
    assert result.refused
    assert_says(result.text, "batch", *words)
    live = finder_of(model_of("Tagger"), criterion_of(CE))
    _, refusal = loss_or_refusal(live, load(here("tagged"))(), batch=names)
    assert_says(refusal, "batch", *words)


def test_a_key_that_the_batch_does_not_have_is_refused_with_the_nearest() -> None:
    result = run("Net", "dict_class", CE, "batch=x,clss→target")
    assert result.refused
    assert_says(result.text, "clss", "cls")


def test_names_beside_a_step_are_refused() -> None:
    live = finder_of(model_of("Net"), None)
    with pytest.raises(ValueError, match="batch"):
        live.range_test(
            load(here("labelled"))(),
            batch="inputs,target",
            batch_step=lambda model, batch: cross_entropy(model(batch[0]), batch[1]),
        )


def test_what_each_item_was_taken_for_is_said_by_the_run() -> None:
    result = run("Tagger", "tagged", CE)
    assert not result.refused
    taken = [notice for notice in result.notices if notice.startswith("batch: ")]
    assert len(taken) == 1
    for role in ("ids", "target", "mask"):
        assert f"16x12 int64 → {role}" in taken[0]
    assert result.started is not None
    assert result.started.batch in taken[0]


def test_what_is_left_over_is_said() -> None:
    result = run("Switch", "indexed", CE)
    assert_says("\n".join(result.notices), r"16 int64 left over \(not used\)")


@pytest.mark.parametrize(
    ("model", "data", "loss", "words"),
    [
        ("Losses", "labelled", "none", ("2 losses", "sum")),
        ("DictOfLosses", "labelled", "none", ("loss_classifier, loss_box_reg", "sum")),
        ("TotalAndParts", "labelled", "none", ("3 losses", "the first")),
        ("Net", "labelled", "two_losses", ("criterion returned 2 losses", "sum")),
        ("OutAndAux", "labelled", CE, ("output's out",)),
        ("ScoresAndHidden", "labelled", CE, ("output 1 of 2",)),
        ("Column", "row_targets", "torch.nn:MSELoss", ("target 16 reshaped", "16x1")),
        ("Net", "labels_int32", CE, ("int32", "int64")),
    ],
)
def test_what_output_and_loss_were_taken_for_is_said(
    model: str, data: str, loss: str, words: tuple[str, ...]
) -> None:
    result = run(model, data, loss)
    assert_says("\n".join(result.notices), *words)
    live = finder_of(model_of(model), criterion_of(loss), verbose=True)
    text = printed(lambda: live.range_test(load(here(data))(), num_iter=10))
    assert_says(text, "batch: ", *words)
    assert text.count("batch: ") == 1
    assert {notice.text for notice in live.notices} <= set(text.splitlines())


def test_a_finder_that_is_not_verbose_prints_nothing() -> None:
    live = finder_of(model_of("Net"), criterion_of(CE))
    assert printed(lambda: live.range_test(load(here("labelled"))(), num_iter=10)) == ""
    (notice,) = live.notices
    assert notice.text == "batch: 16x6 float32 → x, 16 int64 → target"


def test_repeats_say_it_once() -> None:
    live = finder_of(model_of("Net"), criterion_of(CE), verbose=True)
    loader = load(here("labelled"))()
    text = printed(lambda: live.range_test(loader, loader, num_iter=5, repeats=2))
    assert text.count("batch: ") == 1


def test_a_later_batch_of_another_structure_is_read_again() -> None:
    x, y = first_batch("labelled")
    batches = [(x, y), (x, y, torch.arange(16)), {"x": x, "y": y}, [x, y]]
    live = finder_of(model_of("Net"), criterion_of(CE))
    live.range_test(batches, num_iter=8, start_lr=1e-9, end_lr=1e-8)
    expected = float(cross_entropy(scores_of("Net", x), y))
    assert live.history["raw_loss"] == pytest.approx([expected] * 8, rel=1e-4)


def test_the_last_batch_of_another_size_is_fitted_too() -> None:
    x, y = first_batch("row_targets")
    live = finder_of(model_of("Column"), torch.nn.MSELoss())
    live.range_test([(x, y), (x[:1], y[:1])], num_iter=4, start_lr=1e-9, end_lr=1e-8)
    expected = float(mse_loss(scores_of("Column", x[:1]).squeeze(1), y[:1]))
    assert live.history["raw_loss"][1] == pytest.approx(expected, rel=1e-4)


def test_a_later_batch_of_a_shape_that_does_not_fit_is_refused() -> None:
    x, y = first_batch("column_targets")
    live = finder_of(model_of("Net"), torch.nn.MSELoss())
    wide = torch.cat([y, y, y], 1)
    with pytest.raises(ValueError, match=r"16x3 .*16x1"):
        live.range_test([(x, wide), (x, y)], num_iter=4)


@pytest.mark.parametrize("place", ["forward", "step"])
def test_a_loss_over_all_pairs_inside_a_forward_or_step_is_refused(place: str) -> None:
    x, y = first_batch("row_targets")
    column = model_of("Column")

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = column

        def forward(self, x: Any, y: Any) -> Any:
            return mse_loss(self.inner(x), y)

    live = finder_of(Whole(), None)
    settings: dict[str, Any] = {}
    if place == "step":
        live = finder_of(column, None)
        settings = {"batch_step": lambda model, batch: mse_loss(model(batch[0]), batch[1])}
    with pytest.raises(ValueError, match=r"16x1 with 16 .*all pairs"):
        live.range_test([(x, y)], num_iter=4, **settings)


def test_the_form_shows_what_the_items_are_taken_for() -> None:
    from lrtui.build.first_batch import inspect_first_batch

    data, model = Choice(here("tagged")), Choice(here("Tagger"))
    loader = LoaderSpec(batch_size=16)
    _, without_model = inspect_first_batch(data, loader)
    assert "→" not in without_model
    _, words = inspect_first_batch(data, loader, model=model)
    assert_says(words, "→ ids", "→ mask", "→ target")
    _, named = inspect_first_batch(data, loader, model=model, names="inputs,_,target")
    assert_says(named, "→ ids", "left over", "→ target")


def test_the_classes_of_a_model_are_those_of_the_target() -> None:
    """Not those of an index after it."""
    result = command(
        "--model",
        here("SegmenterOf"),
        "--data",
        here("indexed_masks"),
        "--loss",
        CE,
        "--num-iter",
        "10",
    )
    assert not result.refused, result.text
    assert not [notice for notice in result.notices if "num_classes" in notice]
