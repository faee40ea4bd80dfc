"""Offers of torch by live signatures, and of user modules by parsing."""

import enum
from pathlib import Path
from typing import Literal

import pytest
import torch

from lrtui.build.introspect import describe, offers_in_module
from lrtui.build.signatures import offer_of
from lrtui.catalog.errors import CatalogError
from tests.user_files import WriteFile


def test_every_optimizer_of_the_installed_torch_is_offered() -> None:
    offered = {offer.target for offer in offers_in_module("torch.optim", "optimizer")}
    known = {
        f"torch.optim:{name}"
        for name in torch.optim.__all__
        if isinstance(getattr(torch.optim, name), type)
        and issubclass(getattr(torch.optim, name), torch.optim.Optimizer)
    }
    assert offered == known - {"torch.optim:Optimizer"}


def test_an_optimizer_asks_for_neither_parameters_nor_rate() -> None:
    fields = {field.name: field for field in describe("torch.optim:AdamW", "optimizer").fields}
    assert not {"params", "lr"} & set(fields)
    assert fields["betas"].kind == "tuple"
    assert fields["betas"].default == (0.9, 0.999)
    assert fields["weight_decay"].kind == "float"
    assert fields["fused"].kind == "bool"
    assert fields["fused"].optional


def test_every_default_fits_its_own_field() -> None:
    from lrtui.catalog.values import wrong

    for offer in [
        *offers_in_module("torch.optim", "optimizer"),
        *offers_in_module("torch.nn", "loss"),
    ]:
        for field in offer.fields:
            if not field.required and not field.default_text:
                assert wrong(field, field.default) == "", (offer.target, field)


def test_criteria_are_offered_and_layers_are_not() -> None:
    offered = {offer.target for offer in offers_in_module("torch.nn", "loss")}
    assert {"torch.nn:CrossEntropyLoss", "torch.nn:MSELoss"} <= offered
    assert "torch.nn:Linear" not in offered


def test_torchvisions_models_are_offered() -> None:
    offered = {offer.target: offer for offer in offers_in_module("torchvision", "model")}
    assert "torchvision:resnet18" in offered
    assert offered["torchvision:resnet18"].summary


class Shade(enum.Enum):
    LIGHT = 1
    DARK = 2


def example(
    a: int,
    shade: Shade = Shade.DARK,
    act: "Literal['relu', 'gelu']" = "relu",
    *rest: object,
    fn: object = len,
    **more: object,
) -> None:
    """An example.

    Args:
        a: a number
    """


def test_a_live_signature_reads_as_a_parsed_one() -> None:
    offer = offer_of(example, "here:example", "model")
    fields = {field.name: field for field in offer.fields}
    assert list(fields) == ["a", "shade", "act", "fn"]
    assert fields["a"].required
    assert fields["a"].help == "a number"
    assert (fields["shade"].choices, fields["shade"].default) == (("LIGHT", "DARK"), "DARK")
    assert fields["act"].choices == ("relu", "gelu")
    assert fields["fn"].default_text == "len"
    assert offer.more
    assert offer.summary == "An example."


def test_listing_a_users_module_runs_nothing(
    user_file: WriteFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    user_file("raise SystemExit(3)\nclass Net(nn.Module): ...", "their_pack/__init__.py")
    monkeypatch.chdir(tmp_path)
    assert [offer.target for offer in offers_in_module("their_pack", "model")] == ["their_pack:Net"]


def test_a_user_module_whose_name_begins_with_torch_is_not_run(
    user_file: WriteFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    user_file("raise SystemExit(3)\ndef net(width=1): ...", "torchlike/__init__.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert describe("torchlike:net").fields[0].name == "width"
    assert [offer.target for offer in offers_in_module("torchlike", "model")] == ["torchlike:net"]


@pytest.mark.parametrize("where", ["nowhere.py", "no_such_pack.net"])
def test_a_missing_file_or_module_cannot_be_listed(where: str) -> None:
    with pytest.raises(CatalogError, match=f"{where}: no such"):
        offers_in_module(where, "model")


def test_describing_a_target_in_a_file_runs_nothing(user_file: WriteFile) -> None:
    path = user_file("raise SystemExit(3)\ndef net(width=1): ...")
    assert describe(f"{path}:net").fields[0].name == "width"
    with pytest.raises(CatalogError, match="has no 'ned'; did you mean 'net'"):
        describe(f"{path}:ned")
