"""A failed run in words: the place in the user's code, what that printed last, what to do."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import UNSET, UnsetType

from lrtui.events import FailurePlace
from lrtui.spec import RunSpec

_HALF = ("bf16", "fp16")


def place(where: FailurePlace) -> str:
    """A place as a traceback names it: `net.py:12, in forward`; the path from here, if below."""
    path = Path(where.file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    words = f"{path}:{where.line}"
    if where.function:
        words += f", in {where.function}"
    return words


def next_step(where: FailurePlace | None, log: str = "", advice: str | UnsetType = UNSET) -> str:
    """What to do after a failure."""
    if advice:
        return str(advice)
    if where is not None:
        return f"Fix {Path(where.file).name}, then run again: the file is read anew."
    if log:
        return "The log says more."
    return ""


def less_memory(spec: RunSpec) -> str:
    """What of a spec to change where a device has too little memory for it."""
    ways = []
    size, steps = spec.loader.batch_size, spec.range.accumulation_steps
    if size > 1:
        half = size // 2
        ways.append(
            f"set loader.batch_size to {half} and range.accumulation_steps to {2 * steps}: "
            "the optimizer still sees as many examples a step"
        )
    else:
        ways.append("make the model smaller, or its examples")
    if spec.precision not in _HALF and not spec.precision.startswith("apex"):
        ways.append("or set precision to bf16, which halves the activations")
    return f"{_sentence('; '.join(ways))} Or end what else is on the device."


def after_assert(spec: RunSpec) -> str:
    """What to do about an assert on a device, whose own message names no line."""
    return (
        "Most often a label or an index is out of range. Set device to cpu: there the error names "
        f"the line. Or run with CUDA_LAUNCH_BLOCKING=1 on {spec.device}."
    )


AFTER_LOSS = (
    "The next run has a fresh process. If that fails too, see what nvidia-smi and dmesg say."
)
LESS_HOST_MEMORY = (
    "Set loader.workers and loader.batch_size lower, or load the data in parts: "
    "the machine's own memory is full."
)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def lines(
    where: FailurePlace | None, output: Sequence[str], advice: str | UnsetType = UNSET
) -> Iterator[str]:
    """The place and its source line, what to change, the last prints; nothing that is unknown."""
    if where is not None:
        yield f"where    {place(where)}"
        if where.source:
            yield f"             {where.source}"
    if advice:
        yield f"to do    {advice}"
    label = "printed"
    for line in output:
        yield f"{label:9}{line}"
        label = ""
