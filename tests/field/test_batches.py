"""What a batch, an output and a loss are taken for: the first loss is the right one, or refused.

Every case runs by the command and by the library, and has to come to the same there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from tests.field.rig import (
    assert_says,
    criterion_of,
    finder_of,
    here,
    load,
    loss_or_refusal,
    model_of,
    run,
)

CE, MSE = "torch.nn:CrossEntropyLoss", "torch.nn:MSELoss"
WAY_OUT = r"batch=|a step|--step|batch_step"


@dataclass(frozen=True)
class Case:
    """A model, its data and loss; the first loss by hand; the words of a refusal, if as right."""

    model: str
    data: str
    loss: str
    by_hand: Callable[[Any, Any], Tensor] | None
    refusal: tuple[str, ...] = ()


def scores(model: Any, batch: Any) -> Tensor:
    """Cross entropy of the first item against the second."""
    return cross_entropy(model(batch[0]), batch[1])


def masked(model: Any, batch: Any) -> Tensor:
    """Cross entropy of the first item with the second as its mask, against the third."""
    return cross_entropy(model.scores(batch[0], batch[1]), batch[2])


def second_input(model: Any, batch: Any) -> Tensor:
    """Cross entropy of the first two items against the third."""
    return cross_entropy(model(batch[0], batch[1]), batch[2])


def third(model: Any, batch: Any) -> Tensor:
    """Cross entropy of the first item against the third."""
    return cross_entropy(model(batch[0]), batch[2])


def packed(model: Any, batch: Any) -> Tensor:
    """Cross entropy of the two inputs in the first item."""
    return cross_entropy(model(*batch[0]), batch[1])


def from_dict(model: Any, batch: Any, target: str = "y") -> Tensor:
    """Cross entropy of the inputs a and b of a mapping."""
    return cross_entropy(model(batch["a"], batch["b"]), batch[target])


def total(model: Any, batch: Any) -> Tensor:
    """The sum of the model's two losses."""
    first, second = model.both(batch[0], batch[1])
    return first + second  # type: ignore[no-any-return]


def first(model: Any, batch: Any) -> Tensor:
    """The first of the model's two losses."""
    return model.both(batch[0], batch[1])[0]  # type: ignore[no-any-return]


LEFT_OVER = (r"mask|length|segment|meta", WAY_OUT)
KEYS = (r"keys", WAY_OUT)

CASES: dict[str, Case] = {
    # an item left over, and an optional input for it
    "a mask": Case("Tagger", "tagged", CE, masked, LEFT_OVER),
    "a mask, no annotation": Case("UntypedTagger", "tagged", CE, masked, LEFT_OVER),
    "a mask of bool": Case("Tagger", "tagged_bool", CE, masked, LEFT_OVER),
    "a mask of float": Case("Tagger", "tagged_float", CE, masked, LEFT_OVER),
    "a mask by keyword only": Case("KeywordTagger", "tagged", CE, masked, LEFT_OVER),
    "an attention mask": Case("AttentionTagger", "tagged", CE, masked, LEFT_OVER),
    "a mask and a switch": Case("MaskAndSwitch", "tagged", CE, masked, LEFT_OVER),
    "two optional inputs": Case(
        "TwoOptions",
        "tagged_segments",
        CE,
        lambda model, batch: cross_entropy(model(*batch[:3]), batch[3]),
        LEFT_OVER,
    ),
    "one of two optional inputs": Case("TwoOptions", "tagged", CE, second_input, LEFT_OVER),
    "a mask after the target": Case(
        "Tagger",
        "tagged_last",
        CE,
        lambda model, batch: cross_entropy(model(batch[0], batch[2]), batch[1]),
        LEFT_OVER,
    ),
    "lengths": Case("Lengths", "with_lengths", CE, second_input, LEFT_OVER),
    "lengths after the target": Case(
        "Lengths",
        "lengths_last",
        CE,
        lambda model, batch: cross_entropy(model(batch[0], batch[2]), batch[1]),
        LEFT_OVER,
    ),
    "sample weights, and a mask that is not given": Case(
        "Masked", "weighted", CE, scores, LEFT_OVER
    ),
    "meta data as an optional input": Case("Meta", "meta_between", CE, second_input, LEFT_OVER),
    # an item left over, and no input for it
    "index": Case("Net", "indexed", CE, scores),
    "sample weights": Case("Net", "weighted", CE, scores),
    "index and a switch": Case("Switch", "indexed", CE, scores),
    "index and a switch, no annotation": Case("UntypedSwitch", "indexed", CE, scores),
    "index and a number": Case("Number", "indexed", CE, scores),
    "index and a scale": Case("Scale", "indexed", CE, scores),
    "index and an optional number": Case("OptionalNumber", "indexed", CE, scores),
    "index and a text": Case("Text", "indexed", CE, scores),
    "index and any number of inputs": Case("Several", "indexed", CE, scores, (WAY_OUT,)),
    "meta data last": Case("Net", "meta_last", CE, scores),
    "meta data between": Case("Net", "meta_between", CE, third, (r"dict|mapping|name", WAY_OUT)),
    "names last": Case("Net", "names_last", CE, scores),
    "names between": Case("Net", "names_between", CE, third, (r"str|text|list", WAY_OUT)),
    # packed inputs
    "packed inputs": Case("TwoInputs", "pairs", CE, packed),
    "packed inputs, loss auto": Case("TwoInputs", "pairs", "auto", packed),
    "packed inputs and an option": Case("TwoInputsMasked", "pairs", "auto", packed),
    "packed inputs and an index": Case("TwoInputs", "pairs_indexed", "auto", packed),
    "packed inputs taken as one": Case("Pair", "pairs", "auto", scores),
    "one packed input": Case("Net", "pairs_of_one", "auto", packed),
    "packed dict": Case(
        "TwoInputs", "dict_and_label", "auto", lambda m, b: cross_entropy(m(**b[0]), b[1])
    ),
    "packed dict, loss named": Case(
        "TwoInputs", "dict_and_label", CE, lambda m, b: cross_entropy(m(**b[0]), b[1])
    ),
    "packed dict with an extra key": Case(
        "TwoInputs",
        "dict_and_label_extra",
        "auto",
        lambda m, b: cross_entropy(m(b[0]["a"], b[0]["b"]), b[1]),
    ),
    "packed dict taken whole": Case("TakesDict", "dict_and_label", "auto", scores),
    # mappings
    "dict with y": Case("TwoInputs", "dict_y", "auto", from_dict),
    "dict with y, loss named": Case("TwoInputs", "dict_y", CE, from_dict),
    "dict with extra keys": Case(
        "TwoInputs", "dict_label_extra", "auto", lambda m, b: from_dict(m, b, "label")
    ),
    "dict with extra keys, loss named": Case(
        "TwoInputs", "dict_label_extra", CE, lambda m, b: from_dict(m, b, "label")
    ),
    "dict taken whole": Case(
        "TakesDict", "dict_y", "auto", lambda m, b: cross_entropy(m(b), b["y"])
    ),
    "dict with another input key": Case(
        "Net", "dict_other_input", CE, lambda m, b: cross_entropy(m(b["image"]), b["label"]), KEYS
    ),
    "dict with another input key, loss auto": Case(
        "Net",
        "dict_other_input",
        "auto",
        lambda m, b: cross_entropy(m(b["image"]), b["label"]),
        KEYS,
    ),
    "dict with another target key": Case(
        "Net", "dict_other_target", CE, lambda m, b: cross_entropy(m(b["x"]), b["gt"]), KEYS
    ),
    "dict with another target key, loss auto": Case(
        "Net", "dict_other_target", "auto", lambda m, b: cross_entropy(m(b["x"]), b["gt"]), KEYS
    ),
    "dict with other keys than a target": Case(
        "Net", "dict_class", CE, None, (*KEYS, "cls", "fold")
    ),
    "user dict": Case("TwoInputs", "user_dict", "auto", from_dict),
    "dict for a model with its loss": Case(
        "PixelValues", "dict_pixel_values", "none", lambda m, b: m(**b).loss
    ),
    "dict with an extra key for a model with its loss": Case(
        "PixelValues",
        "dict_pixel_values_extra",
        "auto",
        lambda m, b: m(b["pixel_values"], b["labels"]).loss,
    ),
    # objects
    "named tuple": Case("Net", "named_tuples", "auto", scores),
    "named tuple in another order": Case(
        "TakesText",
        "swapped_tuples",
        CE,
        lambda m, b: cross_entropy(m(b.text), b.label),
        (WAY_OUT,),
    ),
    "record": Case("OnGraph", "records", "auto", lambda m, b: cross_entropy(m(b), b.y)),
    "graph": Case("OnGraph", "graphs", "auto", lambda m, b: cross_entropy(m(b), b.y)),
    # outputs
    "logits in a named tuple": Case(
        "TwoHeads", "labelled", "auto", lambda m, b: cross_entropy(m(b[0]).logits, b[1])
    ),
    "logits in a named tuple, loss named": Case(
        "TwoHeads", "labelled", CE, lambda m, b: cross_entropy(m(b[0]).logits, b[1])
    ),
    "logits in an object": Case(
        "LogitsObject", "labelled", "auto", lambda m, b: cross_entropy(m(b[0]).logits, b[1])
    ),
    "logits in a dict": Case(
        "LogitsDict", "labelled", "auto", lambda m, b: cross_entropy(m(b[0])["logits"], b[1])
    ),
    "logits in a dict, loss named": Case(
        "LogitsDict", "labelled", CE, lambda m, b: cross_entropy(m(b[0])["logits"], b[1])
    ),
    "logits in a model output": Case(
        "LogitsModelOutput", "labelled", CE, lambda m, b: cross_entropy(m(b[0]).logits, b[1])
    ),
    "scores and a hidden state": Case(
        "ScoresAndHidden", "labelled", CE, lambda m, b: cross_entropy(m(b[0])[0], b[1]), (WAY_OUT,)
    ),
    "scores and None": Case(
        "ScoresAndNone", "labelled", CE, lambda m, b: cross_entropy(m(b[0])[0], b[1]), (WAY_OUT,)
    ),
    "scores in a list of one": Case(
        "OneInAList", "labelled", CE, lambda m, b: cross_entropy(m(b[0])[0], b[1]), (WAY_OUT,)
    ),
    "out and aux": Case(
        "OutAndAux",
        "labelled",
        CE,
        lambda m, b: cross_entropy(m(b[0])["out"], b[1]),
        ("out", WAY_OUT),
    ),
    "odd keys": Case("OddKeys", "labelled", CE, None, ("first", "second", WAY_OUT)),
    # losses
    "list of losses": Case("Losses", "labelled", "none", total, (r"2|two|several", WAY_OUT)),
    "list of losses, loss auto": Case(
        "Losses", "labelled", "auto", total, (r"2|two|several", WAY_OUT)
    ),
    "tuple of losses": Case(
        "TupleOfLosses", "labelled", "none", total, (r"2|two|several", WAY_OUT)
    ),
    "dict of losses": Case("DictOfLosses", "labelled", "none", total, ("loss_box_reg", WAY_OUT)),
    "dict of losses, loss auto": Case(
        "DictOfLosses", "labelled", "auto", total, ("loss_box_reg", WAY_OUT)
    ),
    "dict of losses and more": Case(
        "DictOfLossesAndMore", "labelled", "none", total, ("loss_b", WAY_OUT)
    ),
    "object of losses": Case("ObjectOfLosses", "labelled", "none", total, ("loss_b", WAY_OUT)),
    "list with one loss": Case("ListOfOne", "labelled", "none", first),
    "loss and scores": Case("LossAndScores", "labelled", "none", first),
    "loss and metrics": Case("LossAndMetrics", "labelled", "none", first),
    "loss and its parts, detached": Case("LossAndDetached", "labelled", "none", total),
    "loss and its parts": Case(
        "TotalAndParts", "labelled", "none", total, (r"3|three|several", WAY_OUT)
    ),
    "loss and its parts in a dict": Case(
        "TotalInDict", "labelled", "none", lambda m, b: m(*b)["loss"]
    ),
    "a loss an example": Case(
        "VectorLoss", "labelled", "none", lambda m, b: m(*b).mean(), (r"scalar|mean", r"16")
    ),
    "a criterion with two losses": Case(
        "Net",
        "labelled",
        "two_losses",
        lambda m, b: sum(load(here("two_losses"))(m(b[0]), b[1])),
        (r"2|two", WAY_OUT),
    ),
    "a criterion with a dict of losses": Case(
        "Net",
        "labelled",
        "dict_of_losses",
        lambda m, b: sum(load(here("dict_of_losses"))(m(b[0]), b[1]).values()),
        ("loss_l2", WAY_OUT),
    ),
    # no target
    "inputs alone": Case("Autoencoder", "unlabelled_bare", "auto", lambda m, b: mse_loss(m(b), b)),
    "inputs alone, loss named": Case(
        "Autoencoder", "unlabelled_bare", MSE, lambda m, b: mse_loss(m(b), b)
    ),
    "list of one": Case("Autoencoder", "unlabelled", "auto", lambda m, b: mse_loss(m(b[0]), b[0])),
    "list of one, loss named": Case(
        "Autoencoder", "unlabelled", MSE, lambda m, b: mse_loss(m(b[0]), b[0])
    ),
    "tuple of one": Case(
        "Autoencoder", "unlabelled_tuple", "auto", lambda m, b: mse_loss(m(b[0]), b[0])
    ),
    "dict of one": Case(
        "Autoencoder", "unlabelled_dict", MSE, lambda m, b: mse_loss(m(b["x"]), b["x"]), KEYS
    ),
    "list of one, output with a code": Case(
        "AutoencoderWithCode",
        "unlabelled",
        MSE,
        lambda m, b: mse_loss(m(b[0])[0], b[0]),
        (WAY_OUT,),
    ),
    "list of one, loss in the forward": Case(
        "ReconstructionLoss", "unlabelled", "auto", lambda m, b: m(b[0])
    ),
    "list of one where classes are wanted": Case(
        "Net", "unlabelled", CE, None, (r"no target", WAY_OUT)
    ),
}


def expected(case: Case) -> float | None:
    """The first loss by hand, None where there is none."""
    if case.by_hand is None:
        return None
    model = model_of(case.model).train()
    with torch.no_grad():
        return float(case.by_hand(model, next(iter(load(here(case.data))()))))


@pytest.mark.parametrize("name", CASES)
def test_the_command_takes_the_loss_that_is_meant_or_says_how_to_name_it(name: str) -> None:
    case = CASES[name]
    result = run(case.model, case.data, case.loss)
    if result.refused:
        assert case.refusal, result.text
        assert_says(result.text, *case.refusal)
        return
    assert result.losses[0] == pytest.approx(expected(case), rel=1e-5), result.text


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.loss != "auto"])
def test_the_library_takes_the_loss_that_is_meant_or_says_how_to_name_it(name: str) -> None:
    case = CASES[name]
    finder = finder_of(model_of(case.model), criterion_of(case.loss))
    loss, refusal = loss_or_refusal(finder, load(here(case.data))())
    if loss is None:
        assert case.refusal, refusal
        assert_says(refusal, *case.refusal)
        return
    assert loss == pytest.approx(expected(case), rel=1e-5)
