"""The command line. A command imports its module when it runs: `--help` must answer at once.

In reading order: `group` (the commands' group, and the app), `running`, `sweeping`, `kept` and
`about` (the commands), `options` and `checks` (what they share), `entry` (the entry point).
"""

from lrtui.catalog import searchpath

searchpath.leave_working_directory()

from lrtui.cli import about as about
from lrtui.cli import kept as kept
from lrtui.cli import sweeping as sweeping
from lrtui.cli.entry import main as main
from lrtui.cli.group import lrtui as lrtui
from lrtui.cli.running import run as run
