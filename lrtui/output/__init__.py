"""What the user's code says: what it prints, and the text of its exceptions.

Reading order: `tail` (the end of a run's log), `log` (a log that stays small), `exceptions`.
"""

from lrtui.output.tail import FATAL, LAST_LINES, MOST_LINES, NO_OUTPUT, Output

__all__ = ["FATAL", "LAST_LINES", "MOST_LINES", "NO_OUTPUT", "Output"]
