"""Describes request fields and settings (kind, bounds, help), and parses and checks their values.

One `Field` describes a flag, a config key and a JSON member. `parse` accepts texts from a flag or an
environment variable, `check` a value from TOML or JSON. Both apply the same rules with the same messages.
"""

import math
import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple, assert_never

from nebius_cli.core import jsontext

# The value of a field, in the form that is passed to json.dumps.
Value = str | int | float | bool | list[Any] | dict[str, Any]

_INTEGER = r"[+-]?[0-9]{1,18}"
_WHOLE = r"([+-]?[0-9]{1,18})(\.0+)?"
_DIGITS = r"[+-]?[0-9]+"
_NUMBER = r"[+-]?([0-9]{1,18}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
_MAX_EXACT_FLOAT = 2**53  # above it, one float may represent several integers
_MAX_INTEGER, _TOO_LARGE = 10**18 - 1, "is larger than any server accepts"
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_PLAIN_ID = r"([0-9]{1,18})(\.0+)?"


class Kind(Enum):
    """The type of a field's value, with an example of its flag."""

    TEXT = auto()  # --user NAME
    INTEGER = auto()  # --max-tokens 32
    NUMBER = auto()  # --temperature 0.7
    SECONDS = auto()  # --timeout 60
    BOOLEAN = auto()  # --echo / --no-echo
    CHOICE = auto()  # --service-tier flex
    TEXTS = auto()  # --stop A --stop B
    BIASES = auto()  # --logit-bias 50256=-100, repeated; or a JSON object; or @file
    OBJECT = auto()  # --extra-body '{"a": 1}'; or @file


class FieldError(ValueError):
    """An invalid value; the message says what the field accepts.

    `bound`: only the bounds are violated, not the type; `--no-validate` allows that.
    """

    def __init__(self, message: str, *, bound: bool = False) -> None:
        super().__init__(message)
        self.bound = bound


class Field(NamedTuple):
    """One request field or setting.

    `low` and `high` are the inclusive bounds of a number, or of each bias in BIASES. A number, or a count of
    texts, above `warn_above` is sent with a warning. `in_query` fields are sent in the URL.
    """

    name: str
    kind: Kind
    help: str
    panel: str = "Request"
    metavar: str = ""
    short: str = ""
    low: float | None = None
    high: float | None = None
    warn_above: int | None = None
    choices: tuple[str, ...] = ()
    in_query: bool = False
    flag_name: str = ""  # if the flag has another name

    @property
    def flag(self) -> str:
        """The long flag, such as `--max-tokens`."""
        return "--" + (self.flag_name or self.name).replace("_", "-")

    @property
    def takes_file(self) -> bool:
        """Whether the flag accepts `@file`, which is replaced by the file's text."""
        return self.kind in (Kind.BIASES, Kind.OBJECT)

    @property
    def bounds(self) -> str:
        """The bounds in words, empty if there are none."""
        if self.low is not None and self.high is not None:
            return f"between {self.low:g} and {self.high:g}"
        if self.low is not None:
            return f"{self.low:g} or more"
        return ""

    def parse(self, texts: Sequence[str], *, bounded: bool = True) -> Value:
        """Parse the value from `texts`, one for each time the flag was given.

        TEXTS and BIASES use all texts; other kinds use the last one.
        Raises FieldError.
        """
        last = texts[-1]
        match self.kind:
            case Kind.TEXTS:
                value: Any = list(texts)
            case Kind.BIASES:
                value = _parse_biases(texts)
            case Kind.OBJECT:
                value = _parse_json(last)
            case Kind.INTEGER:
                whole = re.fullmatch(_WHOLE, last)
                value = int(whole[1]) if whole else last
                if value is last and re.fullmatch(_DIGITS, last):
                    raise FieldError(_TOO_LARGE)
            case Kind.NUMBER | Kind.SECONDS:
                value = _parse_number(last)
            case Kind.BOOLEAN:
                value = _BOOLEANS.get(last.lower(), last)
            case Kind.TEXT | Kind.CHOICE:
                value = last
            case _:
                assert_never(self.kind)
        return self.check(value, bounded=bounded)

    def check(self, value: Any, *, bounded: bool = True) -> Value:
        """Return `value` in the form that is sent. Raises FieldError if the field does not accept it.

        `bounded=False` accepts values outside the bounds, but never another type.
        """
        checked = _CHECKS[self.kind](value)
        if bounded:
            self._check_bounds(checked)
        return checked

    def warning(self, value: Value) -> str:
        """Return a warning about a doubtful value, which is sent anyway, or an empty string."""
        count = len(value) if isinstance(value, list) else value
        if self.warn_above is not None and isinstance(count, int) and count > self.warn_above:
            noun = f"{self.name} sequences" if isinstance(value, list) else self.name
            return f"{count} {noun}: servers may refuse more than {self.warn_above}"
        return ""

    def _check_bounds(self, value: Value) -> None:
        if self.choices and value not in self.choices:
            raise FieldError(f"must be one of {', '.join(self.choices)}", bound=True)
        numbers: Sequence[Any] = (value,) if isinstance(value, int | float) else ()
        if self.kind is Kind.BIASES and isinstance(value, dict):
            numbers = tuple(value.values())
        for number in numbers:
            if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
                raise FieldError(f"must be {self.bounds}", bound=True)


def whole_number(value: Any) -> Any:
    """Return a float such as 64.0 as an int; any other value unchanged.

    Dataframes and spreadsheets store the integers of a column with gaps as floats.
    """
    if type(value) is float and value.is_integer() and abs(value) <= _MAX_EXACT_FLOAT:
        return int(value)
    return value


def _parse_number(text: str) -> int | float | str:
    if re.fullmatch(_INTEGER, text):
        return int(text)
    return float(text) if re.fullmatch(_NUMBER, text) else text


def _parse_json(text: str) -> Any:
    try:
        return jsontext.decode(text)
    except ValueError as error:
        raise FieldError(f"is {jsontext.describe_error(error)}") from None


def _parse_biases(texts: Sequence[str]) -> dict[str, Any]:
    biases: dict[str, Any] = {}
    for text in texts:
        if text.lstrip().startswith("{"):
            parsed = _parse_json(text)
            biases.update(parsed)
            continue
        token, equals, bias = text.partition("=")
        if not equals:
            raise FieldError("must be TOKEN=BIAS, a JSON object or @file")
        biases[token.strip()] = _parse_number(bias.strip())
    return biases


def _check_text(value: Any) -> Value:
    if not isinstance(value, str):
        raise FieldError("must be text")
    if not value:
        raise FieldError("must not be empty")
    _check_utf8(value)
    return value


def _check_utf8(*texts: str) -> None:
    # Python decodes undecodable bytes of arguments and environment variables to lone surrogates.
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise FieldError("must be valid UTF-8") from None


def _check_integer(value: Any) -> Value:
    value = whole_number(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError("must be a whole number")
    if not -_MAX_INTEGER <= value <= _MAX_INTEGER:
        raise FieldError(_TOO_LARGE)
    return value


def _check_number(value: Any, noun: str = "a number") -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return _check_integer(value)  # an integer of hundreds of digits does not fit a float
    if not isinstance(value, float) or not math.isfinite(value):
        raise FieldError(f"must be {noun}")
    return value


def _check_seconds(value: Any) -> Value:
    return _check_number(value, "a number of seconds")


def _check_boolean(value: Any) -> Value:
    if not isinstance(value, bool):
        raise FieldError("must be true or false")
    return value


def _check_texts(value: Any) -> Value:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise FieldError("must be text or a list of texts")
    if not texts or "" in texts:
        raise FieldError("must not be empty")
    _check_utf8(*texts)
    # The API takes a string or an array; a single sequence is sent as a string, as the reference shows.
    return texts[0] if len(texts) == 1 else texts


def _check_biases(value: Any) -> Value:
    if not isinstance(value, Mapping):
        raise FieldError("must be an object that maps token IDs to biases")
    biases: dict[str, Any] = {}
    for token, bias in value.items():
        if not (number := re.fullmatch(_PLAIN_ID, token)):
            raise FieldError(f"contains {token!r}, which is not a token ID")
        if number[1] in biases:
            raise FieldError(f"has two biases for token {number[1]}")
        try:
            biases[number[1]] = _check_number(bias)
        except FieldError:
            raise FieldError(f"must have a number as the bias of token {token}") from None
    return biases


def _check_object(value: Any) -> Value:
    if not isinstance(value, Mapping):
        raise FieldError("must be a JSON object")
    try:
        jsontext.encode(value)
    except ValueError as error:
        raise FieldError(f"has a value that JSON does not allow: {error}") from None
    return dict(value)


_CHECKS = {
    Kind.TEXT: _check_text,
    Kind.CHOICE: _check_text,
    Kind.INTEGER: _check_integer,
    Kind.NUMBER: _check_number,
    Kind.SECONDS: _check_seconds,
    Kind.BOOLEAN: _check_boolean,
    Kind.TEXTS: _check_texts,
    Kind.BIASES: _check_biases,
    Kind.OBJECT: _check_object,
}
