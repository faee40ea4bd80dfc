"""Arguments with common names are inferred from the data, unless they are given."""

import pytest
import torch
from torch.utils.data import DataLoader, Subset, TensorDataset

from lrtui.build.assemble import build
from lrtui.build.facts import facts_of, stated_classes
from lrtui.catalog.infer import Facts, infer_args
from lrtui.catalog.offers import Field
from lrtui.engine.types import Batch
from lrtui.spec import Choice, RunSpec
from tests.build.helpers import linear
from tests.user_files import WriteFile

IMAGES = Facts(inputs=(3, 32, 32), classes=100)
WIDE = Facts(inputs=(1, 28, 56), classes=4)
TABLE = Facts(inputs=(13,), outputs=(1,))
SEQUENCE = Facts(inputs=(50, 6), classes=5)
TOKENS = Facts(inputs=(64,), tokens=True, classes=97, vocabulary=97)


@pytest.mark.parametrize(
    ("facts", "field", "expected"),
    [
        (IMAGES, Field(name="in_channels", kind="int", default=1), 3),
        (IMAGES, Field(name="in_chans", kind="int", default=1), 3),
        (IMAGES, Field(name="num_classes", kind="int", default=1000), 100),
        (IMAGES, Field(name="image_size", kind="int", default=224), 32),
        (IMAGES, Field(name="input_size", kind="tuple", item="int", length=2), [32, 32]),
        (IMAGES, Field(name="input_shape", kind="tuple", item="int", length=3), [3, 32, 32]),
        (IMAGES, Field(name="img_size", kind="other", default=224), 32),
        (IMAGES, Field(name="in_features", kind="int"), 3 * 32 * 32),
        (IMAGES, Field(name="hidden", kind="int"), None),
        (IMAGES, Field(name="vocab_size", kind="int"), None),
        (WIDE, Field(name="image_size", kind="int"), None),
        (WIDE, Field(name="image_size", kind="other"), [28, 56]),
        (TABLE, Field(name="in_features", kind="int"), 13),
        (TABLE, Field(name="input_size", kind="int"), 13),
        (TABLE, Field(name="out_features", kind="int"), 1),
        (TABLE, Field(name="num_classes", kind="int", default=2), None),
        (SEQUENCE, Field(name="input_size", kind="int"), 6),
        (SEQUENCE, Field(name="seq_len", kind="int", default=10), 50),
        (TOKENS, Field(name="vocab_size", kind="int"), 97),
        (TOKENS, Field(name="context_length", kind="int", default=32), 64),
        (TOKENS, Field(name="context_length", kind="int", default=128), None),
        (TOKENS, Field(name="in_features", kind="int"), None),
    ],
)
def test_a_parameter_with_a_common_name_is_inferred(
    facts: Facts, field: Field, expected: object
) -> None:
    assert infer_args([field], facts, {}).get(field.name) == expected


def test_a_given_argument_is_not_inferred() -> None:
    assert infer_args([Field(name="in_channels", kind="int")], IMAGES, {"in_channels": 1}) == {}


def test_pretrained_weights_decide_the_classes() -> None:
    assert infer_args([Field(name="num_classes", kind="int")], IMAGES, {"weights": "DEFAULT"}) == {}


def test_classes_seen_in_one_batch_are_only_a_lower_bound() -> None:
    seen = Facts(inputs=(3,), classes=7, exact=False)
    assert infer_args([Field(name="num_classes", kind="int", default=10)], seen, {}) == {}
    assert infer_args([Field(name="num_classes", kind="int", default=5)], seen, {}) == {
        "num_classes": 7
    }


def test_classes_are_found_inside_subsets_and_loaders() -> None:
    data = TensorDataset(torch.rand(20, 3), torch.arange(20) % 6)
    assert stated_classes(DataLoader(Subset(data, [0, 1]), batch_size=2)) == 6
    data.classes = ["a"] * 8  # type: ignore[attr-defined]
    assert stated_classes(Subset(data, [0])) == 8
    assert stated_classes([(1, 2)]) is None


def test_a_data_set_whose_attributes_raise_states_no_classes() -> None:
    class Lazy:
        @property
        def classes(self) -> None:
            raise RuntimeError("not opened yet")

    assert stated_classes(Lazy()) is None


@pytest.mark.parametrize(
    ("batch", "inputs", "classes"),
    [
        ((torch.rand(4, 3, 8, 8), torch.tensor([0, 5, 2, 1])), (3, 8, 8), 6),
        (
            {"pixel_values": torch.rand(4, 3, 8, 8), "labels": torch.tensor([0, 1, 1, 0])},
            (3, 8, 8),
            2,
        ),
        (torch.rand(4, 9), (9,), None),
        ((torch.rand(4, 9), torch.rand(4, 2)), (9,), None),
        (("words",), None, None),
    ],
)
def test_facts_are_read_from_any_kind_of_batch(
    batch: Batch, inputs: tuple[int, ...] | None, classes: int | None
) -> None:
    facts = facts_of([], batch)
    assert (facts.inputs if facts else None) == inputs
    assert (facts.classes if facts else None) == classes


def test_inferred_arguments_are_used_and_reported(user_file: WriteFile) -> None:
    path = user_file("""
        import torch
        from torch.utils.data import TensorDataset
        def data(): return TensorDataset(torch.rand(90, 3, 12, 12), torch.arange(90) % 7)
    """)
    notices: list[str] = []
    spec = RunSpec(data=Choice(f"{path}:data"))
    built = build(spec, notices.append)
    assert notices == [
        "taken from the data: in_channels = 3, num_classes = 7",
        f"batch: {built.batch}",
    ]
    assert linear(built.model, "head").out_features == 7
    assert linear(build(RunSpec(), notices.append).model, "head").out_features == 10
    taken = [notice for notice in notices if notice.startswith("taken from")]
    assert len(taken) == 1, "values that equal the default are not reported"


def test_lazy_layers_are_initialised_before_the_optimizer(user_file: WriteFile) -> None:
    path = user_file("""
        from torch import nn
        def net(): return nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    """)
    built = build(RunSpec(model=Choice(f"{path}:net")))
    assert linear(built.model, "1").weight.shape == (10, 64)
    assert built.model.training
