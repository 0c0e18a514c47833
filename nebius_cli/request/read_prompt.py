"""Reads prompts exactly as given: decodes bytes, splits lines, parses token IDs; trims and joins no text."""

import codecs
from collections.abc import Callable
from typing import Any, NamedTuple

from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import BadInputError, UsageError
from nebius_cli.request.parse_and_check_values import whole_number
from nebius_cli.request.prompt_options import PromptOptions

# The four forms the API accepts: a string, several strings, token IDs, several arrays of token IDs.
Prompt = str | list[str] | list[int] | list[list[int]]

STDIN_PLACEHOLDER = "{stdin}"


class DecodeOptions(NamedTuple):
    """How to decode bytes to prompts."""

    encoding: str = "utf-8"
    replace_invalid: bool = False
    strip_final_newline: bool = False


def decode_options(encoding: str, *, replace_invalid: bool, strip_final_newline: bool) -> DecodeOptions:
    """Return DecodeOptions with a canonical encoding name. Raises UsageError for an unknown encoding."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, UnicodeError):
        raise UsageError(
            f"--encoding {encoding}", "Python has no text encoding with this name", "for example latin-1"
        ) from None
    return DecodeOptions(name, replace_invalid, strip_final_newline)


def decoding_of(options: PromptOptions) -> DecodeOptions:
    """Return how to decode the bytes of prompts. Raises UsageError for an unknown encoding."""
    return decode_options(
        options.encoding,
        replace_invalid=options.invalid == "replace",
        strip_final_newline=options.strip_final_newline,
    )


class InputReaders(NamedTuple):
    """How to read input: all of stdin (once), a file by path, and the raw bytes of an argument."""

    stdin: Callable[[], bytes]
    file: Callable[[str], bytes]
    raw: Callable[[str], bytes]

    def read(self, path: str) -> bytes:
        """Return the bytes of a file; `-` means stdin."""
        return self.stdin() if path == "-" else self.file(path)


def read_prompt(options: PromptOptions, readers: InputReaders) -> Prompt:
    """Return the prompt: one text, several, or token IDs. Reads stdin only if a source refers to it.

    Raises UsageError, or BadInputError for bytes that cannot be decoded.
    """
    if options.tokens is None:
        return read_texts(options, readers)
    decoding = decoding_of(options)
    if options.has_text:
        raise UsageError(
            "--tokens and text prompts cannot be used together",
            "the API accepts only one of the two per request",
        )
    if options.tokens.startswith("@"):
        return parse_tokens(text_of_file(options.tokens[1:], readers, decoding))
    return parse_tokens(options.tokens)


def read_texts(options: PromptOptions, readers: InputReaders) -> str | list[str]:
    """Return the text of the prompt, or the texts of several; ignores token IDs.

    Reads stdin when `read_prompt` does, and raises the same errors.
    """
    decoding = decoding_of(options)
    inputs = _Inputs(readers, decoding, allow_empty=options.allow_empty)
    texts = [inputs.argument(argument) for argument in options.prompt]
    if options.template_file is not None:
        texts.append(inputs.template(options.template_file))
    texts += [inputs.file(path) for path in options.file]
    for path in options.prompts:
        texts += split_prompts(readers.read(path), source_name(path), decoding, nul=options.null)
    if not options.has_prompt:
        return inputs.file("-")
    return texts[0] if len(texts) == 1 else texts


class _Inputs:
    """Reads prompts from arguments and files, and replaces {stdin} in them by the input on stdin."""

    def __init__(self, readers: InputReaders, options: DecodeOptions, *, allow_empty: bool) -> None:
        self._readers = readers
        self._options = options
        self._allow_empty = allow_empty
        self._piped: str | None = None

    def file(self, path: str) -> str:
        """Return the text of a file unchanged."""
        return text_of_file(path, self._readers, self._options)

    def argument(self, argument: str) -> str:
        """Return the prompt for an argument; `-` means stdin."""
        if argument == "-":
            return self.file("-")
        return self._filled(decode_argument(argument, self._readers.raw(argument)))

    def template(self, path: str) -> str:
        """Return the text of a file with stdin inserted. Raises UsageError if it does not contain {stdin}."""
        text = self.file(path)
        if STDIN_PLACEHOLDER not in text:
            raise UsageError(f"{path} does not contain {{stdin}}", "", "--file sends a file unchanged")
        return self._filled(text)

    def _filled(self, text: str) -> str:
        if STDIN_PLACEHOLDER not in text:
            return text
        if self._piped is None:
            self._piped = self.file("-")
        if not self._piped and not self._allow_empty:
            hint = (
                "pipe text into nbx; to send the word {stdin} itself, put the prompt in a file: --file FILE"
            )
            raise UsageError("the prompt contains {stdin}, and stdin is empty", "", hint)
        return text.replace(STDIN_PLACEHOLDER, self._piped)


def text_of_file(path: str, readers: InputReaders, options: DecodeOptions) -> str:
    """Return the text of a file; `-` means stdin. Raises BadInputError."""
    return decode(readers.read(path), source_name(path), options)


def decode(data: bytes, source: str, options: DecodeOptions) -> str:
    """Decode the bytes of a prompt, without a UTF-8 byte order mark; `source` names them in messages.

    Raises BadInputError that names the first byte that is invalid in the encoding.
    """
    return _check_text(_decode_bytes(data, source, options), source, options)


def marked_encoding(data: bytes) -> str:
    """Return the encoding that a byte order mark indicates, UTF-16 or UTF-32; empty without one."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):  # first, as one starts with UTF-16's mark
        return "UTF-32"
    return "UTF-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""


def _decode_bytes(data: bytes, source: str, options: DecodeOptions) -> str:
    rest = data.removeprefix(codecs.BOM_UTF8) if options.encoding == "utf-8" else data
    try:
        return rest.decode(options.encoding, "replace" if options.replace_invalid else "strict")
    except UnicodeError as error:
        what, why = f"{source} is not valid {options.encoding.upper()}", str(error)
        hint = "set --encoding NAME or --invalid replace; iconv -f NAME -t UTF-8 converts it"
        if options.encoding == "utf-8" and (found := marked_encoding(data)):
            hint = (
                f"the text is {found}; set --encoding {found.lower()}; iconv -f {found} -t UTF-8 converts it"
            )
        if isinstance(error, UnicodeDecodeError):
            offset = len(data) - len(rest) + error.start
            why = f"byte 0x{data[offset : offset + 1].hex()} at offset {offset}: {error.reason}"
        raise BadInputError(what, why, hint) from None


def _check_text(text: str, source: str, options: DecodeOptions) -> str:
    if "\0" in text and not options.replace_invalid:
        what = f"{source} is binary input"
        raise BadInputError(
            what,
            f"it contains a NUL at character {text.index(chr(0)) + 1}",
            "--invalid replace sends it anyway",
        )
    if not options.strip_final_newline:
        return text
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")


def decode_argument(text: str, raw: bytes) -> str:
    """Return the text of a prompt argument; `raw` is its bytes as the system passed them.

    Python decodes bytes that are invalid in the locale's encoding to lone surrogates; such an argument is
    decoded again as UTF-8. Raises BadInputError if it is not UTF-8 either.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        pass
    else:
        return text
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        what = "the prompt argument is not valid UTF-8"
        why = f"byte 0x{raw[error.start]:02x} at offset {error.start}"
        raise BadInputError(what, why, "put it in a file and use --file with --encoding") from None


def split_prompts(data: bytes, source: str, options: DecodeOptions, *, nul: bool) -> list[str]:
    """Return one prompt per line or, with `nul`, one per NUL-terminated text.

    Lines end with LF or CRLF. The last terminator may be missing. With `nul`, newlines are part of a prompt.
    """
    # Decode before splitting: in UTF-16 the byte of a newline also occurs inside other characters.
    text = _decode_bytes(data, source, options)
    texts = text.split("\0") if nul else [line.removesuffix("\r") for line in text.split("\n")]
    if texts[-1] == "":
        texts.pop()
    return [_check_text(piece, f"{source}, line {n},", options) for n, piece in enumerate(texts, 1)]


def parse_tokens(text: str) -> Prompt:
    """Parse token IDs, `[1, 2]`, or several arrays of them, `[[1, 2], [3]]`. Raises UsageError."""
    try:
        value = jsontext.decode(text)
    except ValueError as error:
        why = jsontext.describe_error(error)
        raise UsageError("cannot parse --tokens", why, "write [1,2,3], [[1,2],[3]] or @file") from None
    several = isinstance(value, list) and bool(value) and isinstance(value[0], list)
    arrays = [token_ids(array) for array in (value if several else [value])]
    if None in arrays:
        hint = "write [1,2,3], [[1,2],[3]] or @file"
        raise UsageError(
            "--tokens must be token IDs", "these are whole numbers, 0 or more, in one or more arrays", hint
        )
    return arrays if several else arrays[0]  # type: ignore[return-value]


def token_ids(value: Any) -> list[int] | None:
    """Return an array of token IDs, with floats such as 5.0 as integers; None for anything else."""
    if not isinstance(value, list):
        return None
    if not all(type(token) is int for token in value):
        value = [whole_number(token) for token in value]
    return value if all(type(token) is int and token >= 0 for token in value) else None


def check_not_empty(prompt: Prompt, hint: str = "--allow-empty sends it anyway") -> None:
    """Raise UsageError if the prompt, or one of several, is empty; `hint` goes into the message."""
    if not prompt:
        raise UsageError("the prompt is empty", "", hint)
    for number, one in enumerate(prompt if isinstance(prompt, list) else [], 1):
        if one in ("", []):
            raise UsageError(f"prompt {number} is empty", "", hint)


def as_text(prompt: Prompt) -> str:
    """Return a prompt as one text to show or search: prompts joined by newlines, token IDs as JSON."""
    if isinstance(prompt, str):
        return prompt
    texts = [one for one in prompt if isinstance(one, str)]
    return "\n".join(texts) if len(texts) == len(prompt) else jsontext.encode(prompt).decode("ascii")


def as_list(prompt: Any) -> list[Any]:
    """Return the prompts of a request as a list; each gets its own choices."""
    several = isinstance(prompt, list) and prompt and not isinstance(prompt[0], int)
    return prompt if several else [prompt]


def source_name(path: str) -> str:
    """Return the name of an input file for messages; `-` means stdin."""
    return "stdin" if path == "-" else path
