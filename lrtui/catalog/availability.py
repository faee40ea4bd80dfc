"""Whether a data set is there, and what to do where it is not. Plain data: front ends show it."""

import msgspec


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """Is it there; if not, what to do, in one line; how many bytes a download has (0: unknown)."""

    there: bool
    message: str = ""
    can_download: bool = False
    size: int = 0


def human(size: int) -> str:
    """`30 MB`: bytes as one says them, "" for an unknown number."""
    if size <= 0:
        return ""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
