"""Reading the prompt: its sources, how bytes are decoded, and its four forms."""

import codecs
import encodings.aliases
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core.errors_and_exit_codes import BadInputError, NbxError, UsageError
from nebius_cli.request import read_prompt
from nebius_cli.request.prompt_options import PromptOptions
from nebius_cli.request.read_prompt import DecodeOptions, InputReaders

UNCHANGED = DecodeOptions()
STRIPPED = DecodeOptions(strip_final_newline=True)
LENIENT = DecodeOptions(replace_invalid=True)

_ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


class World:
    """Files and a stdin, and a record of what was read."""

    def __init__(self, stdin: bytes = b"", **files: bytes) -> None:
        self.read: list[str] = []
        self._stdin = stdin
        self._files = files

    def readers(self) -> InputReaders:
        return InputReaders(
            self._read_stdin, self._read_file, lambda text: text.encode("utf-8", "surrogateescape")
        )

    def _read_stdin(self) -> bytes:
        self.read.append("stdin")
        return self._stdin

    def _read_file(self, path: str) -> bytes:
        self.read.append(path)
        return self._files[path]


def gathered(world: World, *arguments: str, **options: Any) -> Any:
    return read_prompt.read_prompt(PromptOptions(arguments, **options), world.readers())


def refused(call: Any, kind: type[NbxError] = BadInputError) -> NbxError:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def test_one_argument_is_the_prompt_and_nothing_is_read() -> None:
    world = World(b"unread")
    assert gathered(world, " a\r\n ") == " a\r\n "
    assert world.read == []


def test_without_a_prompt_stdin_is_read() -> None:
    assert not PromptOptions().has_prompt
    assert gathered(World(b"x\n")) == "x\n"


@pytest.mark.parametrize(
    "sources", [{"prompt": ("",)}, {"file": ("f",)}, {"prompts": ("l",)}, {"tokens": ""}]
)
def test_any_source_counts_as_a_prompt(sources: Any) -> None:
    assert PromptOptions(**sources).has_prompt


def test_prompts_are_in_the_order_arguments_files_lists() -> None:
    world = World(f=b"from f\n", g=b"from g", l=b"1\n2\n")
    texts = gathered(world, "a", "b", file=("f", "g"), prompts=("l",))
    assert texts == ["a", "b", "from f\n", "from g", "1", "2"]
    assert world.read == ["f", "g", "l"]


@pytest.mark.parametrize(
    ("arguments", "sources"), [(("-",), {}), ((), {"file": ("-",)}), ((), {"prompts": ("-",)})]
)
def test_a_dash_means_stdin_for_every_source(arguments: tuple[str, ...], sources: Any) -> None:
    world = World(b"piped")
    assert gathered(world, *arguments, **sources) == "piped"
    assert world.read == ["stdin"]


def test_every_placeholder_is_replaced_and_stdin_is_read_once() -> None:
    world = World(b"X\n")
    assert gathered(world, "a {stdin}{stdin}", "{stdin} b", "c") == ["a X\nX\n", "X\n b", "c"]
    assert world.read == ["stdin"]


def test_a_placeholder_for_an_empty_stdin_is_refused() -> None:
    error = refused(lambda: gathered(World(b""), "Summary: {stdin}"), UsageError)
    assert error.what == "the prompt contains {stdin}, and stdin is empty"
    assert error.hint == (
        "pipe text into nbx; to send the word {stdin} itself, put the prompt in a file: --file FILE"
    )


def test_a_placeholder_in_stdin_is_not_replaced() -> None:
    assert gathered(World(b"{stdin}"), "<{stdin}>") == "<{stdin}>"


def test_the_final_newline_is_stripped_from_stdin_and_files_but_not_from_arguments() -> None:
    world = World(b"s\n", f=b"f\r\n", l=b"1\n\n\n")
    texts = gathered(world, "a\n", "{stdin}\n", file=("f",), prompts=("l",), strip_final_newline=True)
    assert texts == ["a\n", "s\n", "f", "1", "", ""]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"\n", ""),
        (b"a\n", "a"),
        (b"a\n\n", "a\n"),
        (b"a\r\n", "a"),
        (b"a\r", "a\r"),
        (b"a \n", "a "),
    ],
)
def test_one_final_newline_is_stripped(data: bytes, text: str) -> None:
    assert read_prompt.decode(data, "stdin", STRIPPED) == text


@given(_ANY_TEXT)
def test_any_text_is_decoded_unchanged(text: str) -> None:
    data = text.encode()
    marked = data.startswith(codecs.BOM_UTF8)
    assert read_prompt.decode(data, "stdin", UNCHANGED).encode() == data[3 if marked else 0 :]
    assert read_prompt.decode(codecs.BOM_UTF8 + data, "stdin", UNCHANGED) == text
    assert read_prompt.decode_argument(text, data) == text


def test_only_the_first_byte_order_mark_is_removed() -> None:
    bom = codecs.BOM_UTF8
    assert read_prompt.decode(bom + bom + b"a" + bom, "x", UNCHANGED) == "\ufeffa\ufeff"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"ab\xffc", "byte 0xff at offset 2: invalid start byte"),
        ("é".encode("latin-1"), "byte 0xe9 at offset 0: unexpected end of data"),
        (b"a\xed\xa0\x80", "byte 0xed at offset 1: invalid continuation byte"),
        (codecs.BOM_UTF8 + b"a\xff", "byte 0xff at offset 4: invalid start byte"),
    ],
)
def test_invalid_bytes_are_reported_with_their_offset(data: bytes, why: str) -> None:
    error = refused(lambda: read_prompt.decode(data, "stdin", UNCHANGED))
    assert (error.what, error.why) == ("stdin is not valid UTF-8", why)
    assert "\ufffd" in read_prompt.decode(data, "stdin", LENIENT)


def test_a_nul_is_refused_as_binary_input_unless_invalid_input_is_accepted() -> None:
    error = refused(lambda: read_prompt.decode(b"ab\0", "x.bin", UNCHANGED))
    assert (error.what, error.why) == ("x.bin is binary input", "it contains a NUL at character 3")
    assert read_prompt.decode(b"ab\0", "x.bin", LENIENT) == "ab\0"


def test_another_encoding_can_be_selected() -> None:
    latin = read_prompt.decode_options("LATIN1", replace_invalid=False, strip_final_newline=True)
    assert latin == DecodeOptions("iso8859-1", strip_final_newline=True)
    assert read_prompt.decode(b"caf\xe9\n", "x", latin) == "café"
    assert read_prompt.decode(codecs.BOM_UTF8, "x", latin) == "ï»¿"
    utf16 = DecodeOptions("utf-16")
    assert read_prompt.decode("a\u20ac".encode("utf-16"), "x", utf16) == "a\u20ac"
    assert "offset 2" in refused(lambda: read_prompt.decode(b"a\0b", "x", DecodeOptions("utf-16-le"))).why


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13", "undefined", "", "\udcff", "utf-8\udcff"])
def test_an_encoding_that_is_unknown_or_not_for_text_is_a_usage_error(name: str) -> None:
    read = lambda: read_prompt.decode_options(name, replace_invalid=False, strip_final_newline=False)  # noqa: E731
    assert refused(read, UsageError).what == f"--encoding {name}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # unicode_escape warns of unknown escapes
@given(
    name=st.sampled_from(sorted({*encodings.aliases.aliases.values(), "idna", "punycode"})),
    data=st.binary(),
    replace=st.booleans(),
)
def test_every_encoding_fails_only_with_errors_of_nbx(name: str, data: bytes, *, replace: bool) -> None:
    try:
        reading = read_prompt.decode_options(name, replace_invalid=replace, strip_final_newline=False)
        read_prompt.decode(data, "stdin", reading)
    except (UsageError, BadInputError):
        pass


def test_a_codec_that_cannot_replace_invalid_bytes_is_reported() -> None:
    error = refused(lambda: read_prompt.decode(b"a", "x", DecodeOptions("idna", replace_invalid=True)))
    assert (error.what, "Unsupported error handling" in error.why) == ("x is not valid IDNA", True)


def test_invalid_bytes_in_an_argument_are_reported_with_their_offset() -> None:
    error = refused(lambda: read_prompt.decode_argument("é\udcff", b"\xc3\xa9\xff"))
    assert (error.what, error.why) == ("the prompt argument is not valid UTF-8", "byte 0xff at offset 2")
    assert refused(lambda: gathered(World(), "a", "\udc80{stdin}")).what == error.what


def test_an_argument_that_the_locale_cannot_decode_is_read_as_utf_8() -> None:
    assert read_prompt.decode_argument("caf\udcc3\udca9", b"caf\xc3\xa9") == "café"
    assert read_prompt.decode_argument("café", b"caf\xe9") == "café"
    assert gathered(World(b"x"), "\udcc3\udca9 {stdin}") == "é x"


LINES = [
    (b"a\nb\n", False, ["a", "b"]),
    (b"a\nb", False, ["a", "b"]),
    (b"a\r\nb\r\n", False, ["a", "b"]),
    (b"a\rb\n", False, ["a\rb"]),
    (b" a \n\n\tb", False, [" a ", "", "\tb"]),
    ("a\u2028b\x85c\x0cd\n".encode(), False, ["a\u2028b\x85c\x0cd"]),
    (b"", False, []),
    (b"\n", False, [""]),
    (codecs.BOM_UTF8 + b"a\n" + codecs.BOM_UTF8 + b"b\n", False, ["a", "\ufeffb"]),
    (b"a\nb\0c\r\n\0", True, ["a\nb", "c\r\n"]),
    (b"a\0\0b", True, ["a", "", "b"]),
    (b"", True, []),
]


@pytest.mark.parametrize(("data", "nul", "texts"), LINES)
def test_a_file_of_prompts_is_split_at_newlines_or_at_nul(
    data: bytes, texts: list[str], *, nul: bool
) -> None:
    assert read_prompt.split_prompts(data, "x", UNCHANGED, nul=nul) == texts


def test_a_file_of_prompts_may_be_encoded_in_utf_16() -> None:
    text = "a\u010a\nb\r\n\u0a0d"
    assert read_prompt.split_prompts(text.encode("utf-16"), "x", DecodeOptions("utf-16"), nul=False) == [
        "a\u010a",
        "b",
        "\u0a0d",
    ]
    assert read_prompt.split_prompts(
        "a\0b".encode("utf-16-le"), "x", DecodeOptions("utf-16-le"), nul=True
    ) == ["a", "b"]


def test_errors_in_a_file_of_prompts_are_reported_with_their_position() -> None:
    binary = refused(lambda: read_prompt.split_prompts(b"a\nb\0\n", "x", UNCHANGED, nul=False))
    assert (binary.what, binary.why) == ("x, line 2, is binary input", "it contains a NUL at character 2")
    invalid = refused(lambda: read_prompt.split_prompts(b"a\nb\xff\n", "x", UNCHANGED, nul=False))
    assert (invalid.what, invalid.why) == (
        "x is not valid UTF-8",
        "byte 0xff at offset 3: invalid start byte",
    )
    assert read_prompt.split_prompts(b"a\nb\0\n", "x", LENIENT, nul=False) == ["a", "b\0"]


@given(st.lists(_ANY_TEXT.filter(lambda text: not text.endswith("\r") and "\n" not in text), min_size=1))
def test_any_lines_are_split_unchanged(texts: list[str]) -> None:
    for ending in ("\n", "\r\n"):
        data = codecs.BOM_UTF8 + "".join(text + ending for text in texts).encode()
        assert read_prompt.split_prompts(data, "x", UNCHANGED, nul=False) == texts


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("", "the prompt is empty"),
        ([], "the prompt is empty"),
        (["a", ""], "prompt 2 is empty"),
        ([[], [1]], "prompt 1 is empty"),
    ],
)
def test_an_empty_prompt_is_refused(value: Any, what: str) -> None:
    error = refused(lambda: read_prompt.check_not_empty(value), UsageError)
    assert (error.what, error.hint) == (what, "--allow-empty sends it anyway")


@pytest.mark.parametrize("value", [" ", "\n", ["a"], [0], [[0]]])
def test_a_prompt_with_anything_in_it_is_not_empty(value: Any) -> None:
    read_prompt.check_not_empty(value)
