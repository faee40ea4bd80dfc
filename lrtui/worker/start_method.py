"""How the worker processes of a loader are started: forked, on every Python.

Since 3.14 Linux starts them from a server that has imported nothing. A fork keeps what this process
has: modules that were imported as they were agreed to, its patches and signal handlers, data that
cannot be pickled, and torch, whose import would cost each of them seconds.
"""

import contextlib
import multiprocessing
import sys
from typing import Any


def fork_by_default() -> None:
    """Fork, unless somebody asks for another start method: a loader, or the user's code."""
    if sys.platform != "linux":  # macOS does not survive a fork
        return
    with contextlib.suppress(AttributeError):  # private: set_start_method would be the last word
        default: Any = multiprocessing.context._default_context
        if default._actual_context in (None, default._default_context):
            default._actual_context = None
            default._default_context = multiprocessing.get_context("fork")
