"""The text of an exception, whatever the user's class does when it is asked for it."""

_LONGEST = 100_000  # letters that are read


def message_of(error: BaseException) -> str:
    """An exception's text, as far as anybody reads it; "" where its own `__str__` raises."""
    try:
        return str(error)[:_LONGEST].strip()
    except BaseException:  # noqa: BLE001 - a user's class may raise anything there
        return ""


def exit_code(error: SystemExit) -> str:
    """What was given to `sys.exit`, as Python writes it."""
    try:
        return repr(error.code)
    except BaseException:  # noqa: BLE001 - see above
        return "…"


def chain(error: BaseException) -> list[BaseException]:
    """The error, then what caused it."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and not any(cause is known for known in causes):
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes
