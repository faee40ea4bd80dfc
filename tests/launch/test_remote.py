"""Runs on another machine: through a real sshd on loopback, and what a relay does without one."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrtui.catalog import shipping
from lrtui.catalog.shipping import ShippingError, bundle_of
from lrtui.catalog.trust import ANY_FILE
from lrtui.events import Ended, Started, Step
from lrtui.launch.remote.process import _begin
from lrtui.launch.remote.wire import Exited, Printed, ToRelay, decode_from_relay, to_line
from lrtui.protocol import Quit, Refused, Run
from lrtui.runs.store import going_on, load
from lrtui.spec import Choice, RangeSpec, RunSpec
from tests.faults.processes import ROOT, START, lrtui
from tests.sshd import Box, sshd
from tests.user_modules import module
from tests.waiting import wait

STEPS = 20


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with sshd(tmp_path) as server:
        yield Box(server, tmp_path)


def waiting_module(folder: Path) -> tuple[str, Path]:
    """A model that waits in its seventh forward until a file is there."""
    go = folder / "go"
    waits = f"while self.calls > 6 and not os.path.exists({str(go)!r}): time.sleep(0.01)"
    return module(folder, "waiting", waits), go


def test_a_run_there_is_kept_on_both_machines_and_one_whose_connection_is_killed_goes_on(
    box: Box, home: Path, tmp_path: Path
) -> None:
    target, go = waiting_module(tmp_path)
    run = box.start("--model", target, "--num-iter", str(STEPS))
    wait(lambda: any(going_on(path) for path in box.journals()))
    box.server.cut()
    out, err = run.communicate(timeout=60)
    (journal,) = box.journals()
    assert run.returncode == 128 + signal.SIGHUP
    assert out == ""
    *_, last = err.splitlines()
    assert last.startswith("lrtui: the connection to box was lost; the run goes on there: ssh -t ")
    assert last.endswith(f" attach {journal.stem}")
    assert f"sent: 1 file, {(tmp_path / 'waiting.py').stat().st_size:,} bytes: " in err
    assert going_on(journal)
    here = load(home / "runs" / f"{journal.stem}.json")
    assert here.status == "interrupted"
    go.touch()
    wait(lambda: not box.journals())
    (record,) = box.records()
    assert load(record).status == "completed"
    assert len(load(record).history.lr) == STEPS

    again = lrtui("run", *box.flags, "--model", target, "--num-iter", str(STEPS), env=box.env)
    assert again.returncode == 3  # too short for an answer
    (there,) = [path for path in box.records() if path != record]
    kept = load(home / "runs" / there.name)
    assert kept.history == load(there).history
    assert kept.spec["model"]["target"] == target
    assert kept.log.startswith(str(home))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, "stopped"), (signal.SIGHUP, "completed")]
)
def test_ctrl_c_stops_the_run_there_and_a_hang_up_leaves_it(
    box: Box, home: Path, tmp_path: Path, number: signal.Signals, status: str
) -> None:
    target, go = waiting_module(tmp_path)
    run = box.start("--model", target, "--num-iter", str(STEPS))
    wait(lambda: any(going_on(path) for path in box.journals()))
    run.send_signal(number)
    if number == signal.SIGHUP:
        run.communicate(timeout=60)
        assert box.journals()
    go.touch()
    run.communicate(timeout=60)
    assert run.returncode == 128 + number
    wait(lambda: not box.journals())
    (record,) = box.records()
    assert load(record).status == status


@pytest.mark.slow
def test_two_processes_on_the_other_machine_train_one_model_and_end_together(
    box: Box, home: Path, tmp_path: Path
) -> None:
    model = ("--model", "sample_models/mlp.py:MLP", "--nproc", "2")
    done = lrtui("run", *box.flags, *model, "--num-iter", str(STEPS), env=box.env)
    assert done.returncode == 3, done.stderr  # too short for an answer
    (there,) = box.records()
    kept = load(home / "runs" / there.name)
    assert kept.history == load(there).history
    assert (kept.status, kept.spec["devices"]["nproc"]) == ("completed", 2)

    target, go = waiting_module(tmp_path)
    run = box.start("--model", target, "--nproc", "2", "--num-iter", str(STEPS))
    wait(lambda: any(going_on(path) for path in box.journals()))
    run.send_signal(signal.SIGINT)
    go.touch()
    run.communicate(timeout=60)
    assert run.returncode == 128 + signal.SIGINT
    wait(lambda: not box.journals())
    assert {load(path).status for path in box.records()} == {"completed", "stopped"}


def test_what_keeps_a_run_from_being_started_is_one_line(box: Box, home: Path) -> None:
    def started(*flags: str) -> tuple[int, str]:
        run = box.start(*flags)
        out, err = run.communicate(timeout=60)
        assert out == ""
        assert not (home / "runs").exists() or not list((home / "runs").iterdir())
        return run.returncode, err

    code, text = started("--host-command", "no-lrtui-here")
    assert code == 2
    assert text.startswith("lrtui: there is no lrtui on box: `no-lrtui-here --version` says: ")
    assert text.count("\n") == 1
    code, text = started("--host-command", "echo lrtui, version 0.0.1 #")
    assert (code, text.count("\n")) == (2, 1)
    assert text.startswith("lrtui: lrtui 0.0.1 is on box, and ")
    box.server.config.write_text("Host box\nHostName 127.0.0.1\nPort 1\n")
    code, text = started()
    assert (code, text.count("\n")) == (2, 1)
    assert text.startswith("lrtui: ssh to box failed: ssh: connect to host 127.0.0.1 port 1")


def test_a_host_that_is_an_option_of_ssh_is_refused() -> None:
    done = lrtui("run", "--host=-oProxyCommand=touch /tmp/x")
    assert done.returncode == 2
    assert b"is not a host" in done.stderr


# without ssh: the relay as a process


class Relayed:
    """A relay as a process, which is told lines; no ssh is between."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [*START, "relay", str(ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "LRTUI_HOME": str(home)},
            cwd=ROOT,
        )

    def say(self, said: ToRelay) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(to_line(said))
        self.process.stdin.flush()

    def until(self, kind: type) -> list[Any]:
        """What it says up to the first message of a kind."""
        assert self.process.stdout is not None
        said: list[Any] = []
        for line in self.process.stdout:
            said.append(decode_from_relay(line))
            if isinstance(said[-1], kind):
                return said
        raise AssertionError(f"it has ended after {said}")


def test_files_that_are_not_there_are_run_from_copies_and_only_what_was_agreed_to(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "helper.py").write_text("SIZE = 64\n")
    target = module(folder, "net", before="from helper import SIZE\nprint('imported', __file__)\n")
    spec = RunSpec(model=Choice(target), range=RangeSpec(num_iter=10))
    begin = _begin(Run(spec=spec, id="01AGREED", agreed=(ANY_FILE,)))
    unagreed = _begin(Run(spec=spec, id="01UNAGREED"))
    assert sorted(Path(name).name for name in begin.bundle.files) == ["helper.py", "net.py"]
    (folder / "helper.py").unlink()
    (folder / "net.py").write_text("raise SystemExit('the wrong file')\n")
    relay = Relayed(tmp_path / "there")
    relay.say(unagreed)
    refused = relay.until(Ended)
    assert any(isinstance(one, Refused) for one in refused)
    assert "is new, or has changed" in refused[-1].reason
    relay.say(begin)
    said = relay.until(Ended)
    assert (said[-1].status, sum(isinstance(one, Step) for one in said)) == ("completed", 10)
    (started,) = [one for one in said if isinstance(one, Started)]
    assert started.spec.model.target == target  # as it is called where it was sent from
    relay.say(Quit())
    said += relay.until(Exited)
    printed = "".join(one.text for one in said if isinstance(one, Printed))
    assert f"imported {folder}/net.py" in printed
    assert relay.process.wait(60) == 0
    assert not (tmp_path / "there" / "trusted").exists()


def test_the_other_python_files_of_the_folder_go_along_if_there_is_room(tmp_path: Path) -> None:
    spec = RunSpec(model=Choice(module(tmp_path, "net")))
    other = tmp_path / "other.py"
    other.write_text("x = 1\n")
    (tmp_path / "data.csv").write_text("1")
    assert sorted(Path(name).name for name in bundle_of(spec).files) == ["net.py", "other.py"]
    other.write_text("#" * shipping.MOST_BYTES)
    assert [Path(name).name for name in bundle_of(spec).files] == ["net.py"]


def test_files_that_are_too_large_are_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "MOST_BYTES", 10)
    spec = RunSpec(model=Choice(module(tmp_path, "net")))
    with pytest.raises(
        ShippingError, match=r"too large to send: [0-9]+ bytes, and the limit is 10"
    ):
        bundle_of(spec)
