"""Precision: how a forward pass is cast, how a loss is scaled, and how an optimizer then steps."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeAlias, TypeVar, cast

import torch
from torch import nn
from torch.amp import GradScaler
from torch.optim import Optimizer

from lrtui.engine import apex
from lrtui.engine.types import Scalar, Scaler

PRECISIONS = ("fp32", "tf32", "bf16", "fp16", "apex-O1", "apex-O2")
AutocastConfig: TypeAlias = Mapping[str, Any]  # keyword arguments of torch.amp.autocast
AnyContext: TypeAlias = AbstractContextManager[object]
Optimizers = TypeVar("Optimizers", bound=Optimizer | Sequence[Optimizer])


class Precision:
    """Full precision: nothing is cast and nothing scaled. Subclasses override what differs."""

    scaler: Scaler | None = None
    _no_cast = nullcontext()

    def autocast(self) -> AnyContext:
        """The context of every forward pass, in training and validation alike."""
        return self._no_cast

    def settings(self) -> AnyContext:
        """The context of a whole run: global settings of torch."""
        return nullcontext()

    def backward(
        self, loss: torch.Tensor, optimizers: Sequence[Optimizer], create_graph: bool = False
    ) -> None:
        """Backpropagate a loss."""
        loss.backward(create_graph=create_graph)  # type: ignore[no-untyped-call]

    def unscale(self, optimizer: Optimizer) -> None:
        """Bring gradients to their true size before they are clipped."""

    def step(self, optimizer: Optimizer) -> None:
        """Take one step with an optimizer."""
        optimizer.step()

    def update(self) -> None:
        """Called after all optimizers have stepped."""

    def scale(self) -> Scalar | None:
        """The loss scale after a step, to be read later; it falls when a step was skipped."""
        return None

    def scale_now(self) -> float | None:
        """The loss scale, or None; waits for the device."""
        return None


class Tf32(Precision):
    """Matrix products in TensorFloat-32 on a GPU that has it."""

    @contextlib.contextmanager
    def settings(self) -> Iterator[None]:
        """Switch TensorFloat-32 on, and afterwards back to what was set before."""
        restore = _enable_tf32()
        try:
            yield
        finally:
            restore()


class Autocast(Precision):
    """torch.amp.autocast, with a GradScaler if there is one (fp16 needs it, bf16 does not)."""

    def __init__(self, config: AutocastConfig, scaler: GradScaler | None = None) -> None:
        self._config = dict(config)
        self.scaler: GradScaler | None = scaler

    def autocast(self) -> AnyContext:
        """A new autocast context."""
        return torch.amp.autocast(**self._config)

    def backward(
        self, loss: torch.Tensor, optimizers: Sequence[Optimizer], create_graph: bool = False
    ) -> None:
        """Backpropagate the scaled loss."""
        if self.scaler is not None:
            loss = self.scaler.scale(loss)
        super().backward(loss, optimizers, create_graph)

    def unscale(self, optimizer: Optimizer) -> None:
        """Unscale the gradients of one optimizer."""
        if self.scaler is not None:
            self.scaler.unscale_(optimizer)

    def step(self, optimizer: Optimizer) -> None:
        """Step, unless a gradient overflowed."""
        if self.scaler is None:
            super().step(optimizer)
        else:
            self.scaler.step(optimizer)

    def update(self) -> None:
        """Let the scaler choose its next scale."""
        if self.scaler is not None:
            self.scaler.update()

    def scale(self) -> Scalar | None:
        """The scale as a new tensor, so that reading it later does not wait for the device now."""
        scale = getattr(self.scaler, "_scale", None)
        if isinstance(scale, torch.Tensor):
            return scale.detach().clone()
        return self.scale_now()

    def scale_now(self) -> float | None:
        """The scale as a number."""
        if self.scaler is None:
            return None
        return float(self.scaler.get_scale())


class Apex(Precision):
    """NVIDIA's apex.amp, for a model and optimizers that `amp.initialize` has prepared."""

    def __init__(self) -> None:
        self._amp: Any = apex.amp()
        self.scaler = self._amp

    def backward(
        self, loss: torch.Tensor, optimizers: Sequence[Optimizer], create_graph: bool = False
    ) -> None:
        """Backpropagate with amp's scaling, for the optimizers that amp has prepared."""
        prepared = [optimizer for optimizer in optimizers if hasattr(optimizer, "_amp_stash")]
        if not prepared:
            super().backward(loss, optimizers, create_graph)
            return
        with self._amp.scale_loss(loss, prepared[0] if len(prepared) == 1 else prepared) as scaled:
            scaled.backward()

    def scale(self) -> float | None:
        """The scale of amp's first loss scaler; amp keeps it as a number on the host."""
        return self.scale_now()

    def scale_now(self) -> float | None:
        """The scale of amp's first loss scaler."""
        scalers = list(self._amp.state_dict().values())
        if not scalers:
            return None
        return float(scalers[0]["loss_scale"])


def of_name(name: str, device: torch.device) -> Precision:
    """The precision of that name on a device; for apex's, call `apex_initialize` first.

    Raises:
        ValueError: unknown, or not available here; the message names the nearest one that works.
    """
    if name == "fp32":
        return Precision()
    if name == "tf32":
        return Tf32()
    if name == "bf16":
        return Autocast({"device_type": device.type, "dtype": torch.bfloat16})
    if name == "fp16":
        if device.type == "cpu":
            raise ValueError("fp16 needs a GPU, and the device is cpu; use bf16")
        scaler = GradScaler(device.type)
        return Autocast({"device_type": device.type, "dtype": torch.float16}, scaler)
    if name in ("apex-O1", "apex-O2"):
        if device.type != "cuda":
            raise ValueError(f"{name} needs a CUDA device, and the device is {device}; use bf16")
        return Apex()
    raise ValueError(f"unknown precision '{name}', expected one of {', '.join(PRECISIONS)}")


def of_backend(
    backend: str | None,
    config: AutocastConfig | None,
    scaler: GradScaler | None,
    device: torch.device,
) -> Precision:
    """The precision that torch_lr_finder's `amp_backend`, `amp_config` and `grad_scaler` ask for.

    Raises:
        ValueError: an unknown or unusable backend, or fp16 without a scaler (bf16 needs none,
            unlike in torch_lr_finder).
    """
    if not backend:
        return Precision()
    if backend == "apex":
        finding = apex.amp_finding()
        if not finding.usable:
            raise ValueError(f"Unknown amp backend: apex ({finding.reason})")
        return Apex()
    if backend != "torch":
        raise ValueError(f"Unknown amp backend: {backend}")
    settings = {"device_type": device.type, **(config or {})}
    dtype = settings.get("dtype") or torch.get_autocast_dtype(settings["device_type"])
    if scaler is None and dtype == torch.float16:
        raise ValueError("`grad_scaler` is required when using `torch.amp` with float16")
    return Autocast(settings, scaler)


def of_prepared(scaler: GradScaler, device: torch.device) -> Precision:
    """The precision of a model whose forward casts by itself: only its losses are scaled."""
    return Autocast({"device_type": device.type, "enabled": False}, scaler)


def apex_initialize(
    model: nn.Module, optimizers: Optimizers, name: str
) -> tuple[nn.Module, Optimizers]:
    """`amp.initialize` for `apex-O1` or `apex-O2`; use only what it returns afterwards."""
    level = name.removeprefix("apex-")
    prepared = apex.amp().initialize(model, optimizers, opt_level=level, verbosity=0)
    return cast(tuple[nn.Module, Optimizers], prepared)


@contextlib.contextmanager
def global_settings(precision: Precision, cudnn_benchmark: bool | None) -> Iterator[None]:
    """The precision's global settings and cuDNN's benchmark mode for the time of a test.

    Also restores whether gradients are enabled: an interrupt inside torch's `no_grad` can leave
    them off.
    """
    cudnn = torch.backends.cudnn
    benchmark_before, gradients_before = cudnn.benchmark, torch.is_grad_enabled()
    with precision.settings():
        if cudnn_benchmark is not None:
            cudnn.benchmark = cudnn_benchmark
        try:
            yield
        finally:
            cudnn.benchmark = benchmark_before
            torch.set_grad_enabled(gradients_before)


def _enable_tf32() -> Callable[[], None]:
    """Switch TensorFloat-32 on for matrix products; returns what restores the setting before."""
    try:
        before = torch.get_float32_matmul_precision()
    except RuntimeError:  # after torch's newer setter was used the older one cannot be read
        return _enable_tf32_newer()
    torch.set_float32_matmul_precision("high")
    return lambda: torch.set_float32_matmul_precision(before)


def _enable_tf32_newer() -> Callable[[], None]:
    matmul: Any = torch.backends.cuda.matmul
    before = matmul.fp32_precision
    matmul.fp32_precision = "tf32"

    def restore() -> None:
        matmul.fp32_precision = before

    return restore
