"""Everything that a script written for torch_lr_finder relies on, behaviour by behaviour."""

import importlib.util
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch_lr_finder
from torch import nn
from torch.utils.data import DataLoader

import lrtui
from lrtui import LRFinder, TrainDataLoaderIter, ValDataLoaderIter
from tests.engine.rigs import finder, loader, mlp, points, same, weights


@pytest.mark.parametrize("method", ["__init__", "range_test", "plot", "reset"])
def test_the_same_arguments_in_the_same_order_with_the_same_defaults(method: str) -> None:
    def signature(cls: type) -> list[tuple[str, Any]]:
        parameters = list(inspect.signature(getattr(cls, method)).parameters.values())
        kinds = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
        return [(each.name, each.default) for each in parameters if each.kind not in kinds]

    theirs, ours = signature(torch_lr_finder.LRFinder), signature(LRFinder)
    if method == "__init__":  # ours can do without one
        theirs = [(name, None if name == "criterion" else default) for name, default in theirs]
    assert ours == theirs


def test_the_same_public_names() -> None:
    for name in ("LRFinder", "TrainDataLoaderIter", "ValDataLoaderIter"):
        assert hasattr(torch_lr_finder, name)
        assert hasattr(lrtui, name)
    assert issubclass(TrainDataLoaderIter, lrtui.DataLoaderIter)
    assert issubclass(ValDataLoaderIter, lrtui.DataLoaderIter)


def test_before_a_test_the_history_is_empty() -> None:
    live = finder()
    assert live.history == {"lr": [], "loss": []}
    assert live.best_loss is None


@pytest.mark.parametrize(
    ("step_mode", "end_lr", "wanted"),
    [
        ("linear", 5e-5, [1e-5, 2e-5, 3e-5, 4e-5, 5e-5]),
        ("exp", 0.1, [1e-5, 1e-4, 1e-3, 1e-2, 0.1]),
        ("EXP", 0.1, [1e-5, 1e-4, 1e-3, 1e-2, 0.1]),
        ("exp", 1e-9, [1e-5, 1e-6, 1e-7, 1e-8, 1e-9]),
    ],
)
def test_the_history_has_the_rate_that_each_loss_was_measured_at(
    step_mode: str, end_lr: float, wanted: list[float]
) -> None:
    used = []
    live = finder(None, lambda params: torch.optim.SGD(params, lr=1e-5))
    live.optimizers[0].register_step_pre_hook(
        lambda optimizer, *_: used.append(optimizer.param_groups[0]["lr"])
    )
    live.range_test(loader(), num_iter=5, step_mode=step_mode, end_lr=end_lr)
    assert live.history["lr"] == pytest.approx(wanted)
    assert live.history["lr"] == used


def test_the_loss_of_a_point_is_the_one_before_its_step_and_smoothed_from_the_second_on() -> None:
    live = finder(None, lambda params: torch.optim.SGD(params, lr=0.1))
    live.range_test(loader(), num_iter=6, end_lr=1.0, smooth_f=0.3)
    model = mlp()
    raw: list[float] = []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for lr, (inputs, target) in zip(live.history["lr"], loader(), strict=False):
        optimizer.param_groups[0]["lr"] = lr
        loss = nn.functional.cross_entropy(model(inputs), target)
        raw.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert live.history["raw_loss"] == raw
    smoothed = raw[:1]
    for value in raw[1:]:
        smoothed.append(0.3 * value + 0.7 * smoothed[-1])
    assert live.history["loss"] == smoothed
    assert live.best_loss == min(smoothed)
    assert same(weights(live.model), weights(model))


def test_accumulation_gives_the_gradient_of_one_large_batch() -> None:
    def after(batch_size: int, accumulation_steps: int) -> list[torch.Tensor]:
        live = finder(None, lambda params: torch.optim.SGD(params, lr=0.5))
        live.range_test(
            loader(64, batch_size),
            num_iter=4,
            end_lr=1.0,
            accumulation_steps=accumulation_steps,
            smooth_f=0,
        )
        return [*weights(live.model), torch.tensor(live.history["loss"])]

    for large, accumulated in zip(after(16, 1), after(4, 4), strict=True):
        torch.testing.assert_close(large, accumulated)


def test_accumulation_calls_the_criterion_that_often_and_the_optimizer_once() -> None:
    calls = []
    criterion = nn.CrossEntropyLoss()

    def counted(output: torch.Tensor, target: torch.Tensor) -> Any:
        calls.append(1)
        return criterion(output, target)

    live = finder(criterion=counted)
    steps = []
    live.optimizers[0].register_step_pre_hook(lambda *_: steps.append(1))
    live.range_test(loader(), num_iter=5, accumulation_steps=4, diverge_th=1e9)
    assert len(calls) == 20
    assert len(steps) == 5


def test_gradients_of_earlier_batches_are_cleared() -> None:
    seen: list[torch.Tensor] = []
    live = finder(nn.Linear(4, 3), lambda params: torch.optim.SGD(params, lr=1e-12))

    def keep_gradient(*_: object) -> None:
        gradient = live.model.get_parameter("weight").grad
        assert gradient is not None
        seen.append(gradient.clone())

    live.optimizers[0].register_step_pre_hook(keep_gradient)
    inputs, target = points()[:8]
    live.range_test([(inputs, target)] * 2, num_iter=4, end_lr=1e-11)
    for gradient in seen[1:]:
        torch.testing.assert_close(gradient, seen[0])


def test_an_overridden_zero_grad_is_called() -> None:
    class Fused(torch.optim.SGD):
        cleared = 0

        def zero_grad(self, set_to_none: bool = True) -> None:
            self.cleared += 1
            super().zero_grad(set_to_none)

    live = finder(None, Fused)
    live.range_test(loader(), num_iter=3)
    assert isinstance(live.optimizer, Fused)
    assert live.optimizer.cleared == 3


def test_divergence_stops_the_test_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    model = mlp()
    live = LRFinder(
        model, torch.optim.SGD(model.parameters(), lr=1.0), Losses([1.0, 1.0, 6.1, 1.0])
    )
    live.range_test(loader(), num_iter=10, smooth_f=0)
    assert live.history["loss"] == pytest.approx([1.0, 1.0, 6.1])
    assert "diverged" in capsys.readouterr().out
    live = LRFinder(
        model,
        torch.optim.SGD(model.parameters(), lr=1.0),
        Losses([1.0, 1.0, 6.1, 1.0]),
        verbose=False,
    )
    live.range_test(loader(), num_iter=4, smooth_f=0, diverge_th=6.2)
    assert len(live.history["loss"]) == 4
    assert capsys.readouterr().out == ""


class Losses(nn.Module):
    """A criterion that returns the given losses."""

    def __init__(self, losses: list[float]) -> None:
        super().__init__()
        self.losses = iter(losses)

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return output.sum() * 0 + next(self.losses)


def test_validation_runs_in_eval_mode_without_gradients_and_training_in_train_mode() -> None:
    modes = []
    model = mlp()
    model.eval()
    model.register_forward_hook(
        lambda part, *_: modes.append((part.training, torch.is_grad_enabled()))
    )
    live = finder(model)
    live.range_test(loader(), loader(24), num_iter=3)
    assert modes == [(True, True), *[(False, False)] * 3] * 3


def test_the_validation_loss_is_the_one_after_the_step_over_the_whole_set() -> None:
    live = finder(None, lambda params: torch.optim.SGD(params, lr=0.1))
    live.range_test(loader(), loader(20), num_iter=3, smooth_f=0)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    inputs, target = points(20)[:]
    for lr, measured, batch in zip(
        live.history["lr"], live.history["loss"], loader(), strict=False
    ):
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        torch.autograd.backward(nn.functional.cross_entropy(model(batch[0]), batch[1]))
        optimizer.step()
        assert measured == pytest.approx(
            nn.functional.cross_entropy(model(inputs), target).item(), rel=1e-6
        )


class Spy:
    """Stands for a batch or a part of one, and remembers where it was moved to."""

    moves: list[tuple[str, bool]] = []

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor

    def to(self, device: torch.device, non_blocking: bool = False) -> torch.Tensor:
        Spy.moves.append((str(device), non_blocking))
        return self.tensor


@pytest.mark.parametrize("non_blocking", [True, False])
def test_batches_are_moved_to_the_device_asynchronously_or_not(non_blocking: bool) -> None:
    Spy.moves = []
    inputs, target = points()[:8]
    live = finder(device="cpu:0")
    live.range_test(
        [(Spy(inputs), Spy(target))] * 3, num_iter=3, non_blocking_transfer=non_blocking
    )
    assert Spy.moves == [("cpu:0", non_blocking)] * 6
    Spy.moves = []
    live.range_test(
        [(inputs, target)] * 3,
        [(Spy(inputs), Spy(target))],
        num_iter=2,
        non_blocking_transfer=non_blocking,
    )
    assert Spy.moves == [("cpu:0", non_blocking)] * 4


def test_the_model_is_moved_to_the_device_for_the_test(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = finder(device="cpu:0")
    assert live.device == torch.device("cpu:0")
    moved = []
    plain = live.model.to

    def to(*args: Any, **options: Any) -> Any:
        moved.append(args)
        return plain(*args, **options)

    monkeypatch.setattr(live.model, "to", to)
    live.range_test(loader(), num_iter=2)
    assert moved == [(torch.device("cpu:0"),)]


@pytest.mark.gpu
def test_on_a_gpu_model_and_batches_go_there_and_the_model_comes_back() -> None:
    live = finder(None, lambda params: torch.optim.Adam(params, lr=1e-3), device="cuda")
    before = live.digest()
    live.range_test(loader(), loader(16), num_iter=20, diverge_th=100)
    assert next(live.model.parameters()).is_cuda
    assert len(live.history["lr"]) == 20
    live.reset()
    assert not next(live.model.parameters()).is_cuda
    assert live.digest() == before


class TestErrors:
    def test_a_loader_of_the_wrong_kind(self) -> None:
        class Custom:
            def __iter__(self) -> Iterator[Any]:
                return iter(loader())

        live = finder()
        for wrong in (
            Custom(),
            iter(loader()),
            torch.ones(3),
            "data",
            {"a": 1},
            3,
            ValDataLoaderIter(loader()),
        ):
            with pytest.raises(ValueError, match="`train_loader` has unsupported type"):
                live.range_test(wrong)
        for wrong_val in (Custom(), iter(loader()), 3, TrainDataLoaderIter(loader())):
            with pytest.raises(ValueError, match="`val_loader` has unsupported type"):
                live.range_test(loader(), wrong_val)

    @pytest.mark.parametrize("num_iter", [0, 1])
    @pytest.mark.parametrize("step_mode", ["exp", "linear"])
    def test_too_few_iterations(self, num_iter: int, step_mode: str) -> None:
        with pytest.raises(ValueError, match="`num_iter` must be larger than 1"):
            finder().range_test(loader(), num_iter=num_iter, step_mode=step_mode)

    def test_an_unknown_mode(self) -> None:
        with pytest.raises(ValueError, match=r"expected one of \(exp, linear\), got cosine"):
            finder().range_test(loader(), step_mode="cosine")

    @pytest.mark.parametrize("smooth_f", [-0.1, 1, 1.5])
    def test_smoothing_out_of_range(self, smooth_f: float) -> None:
        with pytest.raises(ValueError, match=r"smooth_f is outside the range \[0, 1\["):
            finder().range_test(loader(), smooth_f=smooth_f)

    def test_not_as_many_rates_as_groups(self) -> None:
        with pytest.raises(
            ValueError, match="Length of `new_lrs` is not equal to the number of parameter groups"
        ):
            finder().range_test(loader(), start_lr=[0.1, 0.2])

    def test_a_cache_dir_that_is_none(self, tmp_path: Path) -> None:
        for memory_cache in (True, False):
            with pytest.raises(ValueError, match="Given `cache_dir` is not a valid directory"):
                finder(memory_cache=memory_cache, cache_dir=str(tmp_path / "missing"))

    def test_an_unknown_backend(self) -> None:
        with pytest.raises(ValueError, match="Unknown amp backend: tpu"):
            finder(amp_backend="tpu")

    def test_a_batch_that_cannot_be_split(self) -> None:
        with pytest.raises(
            ValueError,
            match=r"Your batch type is not supported: <class 'dict'>. Please inherit from",
        ):
            finder().range_test(TrainDataLoaderIter([{"a": 1}]))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"num_iter": 0},
            {"step_mode": "x"},
            {"start_lr": 0.0},
            {"smooth_f": 2},
            {"warmup": -1},
            {"repeats": 0},
        ],
    )
    def test_a_bad_argument_touches_nothing(self, wrong: dict[str, Any]) -> None:
        live = finder()
        live.range_test(loader(), num_iter=3)
        history, state, rng = live.history, live.digest(), torch.get_rng_state()
        with pytest.raises(ValueError):
            live.range_test(loader(), **wrong)
        with pytest.raises(ValueError):
            live.steps(3)
        assert live.history is history
        assert live.digest() == state
        assert torch.equal(torch.get_rng_state(), rng)


class TestIterators:
    def test_training_begins_again_and_again(self) -> None:
        batches = TrainDataLoaderIter(loader(16, 8))
        assert len([next(batches) for _ in range(5)]) == 5

    def test_training_ends_without_auto_reset(self) -> None:
        batches = TrainDataLoaderIter(loader(16, 8), auto_reset=False)
        assert len(list(batches)) == 2

    def test_validation_ends_and_begins_again_only_when_asked(self) -> None:
        batches = ValDataLoaderIter(loader(16, 8))
        assert len(list(batches)) == 2
        with pytest.raises(StopIteration):
            next(batches)
        assert len(list(batches)) == 2
        next(iter(batches))
        assert len(list(batches)) == 1

    def test_both_give_the_inputs_and_labels_and_the_data_set(self) -> None:
        for kind in (TrainDataLoaderIter, ValDataLoaderIter):
            batches = kind([("in", "out", "extra")])
            assert next(batches) == ("in", "out")
        source = loader()
        assert TrainDataLoaderIter(source).dataset is source.dataset

    def test_a_subclass_splits_the_batches_of_its_kind(self) -> None:
        class Train(TrainDataLoaderIter):
            calls = 0

            def inputs_labels_from_batch(self, batch: Any) -> tuple[Any, Any]:
                self.calls += 1
                return batch["x"], batch["y"]

        class Val(ValDataLoaderIter):
            calls = 0

            def inputs_labels_from_batch(self, batch: Any) -> tuple[Any, Any]:
                self.calls += 1
                return batch["x"], batch["y"]

        inputs, target = points()[:8]
        named = [{"x": inputs, "y": target}] * 3
        train, val = Train(named), Val(named)
        finder().range_test(train, val, num_iter=5)
        assert train.calls == 5
        assert val.calls == 5 * 3

    def test_inputs_that_are_a_list_of_strings_reach_the_model_as_they_are(self) -> None:
        class Words(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.out = nn.Linear(1, 2)

            def forward(self, words: list[str]) -> Any:
                return self.out(torch.tensor([[float(len(word))] for word in words]))

        live = finder(Words())
        live.range_test([(["a", "bcd"], torch.tensor([0, 1]))], num_iter=3)
        assert len(live.history["lr"]) == 3


class TestDiskCache:
    def test_the_copy_is_in_one_file_in_the_given_folder_and_works(self, tmp_path: Path) -> None:
        live = finder(memory_cache=False, cache_dir=str(tmp_path))
        assert len(list(tmp_path.iterdir())) == 1
        assert live._origin.made.nbytes == 0
        before = live.digest()
        for _ in range(2):
            live.range_test(loader(), num_iter=3)
            assert live.digest() != before
            live.reset()
            assert live.digest() == before

    def test_without_a_folder_it_is_the_systems_temporary_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        live = finder(memory_cache=False)
        assert len(list(tmp_path.iterdir())) == 1
        live.reset()

    def test_in_memory_no_file_is_written(self, tmp_path: Path) -> None:
        finder(cache_dir=str(tmp_path))
        assert list(tmp_path.iterdir()) == []

    def test_the_file_goes_with_the_finder(self, tmp_path: Path) -> None:
        live = finder(memory_cache=False, cache_dir=str(tmp_path))
        del live
        assert list(tmp_path.iterdir()) == []

    def test_a_deleted_file_is_reported(self, tmp_path: Path) -> None:
        live = finder(memory_cache=False, cache_dir=str(tmp_path))
        next(tmp_path.iterdir()).unlink()
        with pytest.raises(
            RuntimeError, match=r"Failed to load state in .*File doesn't exist anymore"
        ):
            live.reset()


SHIM = """
import sys, types, lrtui
package, module = types.ModuleType("torch_lr_finder"), types.ModuleType("torch_lr_finder.lr_finder")
for name in ("LRFinder", "DataLoaderIter", "TrainDataLoaderIter", "ValDataLoaderIter"):
    setattr(package, name, getattr(lrtui, name)), setattr(module, name, getattr(lrtui, name))
package.lr_finder = module
sys.modules.update({"torch_lr_finder": package, "torch_lr_finder.lr_finder": module})
"""


def own_suite() -> Path | None:
    """torch_lr_finder's own tests: where the variable says, or beside an installed source tree."""
    places = [
        os.environ.get("TORCH_LR_FINDER_TESTS"),
        Path(torch_lr_finder.__file__).parent.parent / "tests",
    ]
    return next(
        (Path(place) for place in places if place and (Path(place) / "test_lr_finder.py").exists()),
        None,
    )


@pytest.mark.slow
@pytest.mark.skipif(
    own_suite() is None, reason="torch_lr_finder's own suite is not here: set TORCH_LR_FINDER_TESTS"
)
@pytest.mark.skipif(
    importlib.util.find_spec("pytest_mock") is None, reason="its own suite needs pytest-mock"
)
def test_its_own_suite_passes_against_ours(tmp_path: Path) -> None:
    (tmp_path / "shim.py").write_text(SHIM)
    folder = own_suite()
    path = os.pathsep.join(map(str, (tmp_path, folder, Path(lrtui.__file__).parent.parent)))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "shim",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
    ]
    ran = subprocess.run(
        [*command, f"--rootdir={folder}", str(folder)],
        env={**os.environ, "PYTHONPATH": path, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]


def test_one_loader_for_training_and_validation() -> None:
    both = DataLoader(points(), batch_size=8, shuffle=True)
    live = finder()
    live.range_test(both, both, num_iter=3)
    assert len(live.history["loss"]) == 3
