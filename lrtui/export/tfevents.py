"""TensorBoard's event files: records of protocol buffers, each with its checksums.

Written here, because the four messages that a run needs are a page of code, and a machine that
trains often has no tensorboard. A record is its length (u64), the checksum of that, the message,
and the checksum of that; see tensorflow/core/lib/io/record_writer.h and event.proto.
"""

import struct
from collections.abc import Iterator
from functools import cache

_POLYNOMIAL = 0x82F63B78  # of CRC-32C, reversed
_MASK_DELTA = 0xA282EAD8
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_DT_STRING = 7


def first_event(wall_time: float) -> bytes:
    """The event that begins every file."""
    return record(_double(1, wall_time) + _text(3, "brain.Event:2"))


def scalar_event(wall_time: float, step: int, values: dict[str, float]) -> bytes:
    """Numbers of one step, by their tags."""
    summary = b""
    for tag, value in values.items():
        summary += _message(1, _text(1, tag) + _float(2, value))
    return record(_double(1, wall_time) + _number(2, step) + _message(5, summary))


def text_event(wall_time: float, tag: str, markdown: str) -> bytes:
    """A text, which TensorBoard shows as Markdown."""
    plugin = _message(1, _text(1, "text"))
    tensor = _number(1, _DT_STRING) + _message(2, _message(2, _number(1, 1))) + _text(8, markdown)
    value = _text(1, tag) + _message(9, plugin) + _message(8, tensor)
    return record(_double(1, wall_time) + _message(5, _message(1, value)))


def image_event(wall_time: float, tag: str, png: bytes) -> bytes:
    """A picture. Its size is read from the file."""
    width, height = struct.unpack(">II", png[16:24])
    channels = 4  # of a PNG with transparency
    image = _number(1, height) + _number(2, width) + _number(3, channels) + _message(4, png)
    value = _text(1, tag) + _message(4, image)
    return record(_double(1, wall_time) + _message(5, _message(1, value)))


def record(message: bytes) -> bytes:
    """A message with its length and checksums."""
    length = struct.pack("<Q", len(message))
    return length + _masked(length) + message + _masked(message)


def _masked(data: bytes) -> bytes:
    checksum = crc32c(data)
    rotated = (checksum >> 15 | checksum << 17) & 0xFFFFFFFF
    return struct.pack("<I", rotated + _MASK_DELTA & 0xFFFFFFFF)


def crc32c(data: bytes) -> int:
    """The CRC-32C of RFC 3720; zlib has another polynomial."""
    table, checksum = _table(), 0xFFFFFFFF
    for byte in data:
        checksum = table[(checksum ^ byte) & 0xFF] ^ checksum >> 8
    return checksum ^ 0xFFFFFFFF


@cache
def _table() -> list[int]:
    return list(_table_entries())


def _table_entries() -> Iterator[int]:
    for entry in range(256):
        for _ in range(8):
            entry = entry >> 1 ^ (_POLYNOMIAL if entry & 1 else 0)
        yield entry


# fields of protocol buffers


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _number(field: int, value: int) -> bytes:
    return _key(field, _VARINT) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _key(field, _FIXED64) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return _key(field, _FIXED32) + struct.pack("<f", value)


def _message(field: int, content: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode("utf-8", "replace"))
