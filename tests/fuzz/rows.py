"""Targets for the input of a bulk run: rows of JSONL, CSV, TSV and text, and templates."""

import io
from typing import Any

from nebius_cli.bulk.input import fill_template
from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.byte_source import ByteSource, blocks, lines
from nebius_cli.bulk.input.fill_template import RowError
from nebius_cli.bulk.input.open_input import open_rows
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.input.row_source import count_rows
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import BadInputError, UsageError
from nebius_cli.request.read_prompt import DecodeOptions
from tests.fuzz.target import Target, head

FORMATS = ("jsonl", "csv", "tsv", "text")
READINGS = (
    DecodeOptions(),
    DecodeOptions("utf-8", replace_invalid=True),
    DecodeOptions("latin-1"),
    DecodeOptions("utf-16"),
)
TEMPLATES = (None, fill_template.parse("Q: {question}\nA: {prompt}"))
MAX_WHY_CHARS = 2000  # characters


def rows(data: bytes) -> None:
    """Every row of a file is returned; a valid row can be sent, a bad row has a reason and a line number."""
    choice, rest = head(data)
    format_, reading = FORMATS[choice % 4], READINGS[choice // 4 % 4]
    form, validate, nul = (
        TEMPLATES[choice // 16 % 2],
        bool(choice & 32),
        bool(choice & 64) and format_ == "text",
    )
    reader = RowReader({"max_tokens": 5}, {}, form, validate=validate)
    try:
        with open_rows("-", format_, nul=nul, reading=reading, stdin=io.BytesIO(rest)) as file:
            found = list(reader.rows(file))
            assert file.position <= len(rest)
    except (BadInputError, UsageError) as error:
        assert error.what
        return
    assert [row.index for row in found] == list(range(len(found)))
    sound = [row for row in found if isinstance(row, Row)]
    for row in sound:
        assert jsontext.decode(row.body)["prompt"] == row.prompt
        assert row.max_prompt_tokens > 0
    assert len({row.id for row in sound}) == len(sound)
    assert all(row.why and row.line > 0 for row in found if isinstance(row, BadRow))
    survey = count_rows(found)
    assert (survey.rows, survey.bad) == (len(found), len(found) - len(sound))
    if sound:
        assert jsontext.decode(sound[0].body)["prompt"] == sound[0].prompt


def gzipped(data: bytes) -> None:
    """A compressed file is read line by line, or is reported as damaged."""
    try:
        for line in lines(blocks(ByteSource("-", io.BytesIO(data)), "gz", DecodeOptions()), b"\n"):
            assert isinstance(line, bytes)
    except BadInputError as error:
        assert error.what.startswith("stdin")


def templates(data: bytes) -> None:
    """A template is parsed or rejected; after filling, it contains the value of every placeholder."""
    text, _, values = data.decode("utf-8", "replace").partition("\0")
    try:
        parsed = fill_template.parse(fill_template.unescape(text))
        filled: Any = dict.fromkeys(parsed.names, values)
        assert parsed.fill(filled) == values.join(parsed.texts)
        parsed.fill({})
    except UsageError as error:
        assert error.what
    except RowError as error:
        assert 0 < len(str(error)) <= MAX_WHY_CHARS + len(text)


_ROWS = (
    b"\n",
    b"\r\n",
    b"\r",
    b",",
    b"\t",
    b'"',
    b'""',
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b" ",
    b"{}",
    b"[]",
    b"null",
    b"NaN",
    b'{"prompt": "a"}\n',
    b'{"prompt": [1, 2], "n": 2}\n',
    b'"text"\n',
    b'"id":',
    b'"custom_id":',
    b'"body":',
    b'"params":',
    b'{"a":1}',
    b'"temperature":',
    b'"max_tokens":',
    b'"stop":',
    b'"model":',
    b'"question":',
    b"1e400",
    b"9" * 5000,
    b"[" * 3000,
    b'"\\ud800"',
    b'"\\ud83d\\ude00"',
    b"-1",
    b"true",
    b"prompt,id\n",
    b"question\tprompt\n",
    b'"stream":true',
    b'"messages":[]',
    b'"logit_bias":{"5.0":1}',
    b"64.0",
    b"0,5",
    b"1e99",
    b"sep=;\n",
    b";",
    b",,\n",
    b"\xff\xfe",
    b"max_tokens,,\n",
)
_BRACES = (b"{", b"}", b"{{", b"}}", b"{question}", b"{prompt}", b"\\n", b"\\t", b"\\\\", b"\x00", b"{}")

TARGETS = {
    "rows": Target(rows, _ROWS),
    "gzip": Target(gzipped, (b"\x1f\x8b\x08", b"\x00\x00")),
    "templates": Target(templates, _BRACES),
}
