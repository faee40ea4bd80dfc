"""Optimizers: parameter groups, apex's, and libraries that are absent or broken."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import nn
from torch.optim import Optimizer

from lrtui.build.assemble import build
from lrtui.build.importing import load
from lrtui.build.introspect import describe, offers_in_module
from lrtui.build.param_groups import layers, make_groups
from lrtui.catalog.errors import CatalogError, PhaseError
from lrtui.spec import Choice, RunSpec
from tests.build.helpers import linear, optimizer_of

MLP = Choice("sample_models/mlp.py:MLP")
LR = RunSpec().range.start_lr


def optimizer(**args: object) -> Optimizer:
    return optimizer_of(build(RunSpec(optimizer=Choice("torch.optim:AdamW", args))))


def test_biases_and_norms_can_have_no_weight_decay() -> None:
    made = optimizer(decay_all=False, weight_decay=0.1)
    assert [group["weight_decay"] for group in made.param_groups] == [0.1, 0.0]
    assert {parameter.dim() > 1 for parameter in made.param_groups[0]["params"]} == {True}
    assert {parameter.dim() > 1 for parameter in made.param_groups[1]["params"]} == {False}


def test_the_rate_falls_from_the_head_down() -> None:
    made = optimizer(layer_decay=0.5)
    rates = [group["lr"] / LR for group in made.param_groups]
    assert rates == pytest.approx([0.5**height for height in range(len(rates))])
    head = {tuple(parameter.shape) for parameter in made.param_groups[0]["params"]}
    assert head == {(10, 32), (10,)}, "the first group, whose rate is recorded, is the head's"


@pytest.mark.parametrize(
    "rules",
    [{}, {"decay_all": False}, {"layer_decay": 0.9}, {"decay_all": False, "layer_decay": 0.9}],
)
def test_every_trained_parameter_is_in_one_group(rules: dict[str, Any]) -> None:
    model = nn.Sequential(
        nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)), nn.Linear(4, 2)
    )
    model[0].bias.requires_grad = False
    found = [
        id(parameter) for group in make_groups(model, 1.0, **rules) for parameter in group["params"]
    ]
    assert sorted(found) == sorted(
        id(parameter) for parameter in model.parameters() if parameter.requires_grad
    )


def test_a_shared_parameter_belongs_to_the_lowest_layer_that_has_it() -> None:
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5, bias=False))
    model[1].weight = model[0].weight
    assert [len(part) for part in layers(model)] == [1]


def test_no_rule_makes_no_groups() -> None:
    assert len(optimizer().param_groups) == 1


def test_decay_all_is_offered_only_with_weight_decay() -> None:
    assert {"decay_all", "layer_decay"} <= {
        field.name for field in describe("torch.optim:SGD", "optimizer").fields
    }
    names = {field.name for field in describe("torch.optim:SparseAdam", "optimizer").fields}
    assert "decay_all" not in names
    assert "layer_decay" in names


def test_a_rule_of_the_wrong_type_is_refused() -> None:
    with pytest.raises(PhaseError, match="layer_decay: expected a number, got 'deep'"):
        optimizer(layer_decay="deep")


@pytest.mark.parametrize(
    "name", ["SGD", "AdamW", "Adafactor", "LBFGS", "NAdam", "Rprop", "SparseAdam"]
)
def test_an_optimizer_of_torch_builds_with_its_defaults(name: str) -> None:
    made = optimizer_of(build(RunSpec(model=MLP, optimizer=Choice(f"torch.optim:{name}"))))
    assert type(made).__name__ == name
    assert made.param_groups[0]["lr"] == LR


def test_an_optimizer_that_refuses_the_model_says_why() -> None:
    with pytest.raises(
        PhaseError, match=r"torch\.optim:Muon failed: ValueError: Muon only supports 2D parameters"
    ) as caught:
        build(RunSpec(model=MLP, optimizer=Choice("torch.optim:Muon")))
    assert caught.value.phase == "optimizer"


WritePackage = Callable[[dict[str, str]], None]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WritePackage:
    """Write a package tree that is importable for one test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(files: dict[str, str]) -> None:
        for name in [
            name for name in sys.modules if name.split(".")[0] in ("apex", "timm", "amp_C")
        ]:
            monkeypatch.delitem(sys.modules, name)
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


PYRAMID = {"apex/__init__.py": "", "apex/lib.py": ""}
NO_KERNELS = {"apex/__init__.py": "", "apex/optimizers/__init__.py": "class FusedAdam: ..."}
USABLE = {
    "apex/__init__.py": "",
    "amp_C.py": "",
    "apex/optimizers/__init__.py": "import torch\nclass FusedAdam(torch.optim.Adam): ...",
}


@pytest.mark.parametrize(
    ("files", "reason"),
    [(PYRAMID, "foreign package of that name"), (NO_KERNELS, "without its CUDA kernels")],
)
def test_an_apex_that_cannot_be_used_says_why(
    package: WritePackage, files: dict[str, str], reason: str
) -> None:
    package(files)
    with pytest.raises(CatalogError, match=reason):
        offers_in_module("apex.optimizers", "optimizer")
    with pytest.raises(PhaseError, match=reason) as caught:
        build(RunSpec(optimizer=Choice("apex.optimizers:FusedAdam")))
    assert caught.value.phase == "optimizer"


def test_an_apex_that_works_is_offered_and_built(package: WritePackage) -> None:
    package(USABLE)
    assert [offer.target for offer in offers_in_module("apex.optimizers", "optimizer")] == [
        "apex.optimizers:FusedAdam"
    ]
    assert (
        build(RunSpec(optimizer=Choice("apex.optimizers:FusedAdam"))).optimizer_name == "FusedAdam"
    )


def test_timm_lists_its_models_and_gets_classes_and_channels(
    package: WritePackage,
) -> None:
    package(
        {
            "timm/__init__.py": """
from torch import nn
def list_models(): return ["resnet18", "vit_tiny"]
def create_model(model_name, pretrained=False, **more):
    head = nn.Linear(72, more["num_classes"])
    return nn.Sequential(nn.Conv2d(more["in_chans"], 2, 3), nn.Flatten(), head)
"""
        }
    )
    from lrtui.build import libraries

    libraries.timm_names.cache_clear()
    assert [offer.target for offer in offers_in_module("timm", "model")] == [
        "timm:resnet18",
        "timm:vit_tiny",
    ]
    built = build(RunSpec(model=Choice("timm:resnet18")))
    assert isinstance(built.model, nn.Sequential)
    assert isinstance(built.model[0], nn.Conv2d)
    assert built.model[0].in_channels == 1
    assert linear(built.model, "2").out_features == 10
    with pytest.raises(CatalogError, match="timm has no model 'resnet81'; did you mean 'resnet18'"):
        load("timm:resnet81")
    libraries.timm_names.cache_clear()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"timm/__init__.py": "raise RuntimeError('operator torchvision::nms does not exist')"},
            "built for another torch",
        ),
        (
            {"timm/__init__.py": "import gone_thing"},
            "timm failed to import: ModuleNotFoundError: No module named 'gone_thing'",
        ),
    ],
)
def test_a_broken_library_fails_with_one_line(
    package: WritePackage, files: dict[str, str], expected: str
) -> None:
    package(files)
    from lrtui.build import libraries

    libraries.timm_names.cache_clear()
    with pytest.raises(CatalogError, match=expected):
        offers_in_module("timm", "model")


def test_a_library_that_is_not_installed_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from lrtui.build import libraries

    libraries.timm_names.cache_clear()
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(CatalogError, match="timm is not installed: pip install timm"):
        load("timm:resnet18")


def test_torchvisions_builders_get_the_classes_of_the_data() -> None:
    built = build(
        RunSpec(
            model=Choice("torchvision:mobilenet_v3_small"),
            data=Choice(
                "torchvision:FakeData",
                {
                    "size": 20,
                    "image_size": [3, 32, 32],
                    "num_classes": 3,
                },
            ),
        )
    )
    assert linear(built.model, "classifier.3").out_features == 3
