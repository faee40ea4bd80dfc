"""Precisions: what runs in them, skipped steps, and errors that name an alternative."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from lrtui import LRFinder
from lrtui.engine.forward import Forward
from lrtui.engine.precision import Apex, Autocast, Precision, Tf32, of_backend, of_name
from tests.engine.rigs import finder, loader, mlp

CPU = torch.device("cpu")


def dtypes(live: LRFinder) -> list[torch.dtype]:
    seen = []
    live.model.get_submodule("0").register_forward_hook(
        lambda part, inputs, output: seen.append(output.dtype)
    )
    return seen


def test_bf16_really_runs_and_asks_for_no_scaler() -> None:
    live = finder(precision="bf16")
    seen = dtypes(live)
    live.range_test(loader(), loader(8), num_iter=3)
    assert set(seen) == {torch.bfloat16}
    assert len(live.history["lr"]) == 3
    plain = finder()
    plain.range_test(loader(), loader(8), num_iter=3)
    assert live.history["loss"] != plain.history["loss"]
    assert live.history["loss"] == pytest.approx(plain.history["loss"], rel=0.02)


def test_torch_lr_finders_arguments_for_autocast() -> None:
    live = finder(amp_backend="torch", amp_config={"device_type": "cpu", "dtype": torch.bfloat16})
    seen = dtypes(live)
    live.range_test(loader(), num_iter=2)
    assert seen == [torch.bfloat16] * 2
    assert live.amp_backend == "torch"


def test_fp32_is_left_alone() -> None:
    live = finder(precision="fp32")
    seen = dtypes(live)
    live.range_test(loader(), num_iter=2)
    assert seen == [torch.float32] * 2


def test_tf32_is_on_during_the_test_alone() -> None:
    before = torch.get_float32_matmul_precision()
    live = finder(precision="tf32")
    steps = live.steps(loader(), num_iter=3)
    next(steps)
    assert torch.get_float32_matmul_precision() == "high"
    steps.close()
    assert torch.get_float32_matmul_precision() == before
    live.range_test(loader(), num_iter=3)
    assert torch.get_float32_matmul_precision() == before


def test_tf32_where_the_precision_was_set_through_torchs_newer_interface(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise RuntimeError("mix of the legacy and new APIs")

    matmul = torch.backends.cuda.matmul
    if not hasattr(matmul, "fp32_precision"):
        pytest.skip("this torch has no newer interface")
    before = matmul.fp32_precision
    monkeypatch.setattr(torch, "get_float32_matmul_precision", refuse)
    for _ in finder(precision="tf32").steps(loader(), num_iter=2):
        assert matmul.fp32_precision == "tf32"
    assert matmul.fp32_precision == before


def test_cudnn_benchmark_is_on_during_the_test_alone() -> None:
    live = finder(cudnn_benchmark=True)
    for _ in live.steps(loader(), num_iter=2):
        assert torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.benchmark


def test_compiling_is_off_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    def compile(model: nn.Module) -> nn.Module:
        called.append(model)
        return model

    monkeypatch.setattr(torch, "compile", compile)
    finder().range_test(loader(), num_iter=2)
    assert called == []
    live = finder(compile=True)
    live.range_test(loader(), num_iter=2)
    assert called == [live.model]


class Unsized(nn.Module):
    """A model without a length, as most are; torch.compile's wrapper has a `__len__`."""

    def __init__(self) -> None:
        super().__init__()
        self.net = mlp()

    def forward(self, inputs: torch.Tensor) -> Any:
        return self.net(inputs)


def test_a_compiled_model_gives_the_curve_of_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    eager = partial(torch.compile, backend="eager")  # the same wrapper, without a C++ compiler
    monkeypatch.setattr(torch, "compile", eager)
    curves = []
    for compile in (False, True):
        live = finder(Unsized(), compile=compile)
        live.range_test(loader(), loader(16), num_iter=4)
        live.confirm(loader(), lr=0.01, iterations=200)
        curves.append(live.history["loss"])
    assert curves[0] == curves[1]


def test_a_criterion_that_is_compiled_is_described_and_used() -> None:
    criterion = torch.compile(Squared(), backend="eager")
    inputs, target = torch.ones(2, 3), torch.zeros(2, 3)
    forward = Forward(nn.Identity(), criterion)
    assert forward.describe((inputs, target)) == "2x3 float32 → input, 2x3 float32 → target"
    assert forward((inputs, target)).loss == 1


class Squared(nn.Module):
    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (output - target).square().mean()


def scaled(**options: Any) -> tuple[LRFinder, torch.amp.GradScaler]:
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, **options)
    live = finder(
        amp_backend="torch",
        amp_config={"device_type": "cpu", "dtype": torch.bfloat16},
        grad_scaler=scaler,
    )
    return live, scaler


def overflow_at(live: LRFinder, *iterations: int) -> None:
    count = 0

    def hook(gradient: torch.Tensor) -> torch.Tensor:
        nonlocal count
        count += 1
        return gradient * float("inf") if count - 1 in iterations else gradient

    live.model.get_parameter("0.weight").register_hook(hook)  # type: ignore[no-untyped-call]


def test_steps_that_a_scaler_skipped_are_marked_and_left_out() -> None:
    live, _ = scaled()
    overflow_at(live, 0, 3)
    steps = list(live.steps(loader(), num_iter=6))
    assert [step.skipped for step in steps] == [True, False, False, True, False, False]
    assert live.history["lr"] == [step.lr for step in steps if not step.skipped]
    assert len(live.history["raw_loss"]) == 4


def test_a_skip_during_the_warm_up_is_not_blamed_on_the_first_point() -> None:
    live, _ = scaled()
    overflow_at(live, 1)
    assert not any(step.skipped for step in live.steps(loader(), num_iter=4, warmup=2))


def test_a_growing_scale_is_no_skip() -> None:
    live, scaler = scaled(growth_interval=1)
    assert not any(step.skipped for step in live.steps(loader(), num_iter=4))
    assert scaler.get_scale() == 1024.0 * 16


def test_the_scaler_is_restored_even_when_it_was_broken_off_between_unscaling_and_updating() -> (
    None
):
    live, scaler = scaled()
    state = scaler.state_dict()
    overflow_at(live, 1)
    live.range_test(loader(), num_iter=4)
    assert scaler.state_dict() != state
    live.reset()
    assert scaler.state_dict() == state

    def fail(*_: object) -> None:
        raise KeyError("broken")

    live.optimizers[0].register_step_pre_hook(fail)
    for _ in range(2):
        with pytest.raises(KeyError):
            live.range_test(loader(), num_iter=4, clip_grad_norm=1.0)
        assert scaler.state_dict() == state


def test_clipping_sees_the_unscaled_gradients() -> None:
    live, _ = scaled()
    plain = finder(precision="bf16")
    for tested in (live, plain):
        tested.range_test(loader(), num_iter=4, clip_grad_norm=0.05)
    assert live.history["loss"] == pytest.approx(plain.history["loss"], rel=1e-3)


@pytest.mark.parametrize(
    ("name", "kind"), [("fp32", Precision), ("tf32", Tf32), ("bf16", Autocast)]
)
def test_by_name(name: str, kind: type[Precision]) -> None:
    assert type(of_name(name, CPU)) is kind


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fp16", "fp16 needs a GPU, and the device is cpu; use bf16"),
        ("apex-O1", "apex-O1 needs a CUDA device, and the device is cpu; use bf16"),
        (
            "fp8",
            "unknown precision 'fp8', expected one of fp32, tf32, bf16, fp16, apex-O1, apex-O2",
        ),
    ],
)
def test_an_unavailable_precision_names_one_that_works(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        finder(precision=name)


def test_fp16_needs_a_scaler_and_bf16_does_not() -> None:
    with pytest.raises(ValueError, match=r"`grad_scaler` is required when using `torch.amp`"):
        of_backend("torch", {"device_type": "cuda", "dtype": torch.float16}, None, CPU)
    of_backend("torch", {"dtype": torch.bfloat16}, None, CPU)
    of_backend("torch", None, None, CPU)


def test_lbfgs_and_a_scaler_do_not_go_together() -> None:
    live = finder(
        None,
        torch.optim.LBFGS,
        amp_backend="torch",
        amp_config={"dtype": torch.bfloat16},
        grad_scaler=torch.amp.GradScaler("cpu"),
    )
    with pytest.raises(ValueError, match="cannot be used with a GradScaler; use fp32 or bf16"):
        live.range_test(loader())


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16", "fp16"])
def test_on_a_gpu_every_precision_learns_and_is_restored(precision: str) -> None:
    model = mlp().cuda()
    live = finder(
        model, lambda params: torch.optim.AdamW(params, lr=1e-4, fused=True), precision=precision
    )
    before = live.digest()
    live.range_test(loader(256, 64), num_iter=40, end_lr=0.1, diverge_th=100)
    assert min(live.history["loss"]) < live.history["loss"][0]
    live.reset()
    assert live.digest() == before


@pytest.mark.gpu
@pytest.mark.apex
@pytest.mark.parametrize("precision", ["apex-O1", "apex-O2"])
def test_on_a_gpu_apex_learns_and_its_master_weights_are_restored(precision: str) -> None:
    live = finder(
        nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3)).cuda(), precision=precision
    )
    assert isinstance(live._precision, Apex)
    before = live.digest()
    for _ in range(2):
        live.range_test(loader(256, 64), num_iter=40, diverge_th=100)
        live.reset()
        assert live.digest() == before
