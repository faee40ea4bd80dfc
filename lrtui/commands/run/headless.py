"""The specs of one `lrtui run`, one after the other."""

import sys
from collections.abc import Sequence
from contextlib import closing, nullcontext
from signal import SIGHUP

from lrtui.catalog.shipping import ShippingError, sent_words
from lrtui.catalog.trust import remembered, unagreed
from lrtui.commands.run.measure import DEFAULT, NO_CHECKS, Run, Terms, measure
from lrtui.commands.run.progress import Progress
from lrtui.commands.run.result import Output, Result, helped, not_agreed, report
from lrtui.commands.streams import USAGE, USER_FAILED, note, printable, put, put_json, say
from lrtui.events import Event, Started
from lrtui.launch.ranks import start_problem
from lrtui.launch.remote.host import Host, HostError
from lrtui.ranks.placement import placement_of
from lrtui.record import RunRecord, to_json
from lrtui.runs.control import owner_of
from lrtui.spec import RunSpec


def run_headless(
    specs: Sequence[RunSpec],
    terms: Terms = DEFAULT,
    output: Output | None = None,
    names: Sequence[str] = (),
) -> int:
    """Run specs and their checks; returns the exit code, the highest of theirs.

    What is not agreed to, by the terms or by what is remembered, is not run. If one of the specs
    needs it, none is run. One that fails does not end the others.

    The first signal that would end this process stops the run, and what it has measured is kept:
    SIGINT, SIGTERM, also SIGUSR1, which Slurm sends before the time is up. The specs after it are
    left out. On a SIGHUP, and where the connection to another machine is lost, the run goes on in
    its worker, without this process.
    """
    problem = _refusal(specs, terms)
    if problem:
        return say(problem, USAGE)
    with nullcontext() if terms.host is None else closing(terms.host):
        return _run_all(specs, terms, output or Output(), names)


def _run_all(specs: Sequence[RunSpec], terms: Terms, output: Output, names: Sequence[str]) -> int:
    results: list[Result] = []
    for index, spec in enumerate(specs):
        if len(specs) > 1:
            _begin(names[index], index, len(specs), output)
        run = measure(spec, terms, Progress(quiet=output.quiet))
        if run.left:
            return _tell_left(run.events)
        if SIGHUP in run.received and not terms.stop_on_hangup:
            return 128 + run.received[0]
        if run.lost:
            return say(run.lost, 128 + SIGHUP)
        results.append(_result(spec, run, output, is_alone=len(specs) == 1))
        if run.received:
            break
    if len(specs) > 1:
        _end(results, output)
    if run.received:
        return 128 + run.received[0]
    return max(result.code for result in results)


def _tell_left(events: Sequence[Event]) -> int:
    """Name the run that goes on alone, and say how to see it again; returns the exit code."""
    run_id = next(event.id for event in events if isinstance(event, Started))
    note(f"the run goes on in {owner_of(run_id)}; this shows it, and x stops it there:")
    note(f"    lrtui attach {run_id}")
    return put([run_id])


def _refusal(specs: Sequence[RunSpec], terms: Terms) -> str:
    """Why none of the specs is run, in one line; "" where all can be."""
    agreed = {*remembered(), *terms.agreed}
    missing = {item.line: item for spec in specs for item in unagreed(spec, agreed)}
    if missing:
        return not_agreed(list(missing.values()))
    if terms.detach and terms.checks != NO_CHECKS and any(spec.devices.nproc for spec in specs):
        return "--detach measures no race and no stability limit on several processes"
    if terms.host is not None:
        return _connected(terms.host, specs)
    for spec in specs:
        problem = start_problem(spec)
        if problem:
            return problem
    return ""


def _connected(host: Host, specs: Sequence[RunSpec]) -> str:
    """Log in, and say which files go there; why nothing can be started, "" where it can."""
    try:
        sent = dict.fromkeys(map(sent_words, specs))
        host.connect()
    except (HostError, ShippingError) as error:
        host.close()
        return str(error)
    note("; ".join([f"lrtui: on {host.name}", *filter(None, sent)]))
    return ""


def _result(spec: RunSpec, run: Run, output: Output, *, is_alone: bool) -> Result:
    """Print and save what was measured of one spec."""
    if not placement_of(spec.devices).has_first:
        return Result(helped(run.events), None)
    result = report(run.events, output, is_alone=is_alone)
    if result.code == USER_FAILED and run.refused:
        return Result(say(not_agreed(run.refused), USAGE), result.record)
    return result


def _begin(name: str, index: int, count: int, output: Output) -> None:
    """Say which of several specs comes: on stdout as a part of the answer, on stderr how many."""
    counted = f"{name} ({index + 1} of {count})"
    on_terminal = sys.stdout.isatty() and not output.as_json
    if not (output.quiet or on_terminal):
        note(counted)
    if output.as_json:
        return
    if index:
        put([""])
    put([printable(f"spec     {counted if on_terminal else name}")])


def _end(results: Sequence[Result], output: Output) -> None:
    """What comes after the last of several specs: all records, or how to compare them."""
    records = [result.record for result in results]
    if output.as_json:
        put_json(_list_of(records))
        return
    ids = [record.id for record in records if record is not None and record.history.lr]
    if len(ids) > 1 and not output.quiet:
        note(f"`lrtui compare {' '.join(ids)}` puts them side by side")


def _list_of(records: Sequence[RunRecord | None]) -> str:
    """The records as one JSON document; null for a run without one."""
    documents = []
    for record in records:
        documents.append("null" if record is None else to_json(record).decode().rstrip())
    return "[\n" + ",\n".join(documents) + "\n]"
