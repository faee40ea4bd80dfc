"""Every sample model is listed, explains itself and learns."""

import pytest

from lrtui import paths
from lrtui.catalog.build import build
from lrtui.catalog.source import offers_in_file
from lrtui.engine.forward import Forward
from lrtui.spec import Choice, LoaderSpec, RunSpec

FILES = sorted(path.name for path in paths.sample_models().glob("*.py"))


@pytest.mark.parametrize("name", FILES)
def test_the_form_has_a_line_for_the_model_and_for_each_of_its_fields(name):
    first = offers_in_file(paths.sample_models() / name)[0]
    assert first.summary
    assert first.fields
    for field in first.fields:
        assert field.help, field.name
        assert field.kind != "other", field.name
        assert not field.required, field.name


def test_the_folder_is_no_package():
    assert not (paths.sample_models() / "__init__.py").exists()


def losses(spec: RunSpec, steps: int = 30) -> list[float]:
    """The losses of a short training at the rate of the spec."""
    built = build(spec)
    forward = Forward(built.model, built.criterion, built.step)
    found = []
    while len(found) < steps:
        for batch in built.train_loader:
            built.optimizer.zero_grad()
            output = forward(batch)
            output.loss.backward()
            built.optimizer.step()
            found.append(output.loss.item())
    return found[:steps]


@pytest.mark.parametrize(
    ("target", "args"),
    [
        ("sample_models/cnn.py:SmallCNN", {}),
        ("sample_models/cnn.py:SmallCNN", {"depth": 3, "width": 8, "activation": "silu", "dropout": 0.1}),
        ("sample_models/mlp.py:MLP", {}),
        ("sample_models/mlp.py:MLP", {"layers": 3, "activation": "tanh", "batch_norm": True, "dropout": 0.1}),
        ("sample_models/mlp.py:MLP", {"layers": 0}),
    ],
)
def test_it_learns_the_digits(target, args):
    from msgspec.structs import replace

    spec = RunSpec(model=Choice(target, args), loader=LoaderSpec(batch_size=128))
    curve = losses(replace(spec, range=replace(spec.range, start_lr=5e-3)))
    assert sum(curve[-5:]) < 0.75 * sum(curve[:5])
