"""A model made on the CPU, on the device of the run, or on meta."""

from collections.abc import Callable

import torch

from lrtui.build.construction.meta import NotProvenError, made_on_meta
from lrtui.catalog.errors import PhaseError
from lrtui.catalog.targets import Notice
from lrtui.engine.restore.random_state import RngState
from lrtui.spec import InitDevice


def construct(
    factory: Callable[[], object], init_device: InitDevice, device: torch.device, notice: Notice
) -> object:
    """What a factory makes, made where `init_device` says.

    - "cpu": as a script does that makes a model and moves it. Its weights are those of the seed on
      the CPU, whatever the device; for a moment the CPU holds all of them.
    - "device": under `with device:`. The CPU holds nothing, and the GPU draws the weights: other
      numbers of the same distributions. A factory that needs its tensors on the CPU is called
      there, with a notice.
    - "meta": without memory at first; then each module's `reset_parameters` draws its weights on
      the device. Only where they are provably those of "device", to the last bit (see
      `made_on_meta`); otherwise as "device", with a notice that says why.

    Raises:
        PhaseError: as the factory.
    """
    if init_device == "cpu":
        return factory()
    before = RngState()
    if init_device == "meta":
        try:
            made = made_on_meta(factory, device)
            notice(f"init_device meta: reset_parameters has drawn the weights on {device}")
            return made
        except NotProvenError as error:
            notice(f"init_device meta: the model is made on {device} instead: {error}")
            before.restore()
    if device.type == "cpu":
        return factory()
    try:
        with device:
            return factory()
    except PhaseError as error:
        if not isinstance(error.__cause__, Exception):  # Ctrl-C, sys.exit
            raise
        before.restore()
        made = factory()  # what is wrong wherever it is made is raised here
        notice(f"init_device {init_device}: the model is made on the cpu: on {device}, {error}")
        return made
