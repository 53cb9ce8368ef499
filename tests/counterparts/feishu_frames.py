"""The frames of Feishu's long connection, encoded and decoded by hand, so that no client is the judge of itself.

    message Header { required string key = 1; required string value = 2; }
    message Frame {
      required uint64 SeqID = 1; required uint64 LogID = 2; required int32 service = 3; required int32 method = 4;
      repeated Header headers = 5; optional string payload_encoding = 6; optional string payload_type = 7;
      optional bytes payload = 8; optional string LogIDNew = 9;
    }

https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

CONTROL = 0
DATA = 1
_VARINT = 0
_LENGTH_DELIMITED = 2


class Malformed(Exception):
    """These bytes are no frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    seq_id: int = 0
    log_id: int = 0
    service: int
    method: int
    headers: Mapping[str, str] = field(default_factory=dict)
    payload_encoding: str | None = None
    payload_type: str | None = None
    payload: bytes | None = None
    log_id_new: str | None = None


def encode(frame: Frame) -> bytes:
    numbers = [(1, frame.seq_id), (2, frame.log_id), (3, frame.service), (4, frame.method)]
    headers = [(5, _text(1, key) + _text(2, value)) for key, value in frame.headers.items()]
    texts = [(6, frame.payload_encoding), (7, frame.payload_type), (9, frame.log_id_new)]
    payload = [] if frame.payload is None else [(8, frame.payload)]
    delimited = headers + payload + [(number, text.encode()) for number, text in texts if text is not None]
    return b"".join(
        [
            *(_varint(number << 3 | _VARINT) + _varint(value) for number, value in numbers),
            *(_delimited(number, value) for number, value in sorted(delimited, key=lambda each: each[0])),
        ]
    )


def decode(data: bytes) -> Frame:
    """Raises Malformed where a required field is missing, too."""
    numbers: dict[int, int] = {}
    texts: dict[int, bytes] = {}
    headers: dict[str, str] = {}
    for number, value in _fields(data):
        if isinstance(value, int):
            numbers[number] = value
        elif number == 5:
            header = dict(_fields(value))
            headers[_string(header.get(1))] = _string(header.get(2))
        else:
            texts[number] = value
    if missing := {1, 2, 3, 4} - set(numbers):
        raise Malformed(f"the fields {sorted(missing)} are required")
    return Frame(
        seq_id=numbers[1],
        log_id=numbers[2],
        service=numbers[3],
        method=numbers[4],
        headers=headers,
        payload_encoding=_optional(texts.get(6)),
        payload_type=_optional(texts.get(7)),
        payload=texts.get(8),
        log_id_new=_optional(texts.get(9)),
    )


def _text(number: int, value: str) -> bytes:
    return _delimited(number, value.encode())


def _delimited(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        value, at = _read_varint(data, at)
        if key & 7 == _LENGTH_DELIMITED:
            if at + value > len(data):
                raise Malformed("it ends too early")
            yield key >> 3, data[at : at + value]
            at += value
        elif key & 7 == _VARINT:
            yield key >> 3, value
        else:
            raise Malformed(f"wire type {key & 7} of the field {key >> 3}")


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at, more = at + 1, data[at] & 0x80
        if not more:
            return value, at
        shift += 7
    raise Malformed("it ends within a number")


def _string(value: int | bytes | None) -> str:
    if not isinstance(value, bytes):
        raise Malformed("a header needs a key and a value")
    return value.decode()


def _optional(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
