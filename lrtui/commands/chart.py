"""A run's curve as lines of text, for `lrtui run` and `lrtui show` on a terminal."""

import shutil

from lrtui.commands.streams import printable
from lrtui.record import RunRecord


def chart_lines(record: RunRecord) -> list[str]:
    """The trend, its axis, and a mark at the rate; none without a curve, or in a narrow terminal.

    A blank line comes first and last.
    """
    # imported late: numpy comes with them
    from lrtui.export.content import ExportError, content_of
    from lrtui.export.drawing import drawing_of
    from lrtui.export.text_chart import text_chart

    content = content_of(record)
    try:
        lines = text_chart(content, drawing_of(content), shutil.get_terminal_size().columns)
    except ExportError:  # nothing was measured
        return []
    return [printable(line) for line in lines and ["", *lines, ""]]
