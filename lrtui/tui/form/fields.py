"""The run's own fields, in sections: what the form asks for besides the four choices and their parameters."""

from lrtui.catalog.offers import Field, Role

RANGE = {
    "range.start_lr": Field(
        name="start_lr", kind="float", help="the learning rate of the first iteration"
    ),
    "range.end_lr": Field(
        name="end_lr", kind="float", help="the learning rate of the last iteration"
    ),
    "range.num_iter": Field(
        name="num_iter", kind="int", help="iterations between the two: points of the curve"
    ),
    "range.mode": Field(
        name="mode",
        kind="choice",
        choices=("exp", "linear"),
        help="how the learning rate rises: by a factor, or by a step",
    ),
    "range.repeats": Field(
        name="repeats", kind="int", help="how often the test is run: one seed is not an answer"
    ),
    "range.accumulation_steps": Field(
        name="accumulation_steps", kind="int", help="batches whose gradients make one step"
    ),
    "range.smooth_f": Field(
        name="smooth_f", kind="float", help="share of the new loss in the smoothed one: 0 for none"
    ),
    "range.diverge_th": Field(
        name="diverge_th", kind="float", help="stops when the loss is so many times the best"
    ),
    "range.val": Field(
        name="val", kind="bool", help="the curve is the validation loss, measured after every step"
    ),
}
BATCHES = {
    "loader.batch_size": Field(name="batch_size", kind="int", help="examples in a batch"),
    "loader.subset": Field(
        name="subset", kind="int", help="how many training examples are used: 0 for all"
    ),
    "loader.workers": Field(
        name="workers",
        kind="int",
        help="processes that load batches: 0 loads in the training process",
    ),
    "seed": Field(
        name="seed",
        kind="int",
        help="of initialisation and data order: the same seed is the same run",
    ),
}
MACHINE = {
    "device": Field(
        name="device",
        kind="str",
        choices=("auto", "cpu"),
        help="where it runs: auto takes a GPU when there is one",
    ),
    "precision": Field(
        name="precision",
        kind="choice",
        choices=("fp32", "tf32", "bf16", "fp16", "apex-O1", "apex-O2"),
        help="of the arithmetic: fp32, or mixed with torch's autocast or apex",
    ),
}
MORE = {
    "range.val_batches": Field(
        name="val_batches",
        kind="int",
        help="validation batches after each step: 0 for the whole validation part",
    ),
    "loader.val_fraction": Field(
        name="val_fraction",
        kind="float",
        help="share that is split off where the data has no validation part",
    ),
    "range.metric_mode": Field(
        name="metric_mode",
        kind="choice",
        choices=("max", "min"),
        help="whether more of the metric is better, or less",
    ),
    "range.vary": Field(
        name="vary",
        kind="choice",
        choices=("data", "init"),
        help="what differs between repeats: the data order, or the initialisation too",
    ),
    "range.warmup": Field(
        name="warmup", kind="int", help="iterations at start_lr before the ramp, not recorded"
    ),
    "range.iterations_per_lr": Field(
        name="iterations_per_lr",
        kind="int",
        help="iterations at each learning rate: above 1 a staircase",
    ),
    "range.clip_grad_norm": Field(
        name="clip_grad_norm",
        kind="float",
        help="largest norm of the gradients: 0 leaves them as they are",
    ),
    "range.max_seconds": Field(
        name="max_seconds", kind="float", help="the run ends after so long: 0 for no limit"
    ),
    "channels_last": Field(
        name="channels_last", kind="bool", help="memory format of images: faster on many GPUs"
    ),
    "cudnn_benchmark": Field(
        name="cudnn_benchmark",
        kind="bool",
        help="cuDNN tries its algorithms first: faster where shapes stay the same",
    ),
    "compile": Field(
        name="compile",
        kind="bool",
        help="torch.compile: ten seconds at the start, worth it for long tests only",
    ),
}
OWN = {**RANGE, **BATCHES, **MACHINE, **MORE}
MAIN_ROLES: tuple[Role, ...] = ("model", "data", "optimizer", "loss")
MORE_ROLES: tuple[Role, ...] = ("metric", "step")
ROLES: tuple[Role, ...] = MAIN_ROLES + MORE_ROLES
EXTRA = Field(
    name="**",
    kind="other",
    default_text="{}",
    annotation="a table",
    help="more keyword arguments, such as {depth = 3}",
)
