"""Precision: how a forward is cast, how a loss is scaled, and how an optimizer then steps."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.optim import Optimizer

from lrtui.engine import apex

PRECISIONS = ("fp32", "tf32", "bf16", "fp16", "apex-O1", "apex-O2")


class Precision:
    """Full precision: nothing is cast and nothing scaled. The kinds below differ from it in one thing each."""

    scaler: Any = None
    _uncast = nullcontext()

    def autocast(self) -> AbstractContextManager[Any]:
        """The context of every forward, training and validation alike."""
        return self._uncast

    def settings(self) -> AbstractContextManager[Any]:
        """Global settings that hold during a run."""
        return nullcontext()

    def backward(self, loss: torch.Tensor, optimizers: Sequence[Optimizer]) -> None:
        """Backpropagate a loss."""
        loss.backward()  # type: ignore[no-untyped-call]

    def unscale(self, optimizer: Optimizer) -> None:
        """Bring gradients to their true size, before they are clipped."""

    def step(self, optimizer: Optimizer) -> None:
        """One step of the optimizer."""
        optimizer.step()

    def update(self) -> None:
        """After the step of every optimizer."""

    def scale(self) -> Any:
        """The loss scale after a step, to be read later, or None. It falls when a step was skipped."""
        return None

    def scale_now(self) -> float | None:
        """The loss scale, read at once."""
        return None


class Tf32(Precision):
    """Matrix products in TensorFloat-32 where the GPU has it."""

    @contextlib.contextmanager
    def settings(self) -> Iterator[None]:
        """Switch it on, and back to what it was."""
        put_back = _tf32_on()
        try:
            yield
        finally:
            put_back()


class Autocast(Precision):
    """torch.amp.autocast, with a GradScaler where there is one (fp16 needs it, bf16 does not)."""

    def __init__(self, config: Mapping[str, Any], scaler: Any = None) -> None:
        self._config = dict(config)
        self.scaler = scaler

    def autocast(self) -> AbstractContextManager[Any]:
        """A fresh autocast context."""
        return torch.amp.autocast(**self._config)

    def backward(self, loss: torch.Tensor, optimizers: Sequence[Optimizer]) -> None:
        """Backpropagate the scaled loss."""
        (loss if self.scaler is None else self.scaler.scale(loss)).backward()

    def unscale(self, optimizer: Optimizer) -> None:
        """Unscale the gradients of one optimizer."""
        if self.scaler is not None:
            self.scaler.unscale_(optimizer)

    def step(self, optimizer: Optimizer) -> None:
        """Step, unless a gradient overflowed."""
        if self.scaler is None:
            optimizer.step()
        else:
            self.scaler.step(optimizer)

    def update(self) -> None:
        """Let the scaler choose its next scale."""
        if self.scaler is not None:
            self.scaler.update()

    def scale(self) -> Any:
        """The scale as a tensor of its own, so that reading it later costs no synchronisation now."""
        scale = getattr(self.scaler, "_scale", None)
        return scale.detach().clone() if isinstance(scale, torch.Tensor) else self.scale_now()

    def scale_now(self) -> float | None:
        """The scale as a number."""
        return None if self.scaler is None else float(self.scaler.get_scale())


class Apex(Precision):
    """NVIDIA's apex.amp, for a model and optimizers that `amp.initialize` has prepared."""

    def __init__(self) -> None:
        self._amp = apex.amp()
        self.scaler = self._amp

    def backward(self, loss: torch.Tensor, optimizers: Sequence[Optimizer]) -> None:
        """Backpropagate through amp's own scaling, where the optimizers are amp's."""
        prepared = [one for one in optimizers if hasattr(one, "_amp_stash")]
        if not prepared:
            loss.backward()  # type: ignore[no-untyped-call]
            return
        with self._amp.scale_loss(loss, prepared[0] if len(prepared) == 1 else prepared) as scaled:
            scaled.backward()

    def scale(self) -> Any:
        """The scale of amp's first loss scaler; amp keeps it as a number on the host."""
        return self.scale_now()

    def scale_now(self) -> float | None:
        """The same."""
        first = next(iter(self._amp.state_dict().values()), None)
        return None if first is None else float(first["loss_scale"])


def _tf32_on() -> Callable[[], None]:
    """Switch TensorFloat-32 on for matrix products; what is returned puts back what was set before."""
    try:
        before = torch.get_float32_matmul_precision()
    except (
        RuntimeError
    ):  # it was set through torch's newer interface, after which the older one cannot be read
        matmul: Any = torch.backends.cuda.matmul
        kept = matmul.fp32_precision
        matmul.fp32_precision = "tf32"
        return lambda: setattr(matmul, "fp32_precision", kept)
    torch.set_float32_matmul_precision("high")
    return lambda: torch.set_float32_matmul_precision(before)


def of_name(name: str, device: torch.device) -> Precision:
    """The precision of that name on a device; apex's kinds expect `apex_initialize` to have been called.

    Raises:
        ValueError: unknown, or not to be had here; the text names the nearest choice that works.
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
        scaler = torch.amp.GradScaler(device.type)
        return Autocast({"device_type": device.type, "dtype": torch.float16}, scaler)
    if name in ("apex-O1", "apex-O2"):
        if device.type != "cuda":
            raise ValueError(f"{name} needs a CUDA device, and the device is {device}; use bf16")
        return Apex()
    raise ValueError(f"unknown precision '{name}', expected one of {', '.join(PRECISIONS)}")


def of_backend(
    backend: str | None, config: Mapping[str, Any] | None, scaler: Any, device: torch.device
) -> Precision:
    """The precision that torch_lr_finder's `amp_backend`, `amp_config` and `grad_scaler` ask for.

    Raises:
        ValueError: an unknown or unusable backend, or fp16 without a scaler (bf16 needs none, unlike torch_lr_finder).
    """
    if not backend:
        return Precision()
    if backend == "apex":
        if not apex.amp_finding().usable:
            raise ValueError(f"Unknown amp backend: apex ({apex.amp_finding().reason})")
        return Apex()
    if backend != "torch":
        raise ValueError(f"Unknown amp backend: {backend}")
    settings = {"device_type": device.type, **(config or {})}
    dtype = settings.get("dtype") or torch.get_autocast_dtype(settings["device_type"])
    if scaler is None and dtype == torch.float16:
        raise ValueError("`grad_scaler` is required when using `torch.amp` with float16")
    return Autocast(settings, scaler)


def apex_initialize(model: Any, optimizers: Any, name: str) -> tuple[Any, Any]:
    """`amp.initialize` for `apex-O1` or `apex-O2`; model and optimizer must not be used in another way afterwards."""
    level = name.removeprefix("apex-")
    prepared: tuple[Any, Any] = apex.amp().initialize(
        model, optimizers, opt_level=level, verbosity=0
    )
    return prepared


@contextlib.contextmanager
def global_settings(precision: Precision, cudnn_benchmark: bool | None) -> Iterator[None]:
    """Global settings for the time of a test: the precision's own, and cuDNN's search for its fastest algorithms.

    Gradients are on or off afterwards as they were: an interrupt inside one of torch's own can leave them off.
    """
    cudnn = torch.backends.cudnn
    before, gradients = cudnn.benchmark, torch.is_grad_enabled()
    with precision.settings():
        if cudnn_benchmark is not None:
            cudnn.benchmark = cudnn_benchmark
        try:
            yield
        finally:
            cudnn.benchmark = before
            torch.set_grad_enabled(gradients)
