"""Protobuf's wire format, as far as ONNX files need it: written and read.

Source: Protocol Buffers, "Encoding" (protobuf.dev); ONNX IR, onnx.proto3 (Apache-2.0).
"""

from collections.abc import Iterator


def number(field: int, n: int) -> bytes:
    """A field with a whole number, at least 0."""
    return varint(field << 3) + varint(n)


def data(field: int, value: bytes) -> bytes:
    """A field with bytes, or with another message."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def text(field: int, value: str) -> bytes:
    return data(field, value.encode())


def varint(n: int) -> bytes:
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message in their order: number, and a whole number or bytes. Raises ValueError where it is not a message."""
    at = 0
    while at < len(message):
        key, at = _whole(message, at)
        kind = key & 7
        if kind == 0:
            n, at = _whole(message, at)
            yield key >> 3, n
            continue
        size = {1: 8, 5: 4}.get(kind, -1)
        if kind == 2:
            size, at = _whole(message, at)
        if size < 0 or at + size > len(message):
            raise ValueError("not a protobuf message")
        yield key >> 3, message[at : at + size]
        at += size


def whole_numbers(packed: memoryview) -> Iterator[int]:
    """The whole numbers of a packed field."""
    at = 0
    while at < len(packed):
        n, at = _whole(packed, at)
        yield n


def _whole(message: memoryview, at: int) -> tuple[int, int]:
    n = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        n, at, shift = n | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return n, at
    raise ValueError("not a protobuf message")
