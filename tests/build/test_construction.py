"""A model is made on the CPU, on its device or on meta, and its weights are the factory's."""

import random
import re
from collections.abc import Callable

import pytest
import torch
from torch import nn

from lrtui.build.assemble import build
from lrtui.build.construction.construct import construct
from lrtui.build.importing import load
from lrtui.catalog.errors import PhaseError
from lrtui.engine.restore.digest import digest
from lrtui.spec import Choice, InitDevice, RunSpec
from tests.slowly import slow_after

CPU = torch.device("cpu")
SmallCNN = load("sample_models/cnn.py:SmallCNN")
META = torch.device("meta")  # a device that is not the CPU, on every machine
Factory = Callable[[], nn.Module]


def layers() -> nn.Module:
    return nn.Sequential(
        nn.Linear(3, 4),
        nn.BatchNorm1d(4),
        nn.LSTM(4, 5, 2),
        nn.Embedding(7, 3, padding_idx=2),
        nn.GroupNorm(2, 4),
        nn.ConvTranspose2d(3, 4, 3, bias=False),
        nn.PReLU(),
        nn.Bilinear(2, 3, 4),
    )


def convolutions() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Linear(4, 2))


def attention() -> nn.Module:
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)


def frozen() -> nn.Module:
    model = layers()
    next(model.parameters()).requires_grad_(False)
    return model.eval()


def out_of_order() -> nn.Module:
    """The last layer is made first: the random numbers are drawn in that order."""
    last = nn.Linear(4, 2)
    return nn.Sequential(nn.Linear(3, 4), last)


def made(factory: Factory, init_device: InitDevice, said: list[str]) -> nn.Module:
    torch.manual_seed(3)
    random.seed(3)
    model = construct(factory, init_device, CPU, said.append)
    assert isinstance(model, nn.Module)
    return model


def assert_same(model: nn.Module, expected: nn.Module) -> None:
    state = model.state_dict()
    assert list(state) == list(expected.state_dict())
    for name, tensor in expected.state_dict().items():
        assert torch.equal(state[name], tensor), name
        assert state[name].stride() == tensor.stride()
    flags = [param.requires_grad for param in model.parameters()]
    assert flags == [param.requires_grad for param in expected.parameters()]
    assert digest([model], []) == digest([expected], [])


@pytest.mark.parametrize("factory", [convolutions, layers, attention, frozen, out_of_order])
def test_a_model_made_on_meta_has_the_factorys_weights_to_the_last_bit(factory: Factory) -> None:
    said: list[str] = []
    expected = made(factory, "cpu", said)
    next_draw = torch.rand(3)
    assert not said
    model = made(factory, "meta", said)
    assert torch.equal(torch.rand(3), next_draw)
    assert said == ["init_device meta: reset_parameters has drawn the weights on cpu"]
    assert_same(model, expected)
    assert not any(tensor.is_meta for tensor in model.state_dict().values())


def drawn_again() -> nn.Module:
    model = nn.Linear(3, 3)
    nn.init.normal_(model.weight, 0, 0.02)
    return model


def drawn_otherwise() -> nn.Module:
    """As many operations as those of the reset, with another number."""

    class Wide(nn.Linear):
        wide = False

        def reset_parameters(self) -> None:
            nn.init.normal_(self.weight, 0, 2.0 if self.wide else 1.0)
            nn.init.zeros_(self.bias)

    model = Wide(3, 3)
    model.wide = True
    return model


def tied() -> nn.Module:
    model = nn.ModuleDict({"embed": nn.Embedding(10, 4), "head": nn.Linear(4, 10, bias=False)})
    model["head"].weight = model["embed"].weight
    return model


def with_constants() -> nn.Module:
    model = nn.Linear(3, 3)
    model.register_buffer("frequencies", torch.arange(3.0))
    return model


def with_attribute() -> nn.Module:
    model = nn.Linear(3, 3)
    model.scale = torch.ones(3)
    return model


def with_part_of_a_bias() -> nn.Module:
    class Forget(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.ones(4))
            self.reset_parameters()

        def reset_parameters(self) -> None:
            with torch.no_grad():
                self.bias[:2].zero_()

    return Forget()


def scaled() -> nn.Module:
    model = nn.Linear(3, 3)
    with torch.no_grad():
        model.weight.mul_(0.1)
    return model


def from_numbers() -> nn.Module:
    model = nn.Linear(2, 2)
    model.weight = nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    return model


def measured() -> nn.Module:
    model = nn.Linear(2, 2)
    model.norm = model.weight.norm().item()
    return model


def marked() -> nn.Module:
    model = nn.Linear(2, 2)
    model.bias.no_decay = True  # type: ignore[attr-defined]
    return model


def copied() -> nn.Module:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return nn.TransformerEncoder(layer, 2)


REFUSED: dict[Factory, str] = {
    drawn_again: r"weight is changed after its reset_parameters \(normal_\(0.0, 0.02\)\)",
    drawn_otherwise: "weight the factory does normal_.*reset_parameters normal_",
    tied: "head.weight shares its memory",
    with_constants: "frequencies is not set by a reset_parameters",
    with_attribute: "scale is a tensor that is neither parameter nor buffer",
    with_part_of_a_bias: "bias is changed .* and not drawn as a whole",
    scaled: "weight is changed after its reset_parameters",
    from_numbers: "is for a tensor that is no part of the model",
    measured: "it cannot be made on meta",
    marked: "bias has attributes or hooks",
    copied: "is for a tensor that is no part of the model",
}


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("factory", REFUSED)
def test_what_reset_parameters_might_make_otherwise_is_made_by_the_factory(
    factory: Factory,
) -> None:
    def call() -> nn.Module:
        try:
            return factory()
        except Exception as error:  # as the factory of a spec is called
            raise PhaseError("model", str(error).splitlines()[0]) from error

    said: list[str] = []
    model = made(call, "meta", said)
    (notice,) = said
    assert notice.startswith("init_device meta: the model is made on cpu instead: ")
    assert re.search(REFUSED[factory], notice), notice
    assert_same(model, made(factory, "cpu", []))


def test_a_factory_that_needs_the_cpu_is_called_there_with_a_notice() -> None:
    calls = []

    def factory() -> nn.Module:
        calls.append(torch.empty(0).device)
        try:
            return nn.Linear(2, 1 + int(torch.ones(1).item()))
        except Exception as error:
            raise PhaseError("model", "it failed") from error

    said: list[str] = []
    model = construct(factory, "device", META, said.append)
    assert calls == [META, CPU]
    assert isinstance(model, nn.Linear)
    assert not model.weight.is_meta
    assert said == ["init_device device: the model is made on the cpu: on meta, it failed"]


def test_a_factory_is_made_on_its_device_and_its_own_exit_is_no_reason_to_call_it_again() -> None:
    said: list[str] = []
    model = construct(lambda: nn.Linear(2, 2), "device", META, said.append)
    assert isinstance(model, nn.Linear)
    assert model.weight.is_meta
    calls = []

    def leaving() -> nn.Module:
        calls.append(1)
        raise PhaseError("model", "it left") from SystemExit(1)

    for init_device in ("device", "meta"):
        with pytest.raises(PhaseError, match="it left"):
            construct(leaving, init_device, META, said.append)
    assert len(calls) == 2
    assert not said


@pytest.mark.parametrize("init_device", slow_after(1, ["meta", "device"]))
def test_a_spec_is_built_the_same_wherever_its_model_is_made(init_device: InitDevice) -> None:
    said: list[str] = []
    spec = RunSpec(model=Choice("sample_models/mlp.py:MLP"), device="cpu")
    expected = build(spec)
    next_draw = torch.rand(3)
    built = build(RunSpec(model=spec.model, device="cpu", init_device=init_device), said.append)
    assert torch.equal(torch.rand(3), next_draw)
    assert digest([built.model], []) == digest([expected.model], [])
    assert any("init_device" in line for line in said)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_meta_and_device_make_the_same_weights_and_the_cpu_none() -> None:
    cuda = torch.device("cuda")
    models = []
    for init_device in ("device", "meta"):
        torch.manual_seed(3)
        model = construct(layers, init_device, cuda, lambda _: None)
        assert isinstance(model, nn.Module)
        assert all(tensor.is_cuda for tensor in model.state_dict().values())
        models.append(model)
    assert_same(*models)
