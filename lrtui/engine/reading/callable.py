"""The signature of a callable of the user's, on every Python."""

import inspect
import sys
from collections.abc import Callable
from typing import Any


def signature_of_callable(function: Callable[..., Any]) -> inspect.Signature:
    """`inspect.signature`, also where an annotation cannot be evaluated.

    Python 3.14 evaluates annotations only when they are read. One that names what only a type
    checker imports raises then; such a signature has the texts of its annotations instead, as
    after `from __future__ import annotations`.

    Raises:
        TypeError: not a callable.
        ValueError: it is written in C, and has no signature that can be read.
    """
    try:
        return inspect.signature(function)
    except Exception:  # what evaluating an annotation may raise
        if sys.version_info >= (3, 14):
            from annotationlib import Format

            return inspect.signature(function, annotation_format=Format.STRING)
        raise
