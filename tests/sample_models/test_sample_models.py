"""Every sample model is listed, has help texts, and learns."""

from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from lrtui import paths
from lrtui.build.assemble import build
from lrtui.build.datasets import local
from lrtui.build.dry_run import as_list
from lrtui.build.importing import load
from lrtui.build.introspect import describe
from lrtui.catalog.companion import companion, merged
from lrtui.catalog.errors import PhaseError
from lrtui.catalog.source.reader import offers_in_file
from lrtui.catalog.targets import locate
from lrtui.engine.data.batches import train_batches
from lrtui.engine.forward import Forward
from lrtui.engine.precision import Precision
from lrtui.engine.step import TrainStep, updates_itself
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec

FILES = sorted(path.name for path in paths.sample_models().glob("*.py"))


@pytest.mark.parametrize("name", FILES)
def test_the_model_and_each_of_its_fields_has_help(name: str) -> None:
    first = offers_in_file(paths.sample_models() / name)[0]
    assert first.summary
    assert first.fields
    for field in first.fields:
        assert field.help, field.name
        assert field.kind != "other", field.name
        assert not field.required, field.name


def test_the_folder_is_not_a_package() -> None:
    assert not (paths.sample_models() / "__init__.py").exists()


@pytest.mark.parametrize("name", FILES)
def test_the_spec_of_a_file_names_targets_that_exist(name: str) -> None:
    """Its data may need a download; everything else exists."""
    spec = merged(RunSpec(), companion(paths.sample_models() / name))
    for role in ("data", "optimizer", "loss", "step"):
        target = getattr(spec, role).target
        assert target in ("auto", "none") or describe(target, role).summary


def spec_of(target: str, args: dict[str, object], **changed: object) -> RunSpec:
    """The spec that the form makes of a sample, with a rate that a short test learns at."""
    path = locate(target.rpartition(":")[0])
    assert path is not None
    spec = merged(RunSpec(), companion(path))
    return replace(spec, model=Choice(target, args), range=RangeSpec(start_lr=5e-3), **changed)


def losses(spec: RunSpec, steps: int = 30) -> list[float]:
    """The losses of a short training at the rate of the spec, by the engine's step."""
    built = build(spec)
    optimizers = as_list(built.optimizer)
    forward = Forward(built.model, built.criterion, built.step)
    step = TrainStep(
        built.model,
        forward,
        train_batches(built.train_loader),
        optimizers,
        Precision(),
        built.device,
        updates_itself=updates_itself(built.step),
    )
    return [float(step().loss) for _ in range(steps)]


def learns(spec: RunSpec, share: float = 0.75) -> None:
    curve = losses(spec)
    assert sum(curve[-5:]) < share * sum(curve[:5]), curve


@pytest.mark.parametrize(
    ("target", "args"),
    [
        ("sample_models/cnn.py:SmallCNN", {}),
        (
            "sample_models/cnn.py:SmallCNN",
            {"depth": 3, "width": 8, "activation": "silu", "dropout": 0.1},
        ),
        ("sample_models/mlp.py:MLP", {}),
        (
            "sample_models/mlp.py:MLP",
            {"layers": 3, "activation": "tanh", "batch_norm": True, "dropout": 0.1},
        ),
        ("sample_models/mlp.py:MLP", {"layers": 0}),
        ("sample_models/recurrent.py:RowByRow", {}),
        (
            "sample_models/recurrent.py:RowByRow",
            {"cell": "lstm", "layers": 2, "bidirectional": True, "dropout": 0.1},
        ),
        ("sample_models/resnet.py:SmallResNet", {"width": 8}),
        ("sample_models/resnet.py:SmallResNet", {"width": 8, "blocks": 2, "zero_init": True}),
        ("sample_models/tabular.py:TabularNet", {}),
    ],
)
def test_it_learns_the_digits(target: str, args: dict[str, object]) -> None:
    learns(spec_of(target, args, data=Choice("lrtui:digits"), loader=LoaderSpec(batch_size=128)))


@pytest.mark.parametrize(
    ("target", "args"),
    [
        ("sample_models/char_transformer.py:CharTransformer", {"width": 32}),
        ("sample_models/loss_inside.py:CharModelWithLoss", {}),
    ],
)
def test_it_learns_to_spell_with_the_data_of_its_spec(target: str, args: dict[str, object]) -> None:
    learns(spec_of(target, args), share=0.85)


def test_the_character_transformer_is_causal() -> None:
    model = load("sample_models/char_transformer.py:CharTransformer")(
        vocab_size=9, context=6
    ).eval()
    first, second = torch.zeros(1, 6, dtype=torch.int64), torch.zeros(1, 6, dtype=torch.int64)
    second[0, 4:] = 5
    assert torch.equal(model(first)[0, :4], model(second)[0, :4])
    assert not torch.equal(model(first)[0, 4:], model(second)[0, 4:])


def test_the_loss_of_the_forward_is_used() -> None:
    assert (
        build(spec_of("sample_models/loss_inside.py:CharModelWithLoss", {})).loss_name
        == "the model's own"
    )


def test_both_nets_of_the_gan_are_trained() -> None:
    spec = spec_of("sample_models/gan.py:GAN", {})
    built = build(spec)
    assert built.optimizer_name == "Adam"
    assert len(as_list(built.optimizer)) == 2
    before = [parameter.clone() for parameter in built.model.parameters()]
    assert built.step is not None
    built.step(built.model, next(iter(built.train_loader)), built.optimizer)
    assert all(
        not torch.equal(*pair) for pair in zip(before, built.model.parameters(), strict=True)
    )
    assert losses(spec)[-1] < losses(spec)[0]


def test_a_table_of_numbers_to_predict(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = torch.rand(400, 3, generator=torch.Generator().manual_seed(0))
    path.write_text(
        "a,b,c,y\n" + "".join(f"{a},{b},{c},{a + 2 * b - c}\n" for a, b, c in rows.tolist())
    )
    spec = spec_of(
        "sample_models/tabular.py:TabularNet", {}, data=Choice("lrtui:table", {"path": str(path)})
    )
    assert build(spec).loss_name == "mean squared error"
    learns(spec)


@pytest.mark.fashion
@pytest.mark.skipif(
    not local.is_installed(), reason="Debian's dataset-fashion-mnist is not installed"
)
def test_the_resnet_learns_fashion_mnist(tmp_path: Path) -> None:
    data = Choice("torchvision:FashionMNIST", {"root": str(tmp_path), "download": True})
    learns(
        spec_of(
            "sample_models/resnet.py:SmallResNet",
            {"width": 8},
            data=data,
            loader=LoaderSpec(subset=2000),
        )
    )


def test_the_resnet_says_what_to_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRTUI_HOME", str(tmp_path))
    with pytest.raises(
        PhaseError, match=r"FashionMNIST is not in .*: set download = true to download it \(31 MB\)"
    ):
        build(spec_of("sample_models/resnet.py:SmallResNet", {}))
