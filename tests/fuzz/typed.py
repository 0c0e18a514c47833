"""Targets for user input: request fields, biases, settings, token ids, prompts and addresses."""

from nebius_cli.config import settings_table
from nebius_cli.core import jsontext, urls
from nebius_cli.core.errors_and_exit_codes import BadInputError, ConfigError, UsageError
from nebius_cli.request import read_prompt
from nebius_cli.request.field_table import BY_NAME, FIELDS
from nebius_cli.request.parse_and_check_values import Field, FieldError
from nebius_cli.request.read_prompt import DecodeOptions
from tests.fuzz.target import Target, head

SECRET = 9  # characters; shorter passwords may occur in an address by chance
ENCODINGS = ("utf-8", "latin-1", "utf-16", "utf-32-le", "cp1252", "shift_jis", "utf-7", "gb18030")


def _parse(field: Field, texts: list[str]) -> None:
    for bounded in (True, False):
        try:
            value = field.parse(texts, bounded=bounded)
        except FieldError as error:
            assert str(error)
            continue
        assert field.check(value, bounded=bounded) == value
        assert jsontext.decode(jsontext.encode(value)) == value
        field.warning(value)


def fields(data: bytes) -> None:
    """A field accepts a text or explains why not; an accepted value can be encoded and decoded unchanged."""
    choice, rest = head(data)
    _parse(FIELDS[choice % len(FIELDS)], rest.decode("utf-8", "surrogateescape").split("\0"))


def biases(data: bytes) -> None:
    """The same for logit_bias, whose texts have two forms."""
    _parse(BY_NAME["logit_bias"], data.decode("utf-8", "surrogateescape").split("\0"))


def setting(data: bytes) -> None:
    """A setting accepts a text or explains why not, without showing a secret value."""
    choice, rest = head(data)
    one = settings_table.SETTINGS[choice % len(settings_table.SETTINGS)]
    text = rest.decode("utf-8", "surrogateescape")
    try:
        one.shown(settings_table.parse(one, text))
    except UsageError as error:
        assert error.what
        assert not (one.secret and len(text) > 3 and text in f"{error.what} {error.why}")


def tokens(data: bytes) -> None:
    """--tokens accepts only arrays of non-negative integers."""
    try:
        value = read_prompt.parse_tokens(data.decode("utf-8", "surrogateescape"))
    except UsageError:
        return
    assert isinstance(value, list)
    for array in value if value and isinstance(value[0], list) else [value]:
        assert isinstance(array, list)
        assert all(type(token) is int and token >= 0 for token in array)
    read_prompt.as_list(value)


def prompts(data: bytes) -> None:
    """Bytes are decoded without loss, or the error names the first invalid byte."""
    choice, rest = head(data)
    reading = DecodeOptions(ENCODINGS[choice % len(ENCODINGS)], bool(choice & 64), bool(choice & 128))
    nul = bool(choice & 32)
    try:
        text = read_prompt.decode(rest, "stdin", reading)
        lines = read_prompt.split_prompts(rest, "stdin", reading, nul=nul)
    except BadInputError as error:
        assert error.what.startswith("stdin")
        return
    if reading == DecodeOptions() and not nul:
        assert text.encode() == rest.removeprefix(b"\xef\xbb\xbf")
        assert "\r" in text or "\n".join(lines) == text.removesuffix("\n")


def addresses(data: bytes) -> None:
    """An address is normalized or rejected; its password is never shown."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        base = urls.parse_base_url(text)
    except ConfigError as error:
        assert error.what.startswith("base_url")
        return
    shown = urls.strip_credentials(urls.endpoint_url(base, "/completions", ""))
    assert base.path.endswith("/v1")
    assert urls.parse_base_url(urls.endpoint_url(base, "", "")) == base
    # Tabs and newlines in an address are ignored. The password may also occur in the path.
    secret, whole = base.password or "", urls.endpoint_url(base, "", "")
    assert len(secret) < SECRET or whole.count(secret) > 1 or secret not in shown
    urls.is_plain_http(base)


_NUMBERS = (
    b"0", b"1", b"-1", b"+1", b"0.5", b".5", b"5.", b"1e9", b"1e999", b"9" * 19, b"9" * 5000, b"0x1",
    b"1_0", b"nan", b"inf", "\u0661".encode(), "\u00b2".encode(), b"true", b"yes", b"no", b"auto",
    b"\x00", b" ", b"\xff", b"-",
)  # fmt: skip
_JSON = (
    b"{", b"}", b"[", b"]", b",", b":", b'"', b'"1":', b"null", b"NaN", b'"\\ud800"', b"[" * 3000,
    b'{"a":' * 1500,
)  # fmt: skip
_BIASES = (b"50256=-100", b"=", b"5=", b"=5", b'{"50256":-100}', b"1=1e5", b'"5":1e400')
_URLS = (
    b"http://", b"https://", b"user:password1234@", b"@", b":", b":80", b":99999", b"[::1]", b"[", b"]",
    b"/v1", b"/completions", b"?", b"#", b"%", b"\\", b"\t", b"\n", "\u2100".encode(), "\uff0f".encode(),
)  # fmt: skip
_BYTES = (
    b"\n",
    b"\r\n",
    b"\r",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x00\xd8",
    b"+AGE-",
    b"\x81",
    b"\xff",
)

TARGETS = {
    "fields": Target(fields, _NUMBERS + _JSON + _BIASES),
    "biases": Target(biases, _NUMBERS + _JSON + _BIASES),
    "settings": Target(setting, _NUMBERS + _JSON + _URLS + (b"'", b'"', b"$(", b"\\")),
    "tokens": Target(tokens, _NUMBERS + _JSON),
    "prompts": Target(prompts, _BYTES),
    "addresses": Target(addresses, _URLS),
}
