"""Builds and checks a completion request from the flags that were given.

A request holds the fields that the user set and nothing else. `check_rules` has the rules across fields.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from nebius_cli.core import jsontext
from nebius_cli.core.errors import BadInputError, UsageError
from nebius_cli.core.suggest import nearest
from nebius_cli.request import prompt
from nebius_cli.request.field_table import BY_NAME, FIELDS
from nebius_cli.request.fields import FieldError, Value
from nebius_cli.request.prompt import Prompt

NO_VALIDATE = "--no-validate sends it anyway"
# Linux limits one argument to 128 KiB; a longer body goes into a here-document.
MAX_ARGUMENT_BYTES = 100_000


class CompletionRequest(NamedTuple):
    """A request to POST /v1/completions.

    `fields` holds only the fields that were set, by their name in the field table. `params` (`--param`) are
    further members, put at the top level of the body.
    """

    prompt: Prompt
    fields: Mapping[str, Value]
    params: Mapping[str, Any] = MappingProxyType({})
    stored_body: bytes = b""  # a body to send again unchanged

    @property
    def streamed(self) -> bool:
        """Whether the server is asked to stream the answer."""
        return self.fields.get("stream") is True

    @property
    def model(self) -> str:
        """The model's id, empty if none is set."""
        return str(self.params.get("model", self.fields.get("model", "")))

    @property
    def n(self) -> int:
        """How many choices each prompt gets."""
        n = self.params.get("n", self.fields.get("n", 1))
        return n if isinstance(n, int) else 1

    @property
    def choices(self) -> int:
        """How many choices a complete answer has: `n` per prompt."""
        return prompt.count(self.prompt) * self.n

    def body(self) -> dict[str, Any]:
        """Return the body's members: model, prompt, the other fields in table order, then params."""
        set_fields = {f.name: self.fields[f.name] for f in FIELDS if f.name in self.fields and not f.in_query}
        model = {"model": set_fields.pop("model")} if "model" in set_fields else {}
        return {**model, "prompt": self.prompt, **set_fields, **self.params}

    def encode(self) -> bytes:
        """Return the body as UTF-8 JSON, as it is sent."""
        return self.stored_body or jsontext.encode(self.body())

    def query(self) -> str:
        """Return the URL's query string, empty if no field belongs in it."""
        return urlencode(
            {f.name: self.fields[f.name] for f in FIELDS if f.in_query and f.name in self.fields}
        )


def from_body(body: bytes, query: str) -> CompletionRequest:
    """Return the request for a stored body, which will be sent again byte for byte.

    Raises BadInputError if the body is not a completion request.
    """
    try:
        members = dict(jsontext.decode(body))
        prompts = members.pop("prompt")
    except (KeyError, TypeError, ValueError):
        raise BadInputError("the stored request cannot be sent again", "it has no prompt") from None
    fields = {name: members.pop(name) for name in tuple(members) if name in BY_NAME}
    return CompletionRequest(prompts, {**fields, **dict(parse_qsl(query))}, members, body)


def parse_fields(
    given: Mapping[str, str | Sequence[str] | bool], read_file: Callable[[str], str], *, validate: bool
) -> dict[str, Value]:
    """Return the values of the request fields that were `given` as flags, parsed and checked.

    Raises UsageError that names the flag, the value and what the flag takes.
    """
    values: dict[str, Value] = {}
    # Fields that may read a file come last, so that other mistakes are reported before any I/O.
    for name, raw in sorted(given.items(), key=lambda item: BY_NAME[item[0]].takes_file):
        request_field = BY_NAME[name]
        texts = [str(raw).lower()] if isinstance(raw, bool) else [raw] if isinstance(raw, str) else list(raw)
        if request_field.takes_file:
            texts = [read_file(text[1:]) if text.startswith("@") else text for text in texts]
        try:
            values[name] = request_field.parse(texts, bounded=validate)
        except FieldError as error:
            shown = " ".join(texts)
            shown = shown if len(shown) <= 60 else shown[:57] + "..."
            what = f"{request_field.flag} {shown}".rstrip()
            raise UsageError(
                what, f"{request_field.name} {error}", NO_VALIDATE if error.bound else ""
            ) from None
    return values


def parse_params(texts: Sequence[str], *, validate: bool) -> dict[str, Any]:
    """Parse `--param KEY=JSON`. Raises UsageError, also for a key that has a flag of its own."""
    params: dict[str, Any] = {}
    for text in texts:
        key, equals, raw = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--param {text}", "it takes KEY=JSON", "for example --param top_k=40")
        if key in ("prompt", "stream") or (validate and key in BY_NAME):
            flag = BY_NAME[key].flag if key in BY_NAME else "an argument, --file, --prompts or --tokens"
            raise UsageError(f"--param {key}", f"{key} has its own place on the command line", f"use {flag}")
        try:
            params[key] = jsontext.decode(raw)
            jsontext.encode(params[key])  # Python's parser accepts NaN, which is not JSON
        except ValueError as error:
            hint = f"a text needs JSON quotes: --param '{key}=\"{raw}\"'"
            if isinstance(error, jsontext.LimitError):
                raise UsageError(f"--param {text}", jsontext.describe_error(error)) from None
            raise UsageError(f"--param {text}", f"{raw!r} is not JSON", hint) from None
    return params


def parse_unset(names: Sequence[str]) -> set[str]:
    """Return the names of the request fields to leave out. Raises UsageError for an unknown name."""
    for name in names:
        if name.replace("-", "_") not in BY_NAME:
            close = nearest(name, tuple(BY_NAME))
            why = "there is no such request field"
            raise UsageError(f"--unset {name}", why, f"did you mean {close}?" if close else "")
    return {name.replace("-", "_") for name in names}


def check_rules(fields: Mapping[str, Value], params: Mapping[str, Any], *, validate: bool) -> None:
    """Raise UsageError if no model is set or two fields contradict each other."""
    if "model" not in fields and "model" not in params:
        hint = "nbx models lists them; -m ID, or once for all nbx models use ID; --local needs none"
        raise UsageError("no model is set", "nbx has no default model: models come and go", hint)
    if "stream_options" in fields and fields.get("stream") is not True:
        raise UsageError(
            "--stream-options needs a streamed answer", "the API takes it only with stream", "--stream"
        )
    if validate and fields.get("max_tokens") == 0 and not fields.get("echo"):
        raise UsageError("--max-tokens 0", "nothing would come back: it goes only with --echo", NO_VALIDATE)


def warnings(request: CompletionRequest, *, local: bool = False) -> Iterator[str]:
    """Yield a warning for each doubtful value in a request; `local`: it goes to the embedded engine."""
    for name, value in request.fields.items():
        if text := BY_NAME[name].warning(value):
            yield text
    n = request.fields.get("n", 1)
    if isinstance(n, int) and n > 1 and request.fields.get("temperature") == 0:
        yield "n above 1 with temperature 0: the choices will be the same, and vLLM servers refuse it"
    stop = request.fields.get("stop")
    if any("\\n" in text for text in (stop if isinstance(stop, list) else [str(stop)])):
        yield "a stop sequence holds a backslash and an n; a newline is $'\\n' in most shells"
    if local and request.fields.get("echo"):
        yield "the embedded engine ignores echo: the prompt will not come back"


def curl_command(url: str, body: bytes, *, streamed: bool, cacert: str | None = None) -> str:
    """Return a curl command for a POSIX shell that sends `body` to `url`.

    The key is read from `$NEBIUS_API_KEY`, so the command can be shared.
    """
    text = body.decode("utf-8")
    parts = ["curl -N" if streamed else "curl", shlex.quote(url)]
    parts += ['-H "Authorization: Bearer $NEBIUS_API_KEY"', "-H 'Content-Type: application/json'"]
    if cacert:
        parts.append(f"--cacert {shlex.quote(cacert)}")
    if len(body) <= MAX_ARGUMENT_BYTES:
        return " \\\n  ".join([*parts, f"--data-raw {shlex.quote(text)}"])
    # The body is one line of JSON, so it cannot contain the delimiter as a line.
    return " \\\n  ".join([*parts, "--data-binary @- <<'NBX_BODY'"]) + f"\n{text}\nNBX_BODY"
