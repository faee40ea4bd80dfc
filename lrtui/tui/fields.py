"""The run's own fields, in sections: what the form asks for besides the four choices and their parameters."""

from lrtui.catalog.offer import Field

RANGE = {
    "range.start_lr": Field(name="start_lr", kind="float", help="the learning rate of the first iteration"),
    "range.end_lr": Field(name="end_lr", kind="float", help="the learning rate of the last iteration"),
    "range.num_iter": Field(name="num_iter", kind="int", help="iterations between the two: points of the curve"),
    "range.mode": Field(
        name="mode",
        kind="choice",
        choices=("exp", "linear"),
        help="how the learning rate rises: by a factor, or by a step",
    ),
    "range.repeats": Field(name="repeats", kind="int", help="how often the test is run: one seed is not an answer"),
    "range.accumulation_steps": Field(
        name="accumulation_steps", kind="int", help="batches whose gradients make one step"
    ),
    "range.smooth_f": Field(
        name="smooth_f", kind="float", help="share of the new loss in the smoothed one: 0 for none"
    ),
    "range.diverge_th": Field(name="diverge_th", kind="float", help="stops when the loss is so many times the best"),
    "range.val": Field(name="val", kind="bool", help="the curve is the validation loss, measured after every step"),
}
BATCHES = {
    "loader.batch_size": Field(name="batch_size", kind="int", help="examples in a batch"),
    "loader.subset": Field(name="subset", kind="int", help="how many training examples are used: 0 for all"),
    "loader.workers": Field(
        name="workers", kind="int", help="processes that load batches: 0 loads in the training process"
    ),
    "seed": Field(name="seed", kind="int", help="of initialisation and data order: the same seed is the same run"),
}
MACHINE = {
    "device": Field(
        name="device", kind="str", choices=("auto", "cpu"), help="where it runs: auto takes a GPU when there is one"
    ),
    "precision": Field(
        name="precision",
        kind="choice",
        choices=("fp32", "tf32", "bf16", "fp16", "apex-O1", "apex-O2"),
        help="of the arithmetic: fp32, or mixed with torch's autocast or apex",
    ),
}
OWN = {**RANGE, **BATCHES, **MACHINE}
ROLES = ("model", "data", "optimizer", "loss")
