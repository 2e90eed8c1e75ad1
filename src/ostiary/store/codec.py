"""Records to rows and back, by getters and decoders that are made once per table."""

from collections.abc import Callable, Sequence
from enum import Enum
from operator import attrgetter
from typing import Any, Generic, TypedDict, TypeVar, cast

import msgspec

from ostiary.model.event import Event, Result
from ostiary.model.record import Record
from ostiary.store.tables import TABLES, Table

R = TypeVar("R", bound=Record)

Row = Sequence[Any]
Values = tuple[Any, ...]

_encode_json = msgspec.json.Encoder().encode


def write_json(value: Any) -> str:
    """Encode a value for a JSON column."""
    return _encode_json(value).decode()


def _tuple_getter(paths: Sequence[str]) -> Callable[[Any], Values]:
    """Return what reads several attributes as a tuple; `attrgetter` does not for one."""
    if len(paths) == 1:
        single = attrgetter(paths[0])
        return lambda record: (single(record),)
    return cast("Callable[[Any], Values]", attrgetter(*paths))


class Codec(Generic[R]):
    """Writes the records of one table as rows and reads them again.

    A row has the table's columns in order, then, where a record has further fields,
    their JSON.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        types = {field.name: field.type for field in msgspec.structs.fields(table.record)}
        self._paths = {name: _path(name, types[name]) for name in table.columns}
        self._readers = [
            (name, reader)
            for name in table.columns
            if (reader := _column_reader(types[name])) is not None
        ]
        self.rest = tuple(name for name in types if name not in table.columns)
        self.columns = table.columns + (("data",) if self.rest else ())
        self.width = len(self.columns)
        self._get_columns = _tuple_getter([self._paths[name] for name in table.columns])
        # What is kept beside the fields, for the sake of searches; it is never read back.
        self._derive = table.derived
        if self.rest:
            rest_type = TypedDict(  # type: ignore[misc] # made once, of the record's own types
                f"{table.record.__name__}Rest",
                {name: types[name] for name in self.rest},
                total=False,
            )
            self._get_rest = _tuple_getter(self.rest)
            self._decode_rest = msgspec.json.Decoder(rest_type).decode
        self.key = _tuple_getter(table.key)

    def getter(self, columns: Sequence[str]) -> Callable[[R], Values]:
        """Return what reads these columns of a record as they are stored."""
        return _tuple_getter([self._paths[name] for name in columns])

    def select(self, alias: str) -> str:
        """Return the columns as a statement lists them, of the table under this alias."""
        return ", ".join(f"{alias}.{name}" for name in self.columns)

    def encode_rest(self, record: R) -> str:
        """Return the JSON of the fields that are not columns."""
        values = dict(zip(self.rest, self._get_rest(record), strict=True))
        if self._derive is not None:
            values.update(self._derive(record))
        return write_json(values)

    def encode(self, record: R) -> Values:
        """Return the row of a record."""
        columns = self._get_columns(record)
        return (*columns, self.encode_rest(record)) if self.rest else columns

    def decode(self, row: Row, start: int = 0) -> R:
        """Return the record whose columns begin at `start`.

        Fields that the row does not know get their default: it was written before they
        existed. Fields that the record does not know are left out.
        """
        end = start + len(self.table.columns)
        fields = cast("dict[str, Any]", self._decode_rest(row[end]) if self.rest else {})
        fields.update(zip(self.table.columns, row[start:end], strict=False))
        for name, read in self._readers:
            fields[name] = read(fields[name])
        return cast("R", self.table.record(**fields))


def _path(name: str, type_: Any) -> str:
    """Return where the stored form of a field is: an enumeration is stored as its value."""
    return f"{name}._value_" if isinstance(type_, type) and issubclass(type_, Enum) else name


def _column_reader(type_: Any) -> Callable[[Any], Any] | None:
    """Return what makes a column's value that of the field, or None where it is already."""
    if isinstance(type_, type) and issubclass(type_, Enum):
        return {member.value: member for member in type_}.__getitem__
    return bool if type_ is bool else None


_CODECS: dict[type[Record], Codec[Any]] = {table.record: Codec(table) for table in TABLES}


def codec_of(record: type[R]) -> Codec[R]:
    """Return the codec of a record type.

    Raises:
        TypeError: there is no table for it.
    """
    found = _CODECS.get(record)
    if found is None:
        raise TypeError(f"{record.__name__} is not stored as a record of its own")
    return found


# Events are written far more often than anything else, and never change: no key, no
# version, and `details` is a column of its own that is null where there is nothing to say.
EVENT_COLUMNS = (
    "type",
    "at",
    "result",
    "reason",
    "actor_type",
    "actor_id",
    "user_id",
    "client_id",
    "organization_id",
    "session_id",
    "grant_id",
    "target",
    "ip",
    "user_agent",
    "trace_id",
    "details",
)
_get_event = attrgetter(*(_path(n, Result if n == "result" else str) for n in EVENT_COLUMNS))
_decode_details = msgspec.json.Decoder(dict[str, Any]).decode


def encode_event(event: Event) -> Values:
    """Return the row of an event, in the order of `EVENT_COLUMNS`."""
    values: Values = _get_event(event)
    details = values[-1]
    return (*values[:-1], write_json(details) if details else None)


def scrub_text(text: str) -> str:
    """Return text that every database can hold: without NUL, and Unicode throughout."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def scrub_event(row: Values) -> Values:
    """Return the row of an event with text that every database can hold.

    An event may quote what a stranger sent; that must not keep it from being written.
    """
    return tuple(scrub_text(value) if isinstance(value, str) else value for value in row)


def decode_event(row: Row) -> Event:
    """Return the event of a row in the order of `EVENT_COLUMNS`."""
    fields = dict(zip(EVENT_COLUMNS, row, strict=True))
    fields["result"] = Result(fields["result"])
    details = fields["details"]
    fields["details"] = _decode_details(details) if details else {}
    return Event(**fields)
