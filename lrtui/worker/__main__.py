"""The training process: `python -P -m lrtui.worker MESSAGES LIFELINE`.

Commands arrive on stdin, messages leave on the file descriptor MESSAGES, and prints go to a log.
LIFELINE is the keeper's, which this process forks from before anything else is imported.
"""

import sys

from lrtui.keeper.keep import keep


def main() -> None:
    """Serve commands, in a child of a keeper, until the front end quits or goes away."""
    messages, lifeline = int(sys.argv[1]), int(sys.argv[2])
    keep(lifeline, messages)

    from lrtui.worker.inbox import serve

    serve(messages)


if __name__ == "__main__":
    main()
