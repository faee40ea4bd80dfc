from lrtui.events import Machine, Racing
from lrtui.report.progress import clock, machine_text, racing_text, short, speed

RACING = Racing(
    lr=2.15e-3, round=0, seed=0, done=120, of=233, trials=2, total=9, spent=586, budget=2097,
    seconds_left=41.2,
)  # fmt: skip


def test_a_race_says_what_is_trained_how_far_it_is_and_the_time_left() -> None:
    assert racing_text(RACING) == "trial 3 of at most 9  lr 2.15e-03  120/233  0:41 left"


def test_before_the_time_of_a_step_is_known_a_race_says_that_it_is_timed() -> None:
    timing = Racing(lr=1e-3, round=-1, seed=0, done=2, of=5, trials=0, total=0, spent=2, budget=0)
    assert racing_text(timing) == "timing a few steps  lr 1.00e-03"


def test_speed_is_in_steps_and_in_samples_where_their_number_is_known() -> None:
    assert speed(140, 10.0, 64) == "14 it/s · 896 samples/s"
    assert speed(5, 10.0) == "0.5 it/s"
    assert speed(0, 10.0, 64) == ""
    assert speed(10, 0.0) == ""
    assert short(12_345.0) == "12,300"


def test_a_machine_is_said_with_its_unit() -> None:
    gpu = Machine(
        kind="gpu", name="NVIDIA H100", utilisation=81.0,
        memory_used=int(3.1 * 2**30), memory_total=80 * 2**30,
    )  # fmt: skip
    assert machine_text(gpu) == "NVIDIA H100  81 %  3.1 of 80 GiB"
    cpu = Machine(
        kind="cpu", name="CPU, 2 threads", utilisation=150.0,
        memory_used=2**29, memory_total=2**34,
    )  # fmt: skip
    assert machine_text(cpu) == "CPU, 2 threads  1.5 cores busy  0.5 of 16 GiB"


def test_a_duration_is_read_like_a_clock() -> None:
    assert [clock(seconds) for seconds in (0, 4.6, 750, 3750)] == [
        "0:00",
        "0:05",
        "12:30",
        "1:02:30",
    ]
