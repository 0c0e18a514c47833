"""Targets for text that is read and displayed again: saved answers for `nbx view`, and message hints."""

from nebius_cli.core.errors_and_exit_codes import BadInputError
from nebius_cli.core.fit_hints_to_flags import clauses, flags_in, without_unknown_flags
from nebius_cli.render.export_heat_view import export
from nebius_cli.render.output_options import EXPORT_FORMATS
from nebius_cli.render.token_tsv import TokenTsv
from nebius_cli.response import saved_answer
from tests.fuzz.target import Target, head

FLAGS = ("--max-tokens", "--format", "--no-stream")
MAX_DRAWN = 200  # tokens; drawing is slow


def view(data: bytes) -> None:
    """A saved answer is shown with one line for each token, and drawn, or the file is rejected."""
    try:
        completion, events = saved_answer.read(data.decode("utf-8", "replace"), "answer.json")
    except BadInputError as error:
        assert "answer.json" in error.what
        return
    written: list[bytes] = []
    renderer = TokenTsv(written.append, completion.expected)
    for event in events:
        renderer.event(event)
    renderer.finish(completion)
    shown = b"".join(written).decode("utf-8")
    assert len({line.count("\t") for line in shown.removesuffix("\n").split("\n")}) <= 1
    if len(events) <= MAX_DRAWN:
        for form in EXPORT_FORMATS:
            page = export(completion, form, prompts=1).decode("utf-8")
            assert not any(ord(char) < 32 and char not in "\t\n" for char in page)


def hints(data: bytes) -> None:
    """A hint is split into clauses; the part that fits a command names only flags of that command."""
    choice, rest = head(data)
    hint, flags = rest.decode("utf-8", "replace"), FLAGS[: choice % 4]
    assert "; ".join(clauses(hint)) == hint
    fitted = without_unknown_flags(hint, flags)
    assert set().union(*map(flags_in, clauses(fitted))) <= set(flags)
    assert without_unknown_flags(fitted, flags) == fitted


_ANSWERS = (
    b'{"choices":[{"index":0,"text":"a","finish_reason":"stop","logprobs":',
    b'{"tokens":["a"],"token_logprobs":[-0.1],"top_logprobs":[{"a":-0.1}],"text_offset":[0]}',
    b'{"content":[{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[]}]}',
    b"}]}\n",
    b"null",
    b"[]",
    b"{}",
    b"-1e400",
    b"NaN",
    b'"\\u001b[31m"',
    b'"\\ud800"',
    b'"text_offset":[5,1]',
    b'"index":99999999999999999999',
    b'"index":-1',
    b'{"response":',
    b'{"error":{}}',
    b"[" * 200,
)
_HINTS = (
    b"; ",
    b"'",
    b'"',
    b"$'",
    b"\\",
    b"--max-tokens",
    b"--format",
    b"--nothing",
    b"nbx ",
    b"pip ",
    b"\n",
)

TARGETS = {"view": Target(view, _ANSWERS), "hints": Target(hints, _HINTS)}
