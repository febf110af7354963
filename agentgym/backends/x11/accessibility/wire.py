"""The part of the D-Bus wire format that reading an accessibility bus takes: calls out, replies in, native byte order.

Follows the D-Bus specification, "Message Protocol". What no accessibility interface uses is left out: descriptors,
int16, uint16, calls with other arguments than numbers and strings.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

__all__ = ["Call", "Reply", "WireError", "decode", "encode", "split", "unpacked_strings"]

_ORDER = b"l" if sys.byteorder == "little" else b"B"
_METHOD_CALL, _METHOD_RETURN, _ERROR = 1, 2, 3
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SENDER, _SIGNATURE = 1, 2, 3, 4, 5, 6, 7, 8
_FIXED_HEADER = 16
_LARGEST = 1 << 26
_SHORT = 1024
_uint32 = struct.Struct("=I")
_header = struct.Struct("=cBBBIII")

_Reader: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
_NUMBERS = {"y": "B", "b": "I", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d"}
_ALIGNMENTS = {"y": 1, "g": 1, "v": 1, "x": 8, "t": 8, "d": 8, "(": 8, "{": 8}


class WireError(ValueError):
    """Bytes that are no message of this subset."""


class Call(NamedTuple):
    """A method call; ``signature`` is made of ``s``, ``i`` and ``u``."""

    destination: str
    path: str
    interface: str
    member: str
    signature: str = ""
    arguments: tuple[str | int, ...] = ()


class Reply(NamedTuple):
    """An answer; ``error`` is None, or the name of the error that the other side raised."""

    serial: int
    error: str | None = None
    sender: str = ""
    signature: str = ""
    body: bytes = b""

    def values(self) -> tuple[Any, ...]:
        """The decoded body, which is not to be changed: answers that are alike share it.

        Raises:
            WireError: if it is malformed.
        """
        return (_decoded if len(self.body) <= _SHORT else decode)(self.signature, self.body)


def encode(call: Call, serial: int) -> bytes:
    """The call as it goes over the wire."""
    body = _encode_body(call.signature, call.arguments)
    path = call.path.encode()
    # The path comes last, so that all before it is the same for every object that gets this call.
    fields = (
        _fields(call.destination, call.interface, call.member, call.signature) + struct.pack("=I", len(path)) + path
    )
    length = len(fields) + 1
    header = _header.pack(_ORDER, _METHOD_CALL, 0, 1, len(body), serial, length)
    return header + fields + bytes(1 + -length % 8) + body


def split(received: bytearray) -> list[Reply]:
    """Takes the complete messages from the front of what was received; what are no replies are dropped.

    Raises:
        WireError: if it is no stream of messages.
    """
    replies = []
    at = 0
    with memoryview(received) as view:
        while len(view) - at >= _FIXED_HEADER:
            order, kind, _, _, body_length, _, fields_length = _header.unpack_from(view, at)
            body_at = _FIXED_HEADER + fields_length + -fields_length % 8
            end = at + body_at + body_length
            if order != _ORDER or end - at > _LARGEST:
                raise WireError(f"a message that begins with {bytes(view[at : at + _FIXED_HEADER])!r}")
            if len(view) < end:
                break
            if kind in (_METHOD_RETURN, _ERROR):
                replies.append(_reply(bytes(view[at:end]), fields_length, body_at))
            at = end
    del received[:at]
    return replies


def decode(signature: str, body: bytes) -> tuple[Any, ...]:
    """The values of a body: structs are tuples, dicts are dicts, variants are what they hold.

    Raises:
        WireError: if the body does not follow the signature.
    """
    try:
        values: tuple[Any, ...] = _tuple_reader(signature)(body, 0)[0]
    except (struct.error, UnicodeDecodeError, IndexError, TypeError, RecursionError) as error:
        raise WireError(f"a body that is not {signature!r}: {error}") from error
    return values


_decoded = lru_cache(maxsize=4096)(decode)
"""The cells of a sheet have thousands of answers, most of which were there before."""


def _reply(message: bytes, fields_length: int, body_at: int) -> Reply:
    fields = dict(_read_fields(message, _FIXED_HEADER + fields_length))
    try:
        serial = fields[_REPLY_SERIAL]
    except KeyError as error:
        raise WireError("a reply without the serial of its call") from error
    signature = fields.get(_SIGNATURE, "")
    return Reply(serial, fields.get(_ERROR_NAME), fields.get(_SENDER, ""), signature, message[body_at:])


def _read_fields(message: bytes, end: int) -> list[tuple[int, Any]]:
    """The header's fields by code. Written out, as this is done once for each of thousands of messages."""
    at = _FIXED_HEADER
    fields: list[tuple[int, Any]] = []
    try:
        while at < end:
            at += -at % 8
            code, kind = message[at], message[at + 2]
            if kind == 0x67:  # g
                length = message[at + 4]
                fields.append((code, message[at + 5 : at + 5 + length].decode()))
                at += 6 + length
                continue
            (number,) = _uint32.unpack_from(message, at + 4)
            at += 8
            if kind != 0x75:  # not u: a string or an object path
                fields.append((code, message[at : at + number].decode()))
                at += number + 1
                continue
            fields.append((code, number))
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise WireError(f"a malformed header: {error}") from error
    return fields


@lru_cache(maxsize=4096)
def _fields(destination: str, interface: str, member: str, signature: str) -> bytes:
    """The header's fields up to where the path's length is."""
    fields = b""
    if signature:
        fields += bytes([_SIGNATURE, 1]) + b"g\0" + bytes([len(signature)]) + signature.encode() + b"\0"
    for code, text in ((_INTERFACE, interface), (_MEMBER, member), (_DESTINATION, destination)):
        fields += bytes(-len(fields) % 8) + bytes([code, 1]) + b"s\0"
        fields += _uint32.pack(len(text.encode())) + text.encode() + b"\0"
    return fields + bytes(-len(fields) % 8) + bytes([_PATH, 1]) + b"o\0"


def _encode_body(signature: str, arguments: Sequence[str | int]) -> bytes:
    body = b""
    for kind, value in zip(signature, arguments, strict=True):
        body += bytes(-len(body) % 4)
        if kind == "s":
            text = str(value).encode()
            body += _uint32.pack(len(text)) + text + b"\0"
        else:
            body += struct.pack("=i" if kind == "i" else "=I", value)
    return body


@lru_cache(maxsize=256)
def _tuple_reader(signature: str) -> _Reader:
    readers = []
    while signature:
        first, signature = _take_type(signature)
        readers.append(_reader(first))

    def read(body: bytes, at: int) -> tuple[Any, int]:
        values = []
        for reader in readers:
            value, at = reader(body, at)
            values.append(value)
        return tuple(values), at

    return read


@lru_cache(maxsize=256)
def _reader(kind: str) -> _Reader:
    if kind in _NUMBERS:
        return _number_reader(kind)
    if kind in "sog":
        return _read_signature if kind == "g" else _read_string
    if kind == "v":
        return _read_variant
    if kind.startswith("a"):
        return _array_reader(kind[1:])
    if kind.startswith(("(", "{")) and len(kind) > 2:
        members = _tuple_reader(kind[1:-1])
        return lambda body, at: members(body, at + -at % 8)
    raise WireError(f"no reader for the type {kind!r}")


def _number_reader(kind: str) -> _Reader:
    number = struct.Struct("=" + _NUMBERS[kind])
    size = number.size
    as_bool = kind == "b"

    def read(body: bytes, at: int) -> tuple[Any, int]:
        at += -at % size
        (value,) = number.unpack_from(body, at)
        return (bool(value) if as_bool else value), at + size

    return read


def _array_reader(element: str) -> _Reader:
    if element == "s":
        return _read_strings
    alignment = _ALIGNMENTS.get(element[0], 4)
    reader = _reader(element)

    def read(body: bytes, at: int) -> tuple[Any, int]:
        at += -at % 4
        (length,) = _uint32.unpack_from(body, at)
        at += 4
        at += -at % alignment
        end = at + length
        if end > len(body):
            raise IndexError("an array that goes past the end")
        values = []
        while at < end:
            value, at = reader(body, at)
            values.append(value)
        return (dict(values) if element[0] == "{" else values), at

    return read


def _read_strings(body: bytes, at: int) -> tuple[Sequence[str], int]:
    at += -at % 4
    (length,) = _uint32.unpack_from(body, at)
    end = at + 4 + length
    if end > len(body):
        raise IndexError("an array that goes past the end")
    return unpacked_strings(body[at + 4 : end]), end


@lru_cache(maxsize=1024)
def unpacked_strings(packed: bytes) -> Sequence[str]:
    """The strings of an array's content. Thousands of objects have the same few lists of interfaces."""
    strings, at = [], 0
    while at < len(packed):
        string, at = _read_string(packed, at)
        strings.append(string)
    return tuple(strings)


def _read_string(body: bytes, at: int) -> tuple[str, int]:
    at += -at % 4
    (length,) = _uint32.unpack_from(body, at)
    at += 4
    if body[at + length]:
        raise IndexError("a string that does not end")
    return body[at : at + length].decode(), at + length + 1


def _read_signature(body: bytes, at: int) -> tuple[str, int]:
    length = body[at]
    return body[at + 1 : at + 1 + length].decode(), at + length + 2


def _read_variant(body: bytes, at: int) -> tuple[Any, int]:
    kind, at = _read_signature(body, at)
    return _reader(kind)(body, at)


def _take_type(signature: str) -> tuple[str, str]:
    """The first complete type of a signature, and the rest."""
    end = 1
    if signature[0] == "a":
        first, _ = _take_type(signature[1:])
        end = 1 + len(first)
    elif signature[0] in "({":
        depth = 1
        while depth:
            depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(signature[end], 0)
            end += 1
    return signature[:end], signature[end:]
