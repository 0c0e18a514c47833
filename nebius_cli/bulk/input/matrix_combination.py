"""Formats a combination of `--matrix`, which is a set of values of request fields, for IDs and headings."""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple

from nebius_cli.core import jsontext
from nebius_cli.request.parse_and_check_values import Value

MAX_VALUE_CHARS = 60  # of a value in an id; a longer one is shortened

_PLAIN = re.compile(r'[^\s,=\[\]"\\]+')  # a text that an id can hold without quotes


class Combination(NamedTuple):
    """Values of request fields. `label` writes them as `temperature=0.7,model=A`; it is empty for none."""

    label: str = ""
    values: Mapping[str, Value] = MappingProxyType({})

    def id_of(self, row_id: str | int) -> str:
        """Return the id of a row in this combination: `a[temperature=0.7]` for the row `a`."""
        return f"{row_id}[{self.label}]"


NO_MATRIX = (Combination(),)


def ids_in_matrix(row_id: str | int, combinations: Sequence[Combination]) -> list[str | int]:
    """Return the ids of a row of the input: one for each combination, its own without a matrix."""
    return [one.id_of(row_id) if one.label else row_id for one in combinations]


def label_of(values: Mapping[str, Any]) -> str:
    """Return a combination as ids and headings write it: `temperature=0.7,model=A`."""
    return ",".join(f"{name}={label_of_value(value)}" for name, value in values.items())


def label_of_value(value: Any) -> str:
    """Return a value as it is written in ids and headings; different values have different labels."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.isprintable():
        label = value
    else:
        label = jsontext.encode(value).decode("utf-8")
    if len(label) <= MAX_VALUE_CHARS:
        return label
    name = blake2b(label.encode(), digest_size=4).hexdigest()
    return f"{label[: MAX_VALUE_CHARS - len(name) - 1]}…{name}"
