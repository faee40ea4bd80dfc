"""RecordDriver: shows a saved run on the screen of runs. Nothing is trained, nothing is written."""

from lrtui.endings import check_problem
from lrtui.events import Event, Extended, Restored
from lrtui.output.log import NOTHING_PRINTED, Printed
from lrtui.protocol import Confirm
from lrtui.record import Failure, RunRecord
from lrtui.runs.replay import events_of, spec_of
from lrtui.spec import RunSpec

_NO_OBJECTS = "this is a saved run: run its spec again to measure more"


class RecordDriver:
    """A Driver whose events are those of a record, all at once.

    `read_only` tells a front end that there are no live objects: nothing can be tried, run or
    restored.

    Raises:
        RecordError: the record's spec cannot be read: a newer version wrote it.
    """

    read_only = True
    owner = ""
    busy = False

    def __init__(self, record: RunRecord) -> None:
        self.record = record
        self.spec = spec_of(record)
        self.events: list[Event] = events_of(record)
        self.log = record.log

    def run(self, spec: RunSpec) -> None:
        """Show the record's events again."""
        self.events += events_of(self.record)

    def confirm(self, command: Confirm) -> None:
        """Say that there is nothing to train."""
        self.events.append(check_problem("confirmation", _NO_OBJECTS))

    def stability(self) -> None:
        """Say that there is nothing to measure."""
        self.events.append(check_problem("stability", _NO_OBJECTS))

    def stop(self) -> None:
        """Nothing runs."""

    def reset(self) -> None:
        """Nothing was changed, so all is as it was."""
        self.events.append(Restored(digest=self.record.digest, exact=True))

    def close(self) -> None:
        """Nothing is held."""

    def extend(self, end_lr: float) -> None:
        """Say that there is nothing to go on from."""
        self.events.append(Extended(problem=_NO_OBJECTS))

    def output(self) -> list[str]:
        """What a failed run printed last; of others nothing is kept."""
        failure = self.record.failure
        return list(failure.output) if isinstance(failure, Failure) else []

    def print_count(self) -> Printed:
        """Unknown: it was not kept."""
        return NOTHING_PRINTED

    def join(self, timeout: float) -> None:
        """Nothing to wait for."""
