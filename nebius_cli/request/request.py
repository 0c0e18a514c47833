"""One completion request: what the user set and nothing else, and the rules across its fields."""

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


class CompletionRequest(NamedTuple):
    """A request to POST /v1/completions.

    `fields` holds only fields that somebody set, by their name in the catalog. `params` are members from
    beside the catalog, put at the top level of the body.
    """

    prompt: Prompt
    fields: Mapping[str, Value]
    params: Mapping[str, Any] = MappingProxyType({})
    stored: bytes = b""  # a body that goes out as it is

    @property
    def streamed(self) -> bool:
        """Whether the answer comes as a stream of events."""
        return self.fields.get("stream") is True

    @property
    def model(self) -> str:
        """The model's id."""
        return str(self.params.get("model", self.fields.get("model", "")))

    @property
    def n(self) -> int:
        """How many choices each prompt gets."""
        n = self.params.get("n", self.fields.get("n", 1))
        return n if isinstance(n, int) else 1

    @property
    def choices(self) -> int:
        """How many choices a complete answer has: `n` for each prompt."""
        return prompt.count(self.prompt) * self.n

    def body(self) -> dict[str, Any]:
        """Return the body's members: model, prompt, then the table's order, then params."""
        set_fields = {f.name: self.fields[f.name] for f in FIELDS if f.name in self.fields and not f.in_query}
        head = {"model": set_fields.pop("model")} if "model" in set_fields else {}
        return {**head, "prompt": self.prompt, **set_fields, **self.params}

    def encode(self) -> bytes:
        """Return the body as it goes over the wire."""
        return self.stored or jsontext.encode(self.body())

    def query(self) -> str:
        """Return the query string, empty where no field travels in it."""
        return urlencode(
            {f.name: self.fields[f.name] for f in FIELDS if f.in_query and f.name in self.fields}
        )


def from_body(body: bytes, query: str) -> CompletionRequest:
    """Return the request that a body stands for, to be sent with not a byte of it changed.

    Raises BadInputError where it is no request.
    """
    try:
        members = dict(jsontext.decode(body))
        prompts = members.pop("prompt")
    except (KeyError, TypeError, ValueError):
        raise BadInputError("what is kept is no request", "it has no prompt") from None
    fields = {name: members.pop(name) for name in tuple(members) if name in BY_NAME}
    return CompletionRequest(prompts, {**fields, **dict(parse_qsl(query))}, members, body)


def parse_fields(
    given: Mapping[str, str | Sequence[str] | bool], read_file: Callable[[str], str], *, validate: bool
) -> dict[str, Value]:
    """Return the request fields among the flags that were `given`, read and checked.

    Raises UsageError naming the flag, the value and what it takes.
    """
    values: dict[str, Value] = {}
    # Those that may read a file come last: whatever is wrong elsewhere is said before any I/O.
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
    """Return the members of `--param KEY=JSON`. Raises UsageError, also for a key that has its own flag."""
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
            jsontext.encode(params[key])  # Python's parser takes NaN, which JSON has not
        except ValueError:
            hint = f"a text needs JSON quotes: --param '{key}=\"{raw}\"'"
            raise UsageError(f"--param {text}", f"{raw!r} is not JSON", hint) from None
    return params


def parse_unset(names: Sequence[str]) -> set[str]:
    """Return the request fields that are to be left out. Raises UsageError for a name that is none."""
    for name in names:
        if name.replace("-", "_") not in BY_NAME:
            close = nearest(name, tuple(BY_NAME))
            why = "there is no such request field"
            raise UsageError(f"--unset {name}", why, f"did you mean {close}?" if close else "")
    return {name.replace("-", "_") for name in names}


def check_rules(fields: Mapping[str, Value], params: Mapping[str, Any], *, validate: bool) -> None:
    """Raise UsageError for a missing model and for fields that contradict each other."""
    if "model" not in fields and "model" not in params:
        hint = "nbx models lists them; -m ID, or once for all nbx models use ID; --local needs none"
        raise UsageError("no model is set", "nbx has no default model: models come and go", hint)
    if "stream_options" in fields and fields.get("stream") is not True:
        raise UsageError(
            "--stream-options needs a streamed answer", "the API takes it only with stream", "--stream"
        )
    if validate and fields.get("max_tokens") == 0 and not fields.get("echo"):
        raise UsageError("--max-tokens 0", "nothing would come back: it goes only with --echo", NO_VALIDATE)


def warnings(request: CompletionRequest, *, here: bool = False) -> Iterator[str]:
    """Yield what is doubtful about a request that is sent all the same; `here` to the embedded engine."""
    for name, value in request.fields.items():
        if text := BY_NAME[name].warning(value):
            yield text
    n = request.fields.get("n", 1)
    if isinstance(n, int) and n > 1 and request.fields.get("temperature") == 0:
        yield "n above 1 with temperature 0: the choices will be the same, and vLLM servers refuse it"
    stop = request.fields.get("stop")
    if any("\\n" in text for text in (stop if isinstance(stop, list) else [str(stop)])):
        yield "a stop sequence holds a backslash and an n; a newline is $'\\n' in most shells"
    if here and request.fields.get("echo"):
        yield "the embedded engine ignores echo: the prompt will not come back"
