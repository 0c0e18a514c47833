"""A completion request, and the rules that apply across its fields.

A request contains only the fields that the user set. `check_rules` checks the rules across fields.
"""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import BadInputError, UsageError
from nebius_cli.request import read_prompt
from nebius_cli.request.field_table import BY_NAME, FIELDS
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.request.read_prompt import Prompt

NO_VALIDATE = "--no-validate sends it anyway"


class CompletionRequest(NamedTuple):
    """A request to POST /v1/completions.

    `fields` contains only the fields that were set, by their name in the field table. `params` (`--param`)
    are further members at the top level of the body.
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
        """The model's ID, empty if none is set."""
        return str(self.params.get("model", self.fields.get("model", "")))

    @property
    def n(self) -> int:
        """How many choices each prompt gets."""
        n = self.params.get("n", self.fields.get("n", 1))
        return n if isinstance(n, int) else 1

    @property
    def choices(self) -> int:
        """How many choices a complete answer has: `n` per prompt."""
        return len(read_prompt.as_list(self.prompt)) * self.n

    def body(self) -> dict[str, Any]:
        """Return the body's members: model, prompt, the other fields in table order, then params."""
        set_fields = {f.name: self.fields[f.name] for f in FIELDS if f.name in self.fields and not f.in_query}
        model = {"model": set_fields.pop("model")} if "model" in set_fields else {}
        return {**model, "prompt": self.prompt, **set_fields, **self.params}

    def encode(self) -> bytes:
        """Return the body as UTF-8 JSON, exactly as it is sent."""
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


def add_stream(fields: dict[str, Value], given: Collection[str], *, as_json: bool) -> None:
    """Set whether and how the answer is streamed, unless a flag in `given` or the configuration does."""
    if "stream" not in fields and not as_json:
        fields["stream"] = True
    if fields.get("stream") is True:
        fields.setdefault("stream_options", {"include_usage": True})
    elif "stream_options" not in given:
        fields.pop("stream_options", None)


def check_rules(fields: Mapping[str, Value], params: Mapping[str, Any], *, validate: bool) -> None:
    """Raise UsageError if no model is set or two fields contradict each other."""
    if "model" not in fields and "model" not in params:
        hint = "nbx models lists the models; set one with -m ID or nbx models use ID; --local needs none"
        raise UsageError("no model is set", "", hint)
    if "stream_options" in fields and fields.get("stream") is not True:
        raise UsageError(
            "--stream-options needs a streamed answer", "the API accepts it only with stream", "add --stream"
        )
    if validate and fields.get("max_tokens") == 0 and not fields.get("echo"):
        raise UsageError(
            "--max-tokens 0", "the answer would be empty; it works only with --echo", NO_VALIDATE
        )


def warnings(request: CompletionRequest, *, local: bool = False) -> Iterator[str]:
    """Yield a warning for each doubtful value in a request; `local`: it is sent to the embedded engine."""
    for name, value in request.fields.items():
        if text := BY_NAME[name].warning(value):
            yield text
    n = request.fields.get("n", 1)
    if isinstance(n, int) and n > 1 and request.fields.get("temperature") == 0:
        yield "n above 1 with temperature 0: the choices will be the same, and vLLM servers refuse it"
    stop = request.fields.get("stop")
    if any("\\n" in text for text in (stop if isinstance(stop, list) else [str(stop)])):
        yield "a stop sequence contains a backslash and an n; a newline is $'\\n' in most shells"
    if local and request.fields.get("echo"):
        yield "the embedded engine ignores echo: the answer will not contain the prompt"
