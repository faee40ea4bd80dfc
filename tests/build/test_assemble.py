"""A spec becomes the same live objects every time, or an error with the phase and one line."""

import random
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrtui.build.assemble import build
from lrtui.build.first_batch import load_first_batch
from lrtui.catalog.errors import PhaseError
from lrtui.engine.forward import Forward
from lrtui.engine.restore.digest import digest
from lrtui.engine.types import Loader
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from tests.build.helpers import count_examples, dataset_of, optimizer_of
from tests.user_files import WriteFile

MLP = "sample_models/mlp.py:MLP"


def spec(**changed: Any) -> RunSpec:
    return replace(RunSpec(model=Choice(MLP)), **changed)


def curve(what: RunSpec, steps: int = 25) -> list[float]:
    built = build(what)
    optimizer = optimizer_of(built)
    forward = Forward(built.model, built.criterion, built.step)
    losses: list[float] = []
    while len(losses) < steps:
        for batch in built.train_loader:
            output = forward(batch)
            optimizer.zero_grad()
            output.loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(output.loss.item())
    return losses[:steps]


def failure(**changed: Any) -> PhaseError:
    with pytest.raises(PhaseError) as caught:
        build(spec(**changed))
    assert "\n" not in caught.value.message
    return caught.value


def test_the_default_spec_builds() -> None:
    built = build(RunSpec())
    assert type(built.model).__name__ == "SmallCNN"
    assert built.batch == "64x1x8x8 float32 → images, 64 int64 → target"
    assert (built.loss_name, built.optimizer_name, built.metric, built.step) == (
        "cross entropy",
        "AdamW",
        None,
        None,
    )
    assert built.val_loader is not None
    assert optimizer_of(built).param_groups[0]["lr"] == RunSpec().range.start_lr


def test_the_same_spec_gives_the_same_curve_and_another_seed_another() -> None:
    what = spec(model=Choice(MLP, {"dropout": 0.2}))
    random.random(), np.random.rand(), torch.rand(1)
    first = curve(what)
    random.random(), np.random.rand(), torch.rand(1)
    assert curve(what) == first
    assert curve(replace(what, seed=1)) != first


@pytest.mark.parametrize(
    ("target", "args"),
    [(MLP, {"dropout": 0.3}), ("sample_models/cnn.py:SmallCNN", {"dropout": 0.3})],
)
def test_it_is_the_curve_of_a_plain_script(target: str, args: dict[str, object]) -> None:
    """Loading and trying the first batch change neither random states nor batch norms."""
    from lrtui.build.datasets.digits import digits
    from lrtui.build.importing import load

    train, _ = digits()
    torch.manual_seed(0)
    model = load(target)(**args)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RunSpec().range.start_lr)
    loader = DataLoader(train, batch_size=64, shuffle=True, drop_last=True)
    script = []
    for images, labels in loader:
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        script.append(loss.item())
    assert curve(spec(model=Choice(target, args)), len(script)) == script


def test_what_the_data_draws_does_not_reach_the_model(user_file: WriteFile) -> None:
    path = user_file("""
        import random, torch
        from lrtui.build.datasets.digits import digits
        def data():
            torch.rand(7), random.random()
            return digits()
    """)
    drawn, plain = build(spec(data=Choice(f"{path}:data"))), build(spec())
    assert digest([drawn.model], []) == digest([plain.model], [])


def test_a_first_batch_leaves_every_random_state_as_it_was() -> None:
    data = TensorDataset(torch.rand(9))
    generator = torch.Generator()
    loader = DataLoader(data, shuffle=True, batch_size=2, generator=generator)
    torch.manual_seed(3)
    before = torch.get_rng_state(), generator.get_state(), random.getstate()
    load_first_batch("it", loader)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.equal(generator.get_state(), before[1])
    assert random.getstate() == before[2]
    plain = DataLoader(data, shuffle=True)
    load_first_batch("it", plain)
    assert torch.equal(torch.get_rng_state(), before[0])


def first_labels(loader: Loader | None) -> torch.Tensor:
    assert loader is not None
    labels: torch.Tensor = next(iter(loader))[1]
    return labels


def stored_labels(loader: Loader | None) -> torch.Tensor:
    data = dataset_of(loader)
    assert isinstance(data, TensorDataset)
    return data.tensors[1][:64]


def test_only_the_training_part_is_shuffled() -> None:
    built = build(spec())
    assert torch.equal(first_labels(built.val_loader), stored_labels(built.val_loader))
    assert not torch.equal(first_labels(built.train_loader), stored_labels(built.train_loader))


def test_arguments_get_the_types_of_the_signature(user_file: WriteFile) -> None:
    path = user_file("""
        import enum
        from typing import Literal
        from torch import nn
        class Shade(enum.Enum):
            DARK = 1
        def net(shade: Shade, size: tuple[int, int], depth: Literal[1, 2], rate: float,
                sizes: list[int]):
            assert shade is Shade.DARK and type(size) is tuple
            assert depth == 2 and type(rate) is float
            assert type(sizes) is list
            return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    """)
    args = {"shade": "DARK", "size": [8, 8], "depth": "2", "rate": 1, "sizes": [1]}
    build(spec(model=Choice(f"{path}:net", args)))


MODELS = [
    ("def net(): raise ValueError('no luck')", "failed: ValueError: no luck (m.py:2)"),
    ("def net(): import sys; sys.exit(4)", "failed: it called sys.exit(4) (m.py:2)"),
    ("def net(): return 3", "returned int: expected a torch.nn.Module"),
    ("def net(): pass", "returned None: expected a torch.nn.Module"),
    ("def other(): pass", "has no 'net'; it has other"),
    ("def net(depth: int): pass", "depth: is required"),
    (
        "import gone_module",
        "failed to import: ModuleNotFoundError: No module named 'gone_module' (m.py:2)",
    ),
]


@pytest.mark.parametrize(("text", "expected"), MODELS)
def test_a_model_that_cannot_be_made_fails_with_one_line(
    user_file: WriteFile, text: str, expected: str
) -> None:
    path = user_file("\n" + text, "m.py")
    error = failure(model=Choice(f"{path}:net"))
    assert error.phase == "model"
    assert error.message.endswith(expected)
    assert error.message.startswith(str(path))


def test_the_cause_is_chained_for_the_log(user_file: WriteFile) -> None:
    path = user_file("def net(): raise ValueError('no luck')")
    assert isinstance(failure(model=Choice(f"{path}:net")).__cause__, ValueError)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({"hidden": "wide"}, f"{MLP}: hidden: expected a whole number, got 'wide'"),
        ({"hidden": True}, f"{MLP}: hidden: expected a whole number, got 'true'"),
        ({"hiden": 3}, f"{MLP}: hiden: there is no such parameter; did you mean 'hidden'?"),
    ],
)
def test_wrong_arguments_are_refused_before_the_model_is_called(
    args: dict[str, object], expected: str
) -> None:
    assert failure(model=Choice(MLP, args)).message == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "def data(): return 3",
            "returned int: expected a Dataset, a DataLoader, or a pair of them",
        ),
        (
            "def data(): return (i for i in [])",
            "returned a generator, which gives its batches only once: return a Dataset",
        ),
        ("def data(): raise OSError('disk gone')", "failed: OSError: disk gone (d.py:2)"),
        (
            "class Endless:\n  def __iter__(self): return iter([])\ndef data(): return Endless()",
            "returned a Endless without a length: give it a __len__",
        ),
        ("def data(): return []", "its training part has no examples"),
        (
            "class Bad(list):\n  def __getitem__(self, i): raise KeyError('pixels')\n"
            "def data(): return Bad('abc')",
            "its first batch cannot be loaded: KeyError: 'pixels' (d.py:3)",
        ),
    ],
)
def test_data_that_cannot_be_used_fails_with_one_line(
    user_file: WriteFile, text: str, expected: str
) -> None:
    path = user_file("\n" + text, "d.py")
    error = failure(data=Choice(f"{path}:data"))
    assert error.phase == "data"
    assert error.message.endswith(expected)


@pytest.mark.parametrize(
    ("changed", "phase", "expected"),
    [
        ({"data": Choice("lrtui:digit")}, "data", "lrtui has no 'digit'; did you mean 'digits'?"),
        ({"model": Choice("nowhere.py:Net")}, "model", "nowhere.py: no such file"),
        ({"optimizer": Choice("torch.optim:AdamX")}, "optimizer", "torch.optim has no 'AdamX'"),
        (
            {"optimizer": Choice("torch.optim:AdamW", {"weight_decay": "much"})},
            "optimizer",
            "torch.optim:AdamW: weight_decay: expected a number, got 'much'",
        ),
        (
            {"optimizer": Choice("torch.optim:AdamW", {"weight_decay": -1.0})},
            "optimizer",
            "torch.optim:AdamW failed: ValueError: Invalid weight_decay value: -1.0",
        ),
        (
            {"optimizer": Choice("torch.nn:Linear", {"out_features": 1})},
            "optimizer",
            "torch.nn:Linear",
        ),
        (
            {"loss": Choice("torch.nn:CrossEntropy")},
            "loss",
            "torch.nn has no 'CrossEntropy'; did you mean 'CrossEntropyLoss",
        ),
        ({"metric": Choice("nowhere.py:f1")}, "metric", "nowhere.py: no such file"),
        ({"step": Choice("nowhere.py:step")}, "step", "nowhere.py: no such file"),
        ({"device": "gpu"}, "device", "'gpu' is not a device: use auto, cpu, cuda or cuda:0"),
    ],
)
def test_what_does_not_exist_is_reported_with_its_phase(
    changed: dict[str, Any], phase: str, expected: str
) -> None:
    error = failure(**changed)
    assert error.phase == phase
    assert expected in error.message


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_reported() -> None:
    assert failure(device="cuda").message.endswith("use cpu or auto")


def test_out_of_memory_is_reported_with_the_size_of_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(self: nn.Module, *args: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nmore")

    monkeypatch.setattr(nn.Module, "to", full)
    error = failure()
    assert error.phase == "device"
    assert "GiB of parameters) does not fit on cpu" in error.message


def test_a_keyboard_interrupt_that_a_factory_raises_is_its_failure(user_file: WriteFile) -> None:
    path = user_file("def net(): raise KeyboardInterrupt")
    with pytest.raises(PhaseError, match="net failed: KeyboardInterrupt"):
        build(spec(model=Choice(f"{path}:net")))


DATA = """
    import torch
    from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset
    def numbers(): return TensorDataset(torch.rand(50, 64), torch.rand(50, 10))
    def pair(): return numbers(), numbers()
    def loader(): return DataLoader(numbers(), batch_size=7)
    def listed(): return [(torch.rand(64), 1)] * 40
    class Stream(IterableDataset):
        def __iter__(self): return iter([(torch.rand(64), 1)] * 40)
    class Mine:
        def __iter__(self):
            return iter([(torch.rand(9, 64), torch.zeros(9, dtype=torch.int64))] * 3)
        def __len__(self): return 3
"""


@pytest.mark.parametrize(
    ("what", "batch", "loss", "validated"),
    [
        ("numbers", "16x64 float32 → inputs, 16x10 float32 → target", "mean squared error", True),
        ("pair", "16x64 float32 → inputs, 16x10 float32 → target", "mean squared error", True),
        ("loader", "7x64 float32 → inputs, 7x10 float32 → target", "mean squared error", False),
        ("listed", "16x64 float32 → inputs, 16 int64 → target", "cross entropy", True),
        ("Stream", "16x64 float32 → inputs, 16 int64 → target", "cross entropy", False),
        ("Mine", "9x64 float32 → inputs, 9 int64 → target", "cross entropy", False),
    ],
)
def test_each_kind_of_data_becomes_batches(
    user_file: WriteFile, what: str, batch: str, loss: str, validated: bool
) -> None:
    path = user_file(DATA)
    built = build(spec(data=Choice(f"{path}:{what}"), loader=LoaderSpec(batch_size=16)))
    assert (built.batch, built.loss_name) == (batch, loss)
    assert (built.val_loader is not None) == validated


def test_val_without_a_validation_part_is_refused(user_file: WriteFile) -> None:
    path = user_file(DATA)
    error = failure(data=Choice(f"{path}:loader"), range=RangeSpec(val=True))
    assert (error.phase, "has no validation part" in error.message) == ("data", True)


def test_a_split_and_a_subset_are_seeded_and_disjoint(user_file: WriteFile) -> None:
    path = user_file(
        "def data(): return [(i, 0) for i in range(100)]\n"
        "from torch import nn\ndef net(): return nn.Linear(1, 1)\n"
        "def step(model, batch): return model(batch[0].float().unsqueeze(1)).mean()"
    )
    what = spec(
        data=Choice(f"{path}:data"),
        model=Choice(f"{path}:net"),
        step=Choice(f"{path}:step"),
        loader=LoaderSpec(val_fraction=0.25, subset=30),
    )

    def numbers(loader: Loader | None) -> list[int]:
        data = dataset_of(loader)
        return [data[index][0] for index in range(count_examples(loader))]

    def parts(seed: int) -> list[list[int]]:
        built = build(replace(what, seed=seed))
        return [numbers(built.train_loader), numbers(built.val_loader)]

    train, val = parts(0)
    assert (len(train), len(val), len(set(train) & set(val))) == (30, 25, 0)
    assert parts(0) == [train, val]
    assert parts(1) != [train, val]


FORWARDS = """
    import torch
    from torch import nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(64, 10)
            self.norm = nn.BatchNorm1d(10)
    class Scores(Net):
        def forward(self, x): return self.norm(self.layer(x))
    class Named(Net):
        def forward(self, x, labels=None):
            return {"loss": self.norm(self.layer(x)).mean(), "logits": None}
    class Pair(Net):
        def forward(self, x, y): return nn.functional.cross_entropy(self.layer(x), y)
    class Auto(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(64, 64)
        def forward(self, x): return self.layer(x)
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Embedding(11, 11)
        def forward(self, x): return self.layer(x)
    def pairs(): return [(torch.rand(64), i % 10) for i in range(80)]
    def named(): return [{"x": torch.rand(64), "labels": i % 10} for i in range(80)]
    def alone(): return [torch.rand(64) for i in range(80)]
    def tokens(): return [(torch.randint(11, (6,)), torch.randint(11, (6,))) for i in range(80)]
"""


@pytest.mark.parametrize(
    ("model", "data", "name"),
    [
        ("Scores", "pairs", "cross entropy"),
        ("Pair", "pairs", "the model's own"),
        ("Named", "named", "the model's own"),
        ("Scores", "named", "cross entropy"),
        ("Auto", "alone", "mean squared error"),
        ("Tokens", "tokens", "cross entropy"),
    ],
)
def test_the_loss_is_chosen_for_the_data_and_the_model(
    user_file: WriteFile, model: str, data: str, name: str
) -> None:
    path = user_file(FORWARDS)
    what = spec(model=Choice(f"{path}:{model}"), data=Choice(f"{path}:{data}"))
    built = build(what)
    assert built.loss_name == name
    batch = next(iter(built.train_loader))
    assert Forward(built.model, built.criterion)(batch).loss.dim() == 0


def test_choosing_a_loss_leaves_the_model_as_it_was(user_file: WriteFile) -> None:
    path = user_file(FORWARDS)
    built = build(spec(model=Choice(f"{path}:Named"), data=Choice(f"{path}:named")))
    norm = built.model.get_submodule("norm")
    assert norm.num_batches_tracked == 0
    assert isinstance(norm.running_mean, torch.Tensor)
    assert torch.equal(norm.running_mean, torch.zeros(10))


def test_the_users_loss_metric_and_step_get_their_arguments(user_file: WriteFile) -> None:
    path = user_file("""
        from torch import nn
        def scaled(output, target, scale: float = 1.0):
            return scale * nn.functional.cross_entropy(output, target)
        def share(output, target): return (output.argmax(1) == target).float().mean()
        def step(model, batch, power: int = 1): return model(batch[0]).square().mean() ** power
    """)
    built = build(
        spec(loss=Choice(f"{path}:scaled", {"scale": 2.0}), metric=Choice(f"{path}:share"))
    )
    plain = build(spec(loss=Choice("torch.nn:CrossEntropyLoss")))
    batch = next(iter(plain.train_loader))
    twice = Forward(built.model, built.criterion, None, built.metric)(batch)
    assert twice.loss.item() == pytest.approx(
        2 * Forward(plain.model, plain.criterion)(batch).loss.item()
    )
    assert (built.loss_name, built.metric_name) == ("scaled", "share")
    assert twice.metric is not None
    assert 0 <= float(twice.metric) <= 1
    stepped = build(spec(step=Choice(f"{path}:step", {"power": 2})))
    assert stepped.criterion is None
    assert stepped.step is not None
    assert stepped.step(stepped.model, batch).item() >= 0


def test_an_optimizer_factory_gets_the_model_or_its_parameters(user_file: WriteFile) -> None:
    path = user_file("""
        import torch
        def groups(model, lr=1.0, decay: float = 0.0):
            own = list(model.named_parameters())
            return torch.optim.SGD([{"params": [p]} for _, p in own], lr=lr, weight_decay=decay)
        def plain(params): return torch.optim.SGD(params, lr=0.5)
        def two(model):
            parameters = list(model.parameters())
            return [torch.optim.SGD(parameters, lr=0.1), torch.optim.Adam(parameters)]
        def wrong(params): return 3
    """)
    grouped = optimizer_of(build(spec(optimizer=Choice(f"{path}:groups", {"decay": 0.1}))))
    assert len(grouped.param_groups) == 6
    assert {(group["lr"], group["weight_decay"]) for group in grouped.param_groups} == {
        (RunSpec().range.start_lr, 0.1)
    }
    plain = optimizer_of(build(spec(optimizer=Choice(f"{path}:plain"))))
    assert plain.param_groups[0]["lr"] == 0.5
    assert build(spec(optimizer=Choice(f"{path}:two"))).optimizer_name == "SGD + Adam"
    assert "expected a torch.optim.Optimizer" in failure(optimizer=Choice(f"{path}:wrong")).message
