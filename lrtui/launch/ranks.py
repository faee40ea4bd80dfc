"""What keeps the processes of a run from being started on this machine, known before it starts."""

import subprocess
import sys

from lrtui.ranks.placement import Placement, placement_of
from lrtui.spec import RunSpec
from lrtui.specproblems import not_divisible

_COUNT = "import torch; print(torch.cuda.device_count())"
_SECONDS = 120


def start_problem(spec: RunSpec) -> str:
    """Why a run on several processes cannot be started here, in one line; "" where it can."""
    if not spec.devices.nproc:
        return ""
    placement = placement_of(spec.devices)
    if spec.loader.batch_size % placement.size:
        return f"loader.batch_size: {not_divisible(spec.loader.batch_size, placement.size)}"
    return _gpu_problem(spec, placement)


def _gpu_problem(spec: RunSpec, placement: Placement) -> str:
    if spec.device == "cpu" or (spec.device == "auto" and placement.local_size == 1):
        return ""
    gpus = _gpus()
    if gpus >= placement.local_size or (spec.device == "auto" and not gpus):
        return ""
    count = placement.local_size
    needed = "1 process needs a GPU" if count == 1 else f"{count} processes need as many GPUs"
    advice = "set --device cpu" if not gpus else f"lower --nproc to {gpus}, or set --device cpu"
    return f"{needed}, and this machine has {gpus}: {advice}"


def _gpus() -> int:
    """The GPUs that torch sees, asked in another process: a front end never imports torch."""
    try:
        answer = subprocess.run(  # noqa: S603 # nosec B603 # a fixed command
            [sys.executable, "-P", "-c", _COUNT], capture_output=True, timeout=_SECONDS, check=True
        )
        return int(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0
