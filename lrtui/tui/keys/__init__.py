"""The keys of every screen: the key bar, the help and the user's keymap all read these tables.

Plain letters, arrows and F-keys only: tmux, screen and terminals intercept ctrl chords; and ctrl+z,
which stops every program. A binding's tooltip is its line in the help. Its id names it in the
`[keys]` table of the user's config.toml.
The keys of dialogs are fixed.

Each screen's tables are in a file of their own; `sections` says where the help shows a key.
"""

from collections.abc import Callable

from lrtui.tui.keys.everywhere import EVERYWHERE
from lrtui.tui.keys.form import SETUP
from lrtui.tui.keys.run import ATTACHED, RUN, TRIALS
from lrtui.tui.keys.runs import COMPARE, GRID, RUNS
from lrtui.tui.keys.sections import SECTIONS, section_of

KeyName = Callable[[str], str]  # the key of a binding's id, as the user's keymap has it

# of the user's keymap: each of these tables is checked together with the keys of the app
SCREENS = (RUN, TRIALS, SETUP, RUNS, COMPARE, GRID)

__all__ = [
    "ATTACHED",
    "COMPARE",
    "EVERYWHERE",
    "GRID",
    "RUN",
    "RUNS",
    "SCREENS",
    "SECTIONS",
    "SETUP",
    "TRIALS",
    "KeyName",
    "section_of",
]
