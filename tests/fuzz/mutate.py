"""Mutators: small damages to an input, each of which some reader has fallen over before."""

import random
import re
from collections.abc import Callable, Sequence

LONGEST = 200_000  # bytes

TOKENS = (
    b"1e999",
    b"-1e999",
    b"-0.0",
    b"5e-324",
    b"NaN",
    b"-Infinity",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b"0",
    b"-1",
    b"9" * 400,
    b"9" * 5000,
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # a surrogate, as bytes that are not UTF-8
    b"\\ud800",
    b"\\u0000",
    b"\x1b]52;c;aGk=\x07",
    b"\xc2\x9b31m",  # a C1 control sequence
    b"\xe2\x80\xae",  # right-to-left override
    b"\r\n",
    b"\n",
    b'"',
    b"'",
    b"\\",
    b"#",
    b"=",
    b":",
    b"..",
    b"~nosuch/",
    b"/dev/zero",
    b"import os",
    b"a" * 10_000,
    b"[" * 3000,
    b"(" * 300,
    b'{"a":' * 3000,
    b"a." * 3000,
    b"-" * 3000,
)
_NUMBER = re.compile(rb"-?\d+(\.\d+)?(e[+-]?\d+)?")

Mutator = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutated(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """One of the seeds after one to four mutations."""
    data = chance.choice(seeds)
    for _ in range(chance.choice((1, 1, 2, 4))):
        data = chance.choice(MUTATORS)(data, chance, seeds)
    return data[:LONGEST]


def flip(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Another byte somewhere."""
    if not data:
        return data
    place = chance.randrange(len(data))
    return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]


def cut(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Without a part."""
    first, last = _part(data, chance)
    return data[:first] + data[last:]


def truncate(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Without its end, as a writer that was killed leaves it."""
    return data[: chance.randint(0, len(data))]


def repeat(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A part of it several times."""
    first, last = _part(data, chance)
    return data[:last] + data[first:last] * chance.choice((1, 2, 30)) + data[last:]


def insert(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """With a token somewhere."""
    place = chance.randint(0, len(data))
    return data[:place] + chance.choice(TOKENS) + data[place:]


def replace_number(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A token in place of a number."""
    numbers = list(_NUMBER.finditer(data))
    if not numbers:
        return insert(data, chance, seeds)
    number = chance.choice(numbers)
    return data[: number.start()] + chance.choice(TOKENS) + data[number.end() :]


def splice(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Its beginning, then the end of another seed."""
    other = chance.choice(seeds)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def swap_lines(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Two of its lines in each other's place."""
    lines = data.split(b"\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


MUTATORS: tuple[Mutator, ...] = (
    flip,
    cut,
    truncate,
    repeat,
    insert,
    insert,
    replace_number,
    replace_number,
    splice,
    swap_lines,
)


def _part(data: bytes, chance: random.Random) -> tuple[int, int]:
    first = chance.randint(0, len(data))
    return first, min(len(data), first + chance.choice((1, 4, 40, 400)))
