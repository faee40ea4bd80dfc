"""The training process: commands in, events out.

Reading order: `__main__` (the process, a child of its keeper), `inbox` and `service` (one command
after the other), `runner` (a run on live objects), `recorder` and `journal` (what is kept of it),
`answers` (to a form's questions). Beside them: `watch` (data that gives no batch), `last_words`
(where a process was when it ended), `start_method` (of a loader's processes).
"""

from lrtui.catalog.searchpath import leave_working_directory

leave_working_directory()  # before a worker imports anything else
