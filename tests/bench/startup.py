"""What `lrtui --help` costs over a bare interpreter: `python -m tests.bench.startup`."""

import resource
import statistics
import subprocess
import sys

RUNS = 15


def cpu_seconds(argv: list[str]) -> float:
    """User and system time of one run of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure the commands in turns and print the medians."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import click": [sys.executable, "-c", "import click"],
        "lrtui --help": [sys.executable, "-m", "lrtui.cli", "--help"],
        "lrtui run --help": [sys.executable, "-m", "lrtui.cli", "run", "--help"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, argv in commands.items():
            times[name].append(cpu_seconds(argv))
    bare = statistics.median(times["python -c pass"])
    print(f"{'command':20} {'CPU ms':>8} {'over bare':>10}")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:20} {median * 1000:8.0f} {(median - bare) * 1000:10.0f}")


if __name__ == "__main__":
    main()
