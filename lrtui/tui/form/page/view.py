"""View: the part of the form that fits on the screen, line by line.

From 80 columns on, what will happen stands beside the fields; on a narrower screen below them.
"""

from lrtui.tui.form.controls import Controls
from lrtui.tui.form.form import Form
from lrtui.tui.form.page.line import Line, Piece, cut, fill, width_of
from lrtui.tui.form.page.outlook import Outlook
from lrtui.tui.form.page.paint import GUTTER, paint, value_room
from lrtui.tui.form.page.rows import RUN, NoteRow, Row
from lrtui.tui.form.page.sections import Sections
from lrtui.tui.form.pick_list import MOST_ROWS

_TWO_COLUMNS = 80  # columns of a screen with two of them
_MOST_LEFT = 116  # columns: longer lines are hard to follow
_OUTLOOK = (32, 64)  # the least and the most columns of what will happen
_GAP = 2
_ROOMY = 15  # lines of a form with an empty one above it
_LIST_WIDTH = 72


class View:
    """Scrolls with the cursor."""

    def __init__(self, form: Form, controls: Controls) -> None:
        self.form = form
        self.controls = controls
        self.outlook = Outlook(form)
        self.rows: list[Row] = []
        self.top = 0
        self._above = 0  # empty lines above the first row
        self._left = 0  # columns of the fields
        self._followed = RUN  # the row that is in sight

    def lines(self, width: int, height: int) -> list[Line]:
        """The lines of the screen, from top to bottom."""
        self._above = int(height > _ROOMY)
        if self._above:
            return [(), *self._lines(width, height - 1)]
        return self._lines(width, height)

    def _lines(self, width: int, height: int) -> list[Line]:
        left = self._left_width(width)
        page = self._page(left, height)
        is_one_column = left == width - _GAP
        if is_one_column:
            page += [(), *self.outlook.lines(width - _GAP)]
        self._scroll(len(page), height)
        lines = self._with_marks(page, left, height)
        if not is_one_column:
            lines = self._beside(lines, width - left - _GAP, height)
        return self._with_list(lines, width, height)

    def scroll(self, by: int) -> None:
        """Show what is above or below, until the cursor moves."""
        self.top += by

    def row_at(self, y: int) -> str:
        """The key of the row that stands on a line of the screen, "" where none does."""
        index = y + self.top - self._above
        if index < len(self.rows):
            return self.rows[index].key
        return ""

    def value_room(self, key: str) -> int:
        """Columns for the value of a row."""
        row = next((row for row in self.rows if row.key == key), Row())
        return value_room(row, self._left)

    def _left_width(self, width: int) -> int:
        if width < _TWO_COLUMNS:
            return width - _GAP
        least, most = _OUTLOOK
        outlook = min(max(width * 2 // 5, least), most)
        return min(width - outlook - _GAP, _MOST_LEFT)

    def _page(self, width: int, height: int) -> list[Line]:
        """Every row of the form; sections have an empty row between them where all fit."""
        controls = self.controls
        room = width - GUTTER
        self._left = width
        rows = Sections(self.form, controls.cursor, room, roomy=True).rows()
        if len(rows) > height:
            rows = Sections(self.form, controls.cursor, room, roomy=False).rows()
        self.rows = rows
        controls.keys = [row.key for row in rows if row.key]
        lines: list[Line] = []
        for row in rows:
            here = bool(row.key) and row.key == controls.cursor
            editor = controls.editor if here else None
            lines.append(paint(self.form, row, width, editor, here=here))
        return lines

    def _scroll(self, total: int, height: int) -> None:
        """Bring the row with the cursor into sight, together with the notes below it."""
        last_top = max(total - height, 0)
        cursor = self.controls.cursor
        first = next((y for y, row in enumerate(self.rows) if row.key == cursor), None)
        if first is not None and (cursor != self._followed or self.controls.list_is_open):
            self._follow(first, height)
        self._followed = cursor
        if self.controls.list_is_open and first is not None:
            wanted = min(MOST_ROWS, len(self.rows)) + 3
            self.top = max(self.top, first + wanted - height)
            self.top = min(self.top, first)
        else:
            self.top = min(max(self.top, 0), last_top)

    def _follow(self, first: int, height: int) -> None:
        last = first
        while last + 1 < len(self.rows) and isinstance(self.rows[last + 1], NoteRow):
            last += 1
        if first <= 1:
            self.top = 0
        elif first < self.top:
            self.top = first - height // 4
        elif last + 1 == len(self.rows):
            self.top = first  # what stands below the fields as well
        elif last >= self.top + height:
            self.top = max(self.top, last - height + 1 + height // 4)
        self.top = max(self.top, 0)

    def _with_marks(self, page: list[Line], width: int, height: int) -> list[Line]:
        """The lines in sight, with marks where there are more above or below."""
        shown = page[self.top : self.top + height]
        lines: list[Line] = []
        for y, line in enumerate(shown):
            mark: Piece = ("  ", "plain")
            if y == 0 and self.top > 0:
                mark = (" ▴", "dim")
            elif y == height - 1 and self.top + height < len(page):
                mark = (" ▾", "dim")
            lines.append((*fill(line, width), mark))
        return lines

    def _beside(self, lines: list[Line], width: int, height: int) -> list[Line]:
        """The fields with what will happen beside them."""
        outlook = self.outlook.lines(width)
        left = width_of(lines[0]) if lines else 0
        joined: list[Line] = []
        for y in range(min(height, max(len(lines), len(outlook)))):
            line = lines[y] if y < len(lines) else fill((), left)
            joined.append((*line, *outlook[y]) if y < len(outlook) else line)
        return joined

    def _with_list(self, lines: list[Line], width: int, height: int) -> list[Line]:
        """The lines with the open list over them, below its target."""
        listed = self.controls.listed
        if listed is None or not listed.is_open:
            return lines
        cursor = self.controls.cursor
        y = next(y for y, row in enumerate(self.rows) if row.key == cursor) + 1 - self.top
        columns = min(_LIST_WIDTH, width - GUTTER)
        lines = [fill(line, width) for line in lines]
        lines += [fill((), width)] * (height - len(lines))
        for offset, line in enumerate(listed.lines(columns, height - y)):
            if y + offset < height:
                below = lines[y + offset]
                rest = cut(below, GUTTER + columns, width)
                lines[y + offset] = (*cut(below, 0, GUTTER), *line, *rest)
        return lines
