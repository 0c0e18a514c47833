"""What a request field or a setting is: its name, kind, bounds and help, and how a value is read.

A `Field` is the one description behind a flag, a config key and a JSON member. It knows two ways in,
`parse` (texts from a flag or an environment variable) and `check` (a value from TOML or JSON), and both
apply the same rules with the same messages.
"""

import math
import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple, assert_never

from nebius_cli.core import jsontext

# What a field's value is once read: exactly what json.dumps is given for it.
Value = str | int | float | bool | list[Any] | dict[str, Any]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DIGITS = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_MAX_INTEGER, _TOO_LARGE = 10**18 - 1, "is larger than any server takes"
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TOKEN_ID = re.compile(r"[0-9]{1,18}")


class Kind(Enum):
    """What values a field takes, and how its flag is written."""

    TEXT = auto()  # --user NAME
    INTEGER = auto()  # --max-tokens 32
    NUMBER = auto()  # --temperature 0.7
    BOOLEAN = auto()  # --echo / --no-echo
    CHOICE = auto()  # --service-tier flex
    TEXTS = auto()  # --stop A --stop B
    BIASES = auto()  # --logit-bias 50256=-100, repeated; or a JSON object; or @file
    OBJECT = auto()  # --extra-body '{"a": 1}'; or @file


class FieldError(ValueError):
    """A value that a field does not take; the text says what it takes. `bound`: the type was right."""

    def __init__(self, message: str, *, bound: bool = False) -> None:
        super().__init__(message)
        self.bound = bound


class Field(NamedTuple):
    """One request field or setting.

    `low` and `high` are inclusive bounds of a number, of each bias in BIASES. `warn_above` is a soft one:
    a number, or a count of texts, above it is sent with a warning. `in_query` fields travel in the URL.
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

    @property
    def flag(self) -> str:
        """The long flag."""
        return "--" + self.name.replace("_", "-")

    @property
    def takes_file(self) -> bool:
        """Whether `@file` stands for the file's text."""
        return self.kind in (Kind.BIASES, Kind.OBJECT)

    @property
    def bounds(self) -> str:
        """The bounds as words, empty where there are none."""
        if self.low is not None and self.high is not None:
            return f"between {self.low:g} and {self.high:g}"
        if self.low is not None:
            return f"{self.low:g} or more"
        return ""

    def parse(self, texts: Sequence[str], *, bounded: bool = True) -> Value:
        """Read the value from what was typed, one text for each time the flag was given.

        Only TEXTS and BIASES make something of more than one text; elsewhere the last one counts.
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
                value = int(last) if _INTEGER.fullmatch(last) else last
                if value is last and _DIGITS.fullmatch(last):
                    raise FieldError(_TOO_LARGE)
            case Kind.NUMBER:
                value = _parse_number(last)
            case Kind.BOOLEAN:
                value = _BOOLEANS.get(last.lower(), last)
            case Kind.TEXT | Kind.CHOICE:
                value = last
            case _:
                assert_never(self.kind)
        return self.check(value, bounded=bounded)

    def check(self, value: Any, *, bounded: bool = True) -> Value:
        """Return `value` in the form that is sent. Raises FieldError for one the field does not take.

        `bounded=False` lets values outside the documented bounds through, never ones of another type.
        """
        checked = _CHECKS[self.kind](value)
        if bounded:
            self._check_bounds(checked)
        return checked

    def warning(self, value: Value) -> str:
        """Return what is doubtful about a value that is sent all the same, or an empty text."""
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


def _parse_number(text: str) -> int | float | str:
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _parse_json(text: str) -> Any:
    try:
        return jsontext.decode(text)
    except ValueError as error:
        raise FieldError(f"is not JSON: {jsontext.describe_error(error)}") from None


def _parse_biases(texts: Sequence[str]) -> dict[str, Any]:
    biases: dict[str, Any] = {}
    for text in texts:
        if text.lstrip().startswith("{"):
            parsed = _parse_json(text)
            biases.update(parsed)
            continue
        token, equals, bias = text.partition("=")
        if not equals:
            raise FieldError("takes TOKEN=BIAS, a JSON object or @file")
        biases[token.strip()] = _parse_number(bias.strip())
    return biases


def _check_text(value: Any) -> Value:
    if not isinstance(value, str):
        raise FieldError("must be a text")
    if not value:
        raise FieldError("must not be empty")
    _check_utf8(value)
    return value


def _check_utf8(*texts: str) -> None:
    # Python stands in lone surrogates for bytes of the command line or the environment that are no text.
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise FieldError("must be valid UTF-8") from None


def _check_integer(value: Any) -> Value:
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError("must be a whole number")
    if not -_MAX_INTEGER <= value <= _MAX_INTEGER:
        raise FieldError(_TOO_LARGE)
    return value


def _check_number(value: Any) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return _check_integer(value)  # of hundreds of digits, it would be no float
    if not isinstance(value, float) or not math.isfinite(value):
        raise FieldError("must be a number")
    return value


def _check_boolean(value: Any) -> Value:
    if not isinstance(value, bool):
        raise FieldError("must be true or false")
    return value


def _check_texts(value: Any) -> Value:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise FieldError("must be a text or a list of texts")
    if not texts or "" in texts:
        raise FieldError("must not be empty")
    _check_utf8(*texts)
    # The API takes a string or an array; one sequence is sent in the form its page shows.
    return texts[0] if len(texts) == 1 else texts


def _check_biases(value: Any) -> Value:
    if not isinstance(value, Mapping):
        raise FieldError("must be an object of token id to bias")
    for token, bias in value.items():
        if not _TOKEN_ID.fullmatch(token):
            raise FieldError(f"takes token ids, and {token!r} is not one")
        try:
            _check_number(bias)
        except FieldError:
            raise FieldError(f"takes a number as bias of token {token}") from None
    return dict(value)


def _check_object(value: Any) -> Value:
    if not isinstance(value, Mapping):
        raise FieldError("must be a JSON object")
    try:
        jsontext.encode(value)
    except ValueError as error:
        raise FieldError(f"holds what JSON cannot: {error}") from None
    return dict(value)


_CHECKS = {
    Kind.TEXT: _check_text,
    Kind.CHOICE: _check_text,
    Kind.INTEGER: _check_integer,
    Kind.NUMBER: _check_number,
    Kind.BOOLEAN: _check_boolean,
    Kind.TEXTS: _check_texts,
    Kind.BIASES: _check_biases,
    Kind.OBJECT: _check_object,
}
