"""How far a run or a race is, and what it takes of the machine, in words."""

from lrtui.events import Machine, Racing

_GIB = 2**30
_HOUR, _MINUTE = 3600, 60


def clock(seconds: float) -> str:
    """A duration as `0:05`, `12:30` or `1:02:30`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    if hours:
        return f"{hours}:{minutes:02}:{left:02}"
    return f"{minutes}:{left:02}"


def racing_text(racing: Racing) -> str:
    """`trial 3 of at most 9  lr 2.2e-03  120/233  0:41 left`."""
    if racing.round < 0:
        return f"timing a few steps  lr {racing.lr:.2e}"
    words = f"trial {racing.trials + 1}"
    if racing.total:
        words += f" of at most {max(racing.total, racing.trials + 1)}"
    words += f"  lr {racing.lr:.2e}  {racing.done}/{racing.of}"
    if racing.seconds_left is not None:
        words += f"  {clock(racing.seconds_left)} left"
    return words


def speed(steps: int, seconds: float, samples_per_step: int = 0) -> str:
    """`14 it/s · 896 samples/s`; "" before there is a step."""
    if steps <= 0 or seconds <= 0:
        return ""
    per_second = steps / seconds
    words = f"{short(per_second)} it/s"
    if samples_per_step:
        words += f" · {short(per_second * samples_per_step)} samples/s"
    return words


def machine_text(machine: Machine) -> str:
    """`NVIDIA H100  81 %  3.1 of 80 GiB`; of a CPU its load in cores, and the memory."""
    used, total = machine.memory_used / _GIB, machine.memory_total / _GIB
    memory = f"{used:.1f} of {total:.0f} GiB"
    if machine.kind == "cpu":
        cores = machine.utilisation / 100
        return f"{machine.name}  {cores:.1f} cores busy  {memory}"
    return f"{machine.name}  {machine.utilisation:.0f} %  {memory}"


def short(number: float) -> str:
    """A rate per second with two or three digits: `0.52`, `14`, `896`, `12,400`."""
    if number < 10:
        return f"{number:.2g}"
    if number < 1000:
        return f"{number:.0f}"
    return f"{float(f'{number:.3g}'):,.0f}"
