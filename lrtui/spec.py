"""RunSpec: what to run, as plain data.

Forms and flags edit it, the worker builds live objects from it. Each setting is declared once,
with type, limits, default and help: see `lrtui.settings`. What is wrong with a spec is said by
`lrtui.specproblems`.
"""

from typing import Annotated, Any, Literal

import msgspec
import tomli_w

from lrtui import settings
from lrtui.analysis.answer import Schedule
from lrtui.settings import setting

Precision = Literal["fp32", "tf32", "bf16", "fp16", "apex-O1", "apex-O2"]
InitDevice = Literal["cpu", "device", "meta"]


class SpecError(ValueError):
    """A spec that cannot be run: one line, and the dotted field that is wrong, if it is one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(str(Problem(field, message)) if field else message)
        self.message = message
        self.field = field


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was picked: a target `where:what`, and the keyword arguments that it is called with."""

    target: str
    args: dict[str, Any] = {}


class RangeSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The range test's own settings, named as in torch_lr_finder.

    The default ramp is slower than that library's: the effect of a rate shows some iterations late,
    ten times as many with momentum, and on a fast ramp that is a large part of the curve.
    """

    start_lr: Annotated[float, setting("learning rate of the first iteration", finite=True)] = 1e-7
    end_lr: Annotated[float, setting("learning rate of the last iteration", finite=True)] = 10.0
    num_iter: settings.NumIter = 400
    mode: settings.Mode = "exp"
    smooth_f: settings.SmoothF = 0.05
    diverge_th: settings.DivergeTh = 5.0
    accumulation_steps: settings.AccumulationSteps = 1
    iterations_per_lr: settings.IterationsPerLr = 1
    warmup: settings.Warmup = 0
    val: Annotated[bool, setting("measure the validation loss after every step")] = False
    val_batches: settings.ValBatches = 0
    repeats: settings.Repeats = 1
    vary: settings.Vary = "data"
    max_seconds: settings.MaxSeconds = 0.0
    clip_grad_norm: settings.ClipGradNorm = 0.0
    metric_mode: settings.MetricMode = "max"
    create_graph: settings.CreateGraph = False


class LoaderSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a data set becomes batches. It does not apply to a data target that returns loaders."""

    batch_size: Annotated[
        int, setting("examples in a batch; 0: the data set yields batches", ge=0)
    ] = 64
    workers: Annotated[
        int, setting("processes that load batches; 0: load in the training process", ge=0)
    ] = 0
    subset: Annotated[int, setting("training examples to use; 0: all", ge=0)] = 0
    val_fraction: Annotated[
        float,
        setting("share split off where the data has no validation part", gt=0, lt=1),
    ] = 0.2


class PlanSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The training that the learning rate is wanted for. `steps` and `epochs` exclude each other.

    The range test itself is the same for every plan; the answer that is read from it is not.
    """

    schedule: Annotated[
        Schedule,
        setting("how you will train; the answer is the peak of one-cycle or cosine"),
    ] = "constant"
    steps: Annotated[
        int, setting("optimizer steps that you will train for; 0: not said", ge=0, le=10**12)
    ] = 0
    epochs: Annotated[
        int, setting("epochs that you will train for, instead of steps; 0: not said", ge=0)
    ] = 0
    warmup: Annotated[
        int, setting("steps of linear warm-up that your training begins with", ge=0)
    ] = 0


class DevicesSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several processes that train one model together, one device each, started by torchrun.

    A batch of `loader.batch_size` examples is divided among all of them.
    """

    nproc: Annotated[
        int,
        setting("processes on each machine that train the model together; 0: no torchrun", ge=0),
    ] = 0
    shard: Annotated[
        bool, setting("shard the model over the processes (FSDP2); else each has a copy (DDP)")
    ] = False
    nnodes: Annotated[
        int, setting("machines, each with its own lrtui run; in a Slurm step, its tasks", ge=1)
    ] = 1
    node_rank: Annotated[
        int,
        setting("number of this machine, from 0; -1: 0 where rdzv_endpoint is this one", ge=-1),
    ] = -1
    rdzv_endpoint: Annotated[
        str, setting("HOST:PORT of the first machine, where the others find it")
    ] = ""
    timeout: Annotated[
        float,
        setting("seconds that a process waits for the others before the run is ended", gt=0),
    ] = 120.0


class RunSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole run. The defaults run on any machine: a sample model on the built-in digits."""

    model: Annotated[Choice, setting("a callable in a file (net.py:Net), or torchvision:NAME")] = (
        Choice("sample_models/cnn.py:SmallCNN")
    )
    data: Annotated[Choice, setting("lrtui:digits, torchvision:NAME, or a callable in a file")] = (
        Choice("lrtui:digits")
    )
    optimizer: Annotated[Choice, setting("torch.optim:NAME, or a class or factory in a file")] = (
        Choice("torch.optim:AdamW")
    )
    loss: Annotated[
        Choice,
        setting("auto, torch.nn:NAME, a callable in a file, or none: the model returns its loss"),
    ] = Choice("auto")
    metric: Annotated[
        Choice,
        setting("none, lrtui:accuracy, or a callable (output, target) → number in a file"),
    ] = Choice("none")
    step: Annotated[Choice, setting("none, or a callable (model, batch) → loss in a file")] = (
        Choice("none")
    )
    batch: settings.BatchItems = ""
    range: RangeSpec = RangeSpec()
    loader: LoaderSpec = LoaderSpec()
    plan: PlanSpec = PlanSpec()
    devices: DevicesSpec = DevicesSpec()
    precision: Annotated[
        Precision, setting("what the forward computes in: fp32, or mixed by torch or apex")
    ] = "fp32"
    device: Annotated[str, setting("where to run; auto: a GPU where there is one")] = "auto"
    seed: Annotated[
        int,
        setting("seed of initialisation and data order", ge=0, lt=2**63),
    ] = 0
    channels_last: Annotated[bool, setting("memory format of images: faster on many GPUs")] = False
    cudnn_benchmark: Annotated[
        bool, setting("let cuDNN try its algorithms first: faster for constant shapes")
    ] = False
    compile: Annotated[
        bool, setting("torch.compile: ten seconds at the start, pays off for long tests")
    ] = False
    snapshot: settings.SnapshotPlace = "auto"
    init_device: Annotated[
        InitDevice,
        setting(
            "where the model is made: cpu, with the weights of a script that moves it afterwards; "
            "device: no copy on the cpu; meta: without memory if reset_parameters draws all weights"
        ),
    ] = "cpu"


CHOICES = ("model", "data", "optimizer", "loss", "metric", "step")
REQUIRED_CHOICES = ("model", "data", "optimizer")  # the others may be "auto" or "none"
SECTIONS = ("range", "loader", "plan", "devices")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a spec: the dotted field, and what to do about it."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def to_toml(spec: RunSpec) -> str:
    """The whole spec as TOML, defaults included: they may change after the file is saved."""
    return tomli_w.dumps(msgspec.to_builtins(spec))
