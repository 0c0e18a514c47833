"""Parses `--matrix`: the combinations of request fields with which each row is sent."""

import itertools
import math
from collections.abc import Collection, Sequence
from typing import Any

from nebius_cli.bulk.input.matrix_combination import Combination, label_of, label_of_value
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.similar_names import nearest
from nebius_cli.request.field_table import BY_NAME
from nebius_cli.request.parse_and_check_values import Field, FieldError, Value
from nebius_cli.request.request_body import NO_VALIDATE

MAX_COMBINATIONS = 1000

_NOT_HERE = ("stream", "stream_options")
_PARAMETER = "for an engine parameter, run once per value, with --param {}=VALUE and another -o"
_EXAMPLE = "for example --matrix temperature=0,0.7"


def parse_matrix(
    texts: Sequence[str], given: Collection[str] = (), *, validate: bool = True
) -> tuple[Combination, ...]:
    """Parse each `NAME=VALUE,VALUE` or `NAME=JSON_ARRAY`, and return all combinations of the values.

    The values of the last name vary fastest. Without texts there is one combination, which sets nothing.
    Raises UsageError, also for a field in `given`, which its own flag has already set.
    """
    axes: dict[str, dict[str, Value]] = {}  # field → label of the value → value
    for text in texts:
        name, equals, raw = text.partition("=")
        field = _field(name, text) if equals else None
        if field is None:
            raise UsageError(f"--matrix {text}", "the format is NAME=VALUE,VALUE", _EXAMPLE)
        if field.name in axes:
            raise UsageError(f"--matrix {field.name} is given twice", "", "list all values in one --matrix")
        if field.name in given:
            what = f"{field.flag} and --matrix {field.name} cannot be used together"
            raise UsageError(what, "each row gets the values of the matrix", "keep one of them")
        axes[field.name] = _values(field, raw, validate=validate)
    count = math.prod(map(len, axes.values()))
    if count > MAX_COMBINATIONS:
        raise UsageError(f"--matrix makes {count:,} combinations", f"the limit is {MAX_COMBINATIONS:,}")
    product = itertools.product(*(values.values() for values in axes.values()))
    combinations = (dict(zip(axes, chosen, strict=True)) for chosen in product)
    return tuple(Combination(label_of(values), values) for values in combinations)


def _field(name: str, text: str) -> Field | None:
    """Return the field with this name, None if there is no name. Raises UsageError."""
    found = BY_NAME.get(name.replace("-", "_"))
    if found is not None and found.name in _NOT_HERE:
        raise UsageError(f"--matrix {text}", f"nbx bulk sets {found.name} itself")
    if found is None and name:
        known = [one for one in BY_NAME if one not in _NOT_HERE]
        close = nearest(name, known) or next((one for one in known if one.startswith(name)), "")
        hint = f"did you mean {close}?" if close else _PARAMETER.format(name)
        raise UsageError(f"--matrix {text}", f"no request field {name!r}", hint)
    return found


def _values(field: Field, raw: str, *, validate: bool) -> dict[str, Value]:
    """Return the values of a field by their labels. Raises UsageError."""
    values: dict[str, Value] = {}
    for one in _listed(field, raw):
        try:
            # An element of a JSON array keeps its type; other values are parsed like the value of the flag.
            in_json = raw.startswith("[")
            value = field.check(one, bounded=validate) if in_json else field.parse([one], bounded=validate)
        except FieldError as error:
            shown = one if isinstance(one, str) else jsontext.encode(one).decode()
            hint = NO_VALIDATE if error.bound else ""
            raise UsageError(f"--matrix {field.name}={shown}", f"{field.name} {error}", hint) from None
        if (label := label_of_value(value)) in values:
            raise UsageError(f"--matrix {field.name}={raw}", f"the value {label} is given twice")
        values[label] = value
    return values


def _listed(field: Field, raw: str) -> Sequence[Any]:
    """Return the values in a text: the elements of a JSON array, else the parts between commas."""
    if not raw.startswith("["):
        return [part.strip() for part in raw.split(",")]
    try:
        values = jsontext.decode(raw)
        jsontext.encode(values)  # Python's parser accepts NaN, which is not JSON
    except ValueError as error:
        why = f"a list that begins with [ must be JSON, but is {jsontext.describe_error(error)}"
        raise UsageError(f"--matrix {field.name}={raw}", why) from None
    if not values:
        raise UsageError(f"--matrix {field.name}={raw}", "the list is empty")
    return values  # type: ignore[no-any-return]
