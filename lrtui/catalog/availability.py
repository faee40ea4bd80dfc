"""Whether a data set is on this machine, and what to do if it is not."""

import msgspec


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the data is there; if not, how to get it."""

    there: bool
    message: str = ""  # one line: what is missing, and what to do
    can_download: bool = False
    size: int = 0  # of the download in bytes; 0: unknown


def human(size: int) -> str:
    """A number of bytes as `30 MB` or `1.2 GB`; "" where it is unknown (0)."""
    if size <= 0:
        return ""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    megabytes = max(1, round(size / 1e6))
    return f"{megabytes} MB"
