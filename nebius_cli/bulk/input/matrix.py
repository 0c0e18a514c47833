"""Parses `--matrix`: the combinations of request fields with which each row is sent."""

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple

from nebius_cli.core import jsontext
from nebius_cli.core.errors import UsageError
from nebius_cli.core.suggest import nearest
from nebius_cli.request.field_table import BY_NAME
from nebius_cli.request.field_validation import Field, FieldError, Value
from nebius_cli.request.request import NO_VALIDATE

MAX_COMBINATIONS = 1000
MAX_VALUE_CHARS = 60  # of a value in an id; a longer one is shortened

_NOT_HERE = ("stream", "stream_options")
_EXAMPLE = "for example --matrix temperature=0,0.7"
_PLAIN = re.compile(r'[^\s,=\[\]"\\]+')  # a text that an id can hold without quotes


class Combination(NamedTuple):
    """Values of request fields. `label` writes them as `temperature=0.7,model=A`; it is empty for none."""

    label: str = ""
    values: Mapping[str, Value] = MappingProxyType({})

    def id_of(self, row_id: str | int) -> str:
        """Return the id of a row in this combination: `a[temperature=0.7]` for the row `a`."""
        return f"{row_id}[{self.label}]"


NO_MATRIX = (Combination(),)


def parse_matrix(
    texts: Sequence[str], given: Collection[str] = (), *, validate: bool = True
) -> tuple[Combination, ...]:
    """Parse each `NAME=VALUE,VALUE` or `NAME=JSON_ARRAY`, and return all combinations of the values.

    The values of the last name vary fastest. Without texts there is one combination, which sets nothing.
    Raises UsageError, also for a field in `given`, which a flag of its own sets.
    """
    axes: dict[str, dict[str, Value]] = {}  # field → label of the value → value
    for text in texts:
        name, equals, raw = text.partition("=")
        field = _field(name, text) if equals else None
        if field is None:
            raise UsageError(f"--matrix {text}", "it takes NAME=VALUE,VALUE", _EXAMPLE)
        if field.name in axes:
            raise UsageError(f"--matrix {field.name} twice", "", "list all values in one --matrix")
        if field.name in given:
            what = f"{field.flag} and --matrix {field.name} together"
            raise UsageError(what, "each row gets the values of the matrix", "drop one of them")
        axes[field.name] = _values(field, raw, validate=validate)
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > MAX_COMBINATIONS:
        raise UsageError(f"--matrix makes {count:,} combinations", f"at most {MAX_COMBINATIONS:,} are sent")
    return tuple(_combinations(axes))


def _combinations(axes: Mapping[str, Mapping[str, Value]]) -> Iterator[Combination]:
    for chosen in itertools.product(*(values.values() for values in axes.values())):
        values = dict(zip(axes, chosen, strict=True))
        yield Combination(label_of(values), values)


def ids_in_matrix(row_id: str | int, combinations: Sequence[Combination]) -> list[str | int]:
    """Return the ids of a row of the input: one for each combination, its own without a matrix."""
    return [one.id_of(row_id) if one.label else row_id for one in combinations]


def label_of(values: Mapping[str, Any]) -> str:
    """Return a combination as ids and headings write it: `temperature=0.7,model=A`."""
    return ",".join(f"{name}={_label(value)}" for name, value in values.items())


def _field(name: str, text: str) -> Field | None:
    """Return the field with this name, None if there is no name. Raises UsageError."""
    found = BY_NAME.get(name.replace("-", "_"))
    if found is not None and found.name in _NOT_HERE:
        raise UsageError(f"--matrix {text}", f"nbx bulk sets {found.name} itself")
    if found is None and name:
        close = nearest(name, [known for known in BY_NAME if known not in _NOT_HERE])
        why = f"there is no request field {name!r}"
        raise UsageError(f"--matrix {text}", why, f"did you mean {close}?" if close else "")
    return found


def _values(field: Field, raw: str, *, validate: bool) -> dict[str, Value]:
    """Return the values of a field by their labels. Raises UsageError."""
    values: dict[str, Value] = {}
    for one in _listed(field, raw):
        try:
            # An element of a JSON array has its type; any other value is read like that of the flag.
            in_json = raw.startswith("[")
            value = field.check(one, bounded=validate) if in_json else field.parse([one], bounded=validate)
        except FieldError as error:
            shown = one if isinstance(one, str) else jsontext.encode(one).decode()
            hint = NO_VALIDATE if error.bound else ""
            raise UsageError(f"--matrix {field.name}={shown}", f"{field.name} {error}", hint) from None
        if (label := _label(value)) in values:
            raise UsageError(f"--matrix {field.name}={raw}", f"it has {label} twice")
        values[label] = value
    return values


def _listed(field: Field, raw: str) -> Sequence[Any]:
    """Return the values in a text: the elements of a JSON array, else what is between commas."""
    if not raw.startswith("["):
        return [part.strip() for part in raw.split(",")]
    try:
        values = jsontext.decode(raw)
        jsontext.encode(values)  # Python's parser accepts NaN, which is not JSON
    except ValueError as error:
        why = f"a list that begins with [ is JSON, and this is {jsontext.describe_error(error)}"
        raise UsageError(f"--matrix {field.name}={raw}", why) from None
    if not values:
        raise UsageError(f"--matrix {field.name}={raw}", "it has no values")
    return values  # type: ignore[no-any-return]


def _label(value: Any) -> str:
    """Return a value as it is written in ids and headings; different values have different labels."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.isprintable():
        label = value
    else:
        label = jsontext.encode(value).decode("utf-8")
    if len(label) <= MAX_VALUE_CHARS:
        return label
    name = blake2b(label.encode(), digest_size=4).hexdigest()
    return f"{label[: MAX_VALUE_CHARS - len(name) - 1]}…{name}"
