"""Bytes of big inputs are counted, decompressed and split into lines; damage is reported."""

import codecs
import contextlib
import gzip
import io
import itertools
import os
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.input import byte_source
from nebius_cli.bulk.input.byte_source import ByteSource, lines
from nebius_cli.core.errors_and_exit_codes import BadInputError, ConfigError, NbxError, UsageError
from nebius_cli.request.read_prompt import DecodeOptions

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PLAIN = DecodeOptions()
# Two members (gzip) or frames (zstd), like the output of `cat a.gz b.gz`; long enough for many blocks.
CONTENT = b"".join(b"line %d of many\n" % n for n in range(60_000))
GZIP = gzip.compress(CONTENT[:500_000]) + gzip.compress(CONTENT[500_000:])
ZSTD = zstd.compress(CONTENT[:500_000]) + zstd.compress(CONTENT[500_000:])
COMPRESSED = [("gz", GZIP), ("zst", ZSTD)]


def content(data: bytes, compression: str = "", reading: DecodeOptions = PLAIN) -> bytes:
    return b"".join(byte_source.blocks(ByteSource("-", io.BytesIO(data)), compression, reading))


def damage(data: bytes, compression: str = "", reading: DecodeOptions = PLAIN) -> NbxError:
    with pytest.raises(BadInputError) as caught:
        content(data, compression, reading)
    return caught.value


def test_a_file_is_read_completely_and_its_bytes_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(CONTENT)
    with ByteSource(str(path), None) as source:
        assert (source.regular, source.size, source.position) == (True, len(CONTENT), 0)
        pieces = byte_source.blocks(source, "", PLAIN)
        assert next(pieces) == CONTENT[: byte_source.BLOCK_BYTES]
        assert source.position == byte_source.BLOCK_BYTES
        assert b"".join(pieces) == CONTENT[byte_source.BLOCK_BYTES :]
        assert source.position == len(CONTENT)


@pytest.mark.parametrize(("name", "why"), [("nothing", "No such file or directory"), (".", "Is a directory")])
def test_a_path_that_cannot_be_opened_is_a_usage_error(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        ByteSource(str(tmp_path / name), None)
    assert caught.value.why == why


def test_a_closed_stdin_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        ByteSource("-", None)
    assert caught.value.why == "stdin is closed"


def test_stdin_is_not_seekable_and_is_left_open() -> None:
    stdin = io.BytesIO(b"abc")
    source = ByteSource("-", stdin)
    assert (source.regular, source.size, source.name) == (False, None, "stdin")
    assert source.read(10) == b"abc"
    source.close()
    assert not stdin.closed


def test_reading_waits_for_data_from_a_non_blocking_pipe() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    waited = threading.Event()

    class Pipe(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes | Any:
            got = super().read(size)
            if got is None:
                waited.set()
            return got

    def write() -> None:
        assert waited.wait(60)
        os.write(writing, b"late")
        os.close(writing)

    writer = threading.Thread(target=write)
    writer.start()
    with Pipe(reading) as pipe:
        assert b"".join(byte_source.blocks(ByteSource("-", pipe), "", PLAIN)) == b"late"
    writer.join()


def test_a_fifo_is_not_a_regular_file_and_has_no_size(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"x",))
    writer.start()
    with ByteSource(str(path), None) as source:
        assert (source.regular, source.size) == (False, None)
        assert source.read() == b"x"
    writer.join()


def test_a_read_error_is_reported(tmp_path: Path) -> None:
    class Torn(io.BytesIO):
        def read(self, _: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(BadInputError) as caught:
        next(byte_source.blocks(ByteSource("-", Torn()), "", PLAIN))
    assert caught.value.what == "cannot read stdin"
    assert "Input/output error after byte 0" in caught.value.why


@pytest.mark.parametrize(("compression", "data"), COMPRESSED)
def test_compressed_content_is_read_completely(compression: str, data: bytes) -> None:
    assert content(data, compression) == CONTENT


@pytest.mark.parametrize(("compression", "data"), COMPRESSED)
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.999])
def test_truncated_compressed_content_is_reported(compression: str, data: bytes, kept: float) -> None:
    error = damage(data[: int(len(data) * kept)], compression)
    assert error.what == "stdin is damaged or truncated"
    assert error.why == "it is empty" or "after byte" in error.why


@pytest.mark.parametrize(("compression", "data"), COMPRESSED)
def test_compressed_content_with_wrong_bytes_is_reported(compression: str, data: bytes) -> None:
    # gzip has a checksum at the end of each member; zstd has one only on request.
    for at in (0, len(data) // 3):
        wrong = data[:at] + bytes(255 - byte for byte in data[at : at + 20]) + data[at + 20 :]
        assert (
            damage(wrong, compression).what
            == f"stdin is {'damaged or truncated' if at else 'not compressed'}"
        )
    assert damage(CONTENT, compression).what == "stdin is not compressed"


@given(st.binary(), st.sampled_from(["gz", "zst"]), st.integers(0, 400), st.integers(0, 255))
def test_any_damage_raises_only_bad_input_error(junk: bytes, compression: str, at: int, byte: int) -> None:
    whole = gzip.compress(CONTENT[:900]) if compression == "gz" else zstd.compress(CONTENT[:900])
    for data in (junk, whole + junk, whole[:at] + bytes([byte]) + whole[at + 1 :]):
        with contextlib.suppress(BadInputError):
            content(data, compression)


def test_a_decompression_bomb_is_read_in_blocks() -> None:
    bomb = zlib.compressobj(9, wbits=31)
    data = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(64)) + bomb.flush()
    for name, packed in (("gz", data), ("zst", zstd.compress(bytes(64 << 20)))):
        assert len(packed) < 100_000
        sizes = [len(block) for block in byte_source.blocks(ByteSource("-", io.BytesIO(packed)), name, PLAIN)]
        assert (sum(sizes), max(sizes)) == (64 << 20, byte_source.BLOCK_BYTES)


def test_without_a_zstd_package_the_hint_names_the_one_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, zstd.__name__, None)
    monkeypatch.delattr(sys.modules[zstd.__name__.rpartition(".")[0]], "zstd")
    with pytest.raises(ConfigError) as caught:
        content(ZSTD, "zst")
    assert caught.value.hint.startswith("pip install 'backports.zstd>=1'")


ENCODED = [
    ("utf-16", "été\n𝄞"),
    ("utf-16-le", "a\nĊb"),
    ("latin-1", "é"),
    ("cp1252", "€"),
    ("shift_jis", "日本"),
]


@pytest.mark.parametrize(("encoding", "text"), ENCODED)
def test_other_encodings_are_converted_to_utf_8(encoding: str, text: str) -> None:
    long = text * 200_000  # some character crosses the end of a block
    assert content(long.encode(encoding), reading=DecodeOptions(encoding)).decode("utf-8") == long


def test_bytes_that_are_invalid_in_the_encoding_are_reported() -> None:
    error = damage(b"abc\x81", reading=DecodeOptions("cp1252"))
    assert error.what == "stdin is not valid CP1252"
    assert error.why.endswith("before byte 4")
    assert damage(b"\xff\xfea", reading=DecodeOptions("utf-16")).what == "stdin is not valid UTF-16"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_invalid_bytes_can_be_replaced(encoding: str) -> None:
    reading = DecodeOptions(encoding, replace_invalid=True)
    assert content(b"a\xff\n\xe2\x82\nb\xe2", reading=reading).startswith("a\ufffd\n\ufffd".encode())
    assert content(b"b\xe2", reading=reading) == "b\ufffd".encode()


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@given(st.text(st.sampled_from("ab\n\r")).map(str.encode), st.integers(1, 9))
def test_lines_are_the_same_however_the_bytes_arrive(data: bytes, size: int) -> None:
    wanted = data.split(b"\n")
    if not wanted[-1]:
        wanted.pop()
    assert list(lines(cut(data, size), b"\n")) == wanted
    assert list(lines(cut(codecs.BOM_UTF8 + data, size), b"\n")) == wanted


def test_a_byte_order_mark_is_dropped_only_at_the_beginning() -> None:
    assert list(lines([codecs.BOM_UTF8], b"\n")) == []
    assert list(lines([codecs.BOM_UTF8[:1], codecs.BOM_UTF8[1:] + b"\n" + codecs.BOM_UTF8], b"\n")) == [
        b"",
        codecs.BOM_UTF8,
    ]


def test_a_line_that_is_too_long_is_replaced_by_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_source, "MAX_LINE_BYTES", 100)
    data = b"a" * 100 + b"\n" + b"b" * 101 + b"\n" + b"c" * 1000 + b"\nd\n" + b"e" * 5000
    for size in (7, 64, 100):
        assert list(lines(cut(data, size), b"\n")) == [b"a" * 100, 101, 1000, b"d", 5000]


def test_an_endless_line_is_an_error_after_256_mib() -> None:
    blocks_read = itertools.count()
    endless = (bytes(1 << 20) for _ in blocks_read)
    with pytest.raises(BadInputError, match="a line of the input is longer than 256 MiB") as caught:
        next(lines(endless, b"\n"))
    assert caught.value.why == "perhaps the input is not text"
    assert next(blocks_read) == 257


def test_a_zstd_window_above_the_limit_is_not_reported_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "a b.jsonl.zst"
    compressor = zstd.ZstdCompressor(options={int(zstd.CompressionParameter.window_log): 28})
    path.write_bytes(compressor.compress(b'"a"\n') + compressor.flush())  # the size is not declared
    with pytest.raises(BadInputError) as caught:
        list(byte_source.blocks(ByteSource(str(path), None), "zst", PLAIN))
    assert caught.value.what == f"{path} takes more memory to decompress than the limit of 128 MiB"
    assert caught.value.hint.startswith("zstd -dc --long=31 '")


@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_plain_text_named_like_a_compressed_file_is_not_damage(tmp_path: Path, compression: str) -> None:
    path = tmp_path / f"a.jsonl.{compression}"
    path.write_bytes(b'{"prompt":"a"}\n' * 3)
    with pytest.raises(BadInputError) as caught:
        list(byte_source.blocks(ByteSource(str(path), None), compression, PLAIN))
    assert (caught.value.what, caught.value.hint) == (f"{path} is not compressed", "rename the file")
