"""Runs the fuzz targets on the committed inputs, on a few new ones, and on bytes from hypothesis."""

from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.__main__ import MAX_SHOWN, main, run
from tests.fuzz.mutate import inputs
from tests.fuzz.target import CORPUS, Target, corpus
from tests.fuzz.targets import TARGETS

SHORT = 50_000  # bytes for each target; a long run is `python -m tests.fuzz`
KEPT = [(name, file) for name in TARGETS for file in corpus(name)]


@pytest.mark.parametrize(("name", "file"), KEPT, ids=[f"{name}-{file}" for name, file in KEPT])
def test_a_committed_input_raises_nothing(name: str, file: str) -> None:
    TARGETS[name].run(corpus(name)[file])


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_finds_no_failures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    figures = run(name, TARGETS[name], SHORT, seed=6)
    assert figures.failures == [], capsys.readouterr().err
    assert figures.size >= SHORT


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=100) | st.text(max_size=50).map(str.encode))
def test_arbitrary_bytes_raise_nothing(name: str, data: bytes) -> None:
    TARGETS[name].run(data)


def test_each_target_has_inputs_and_each_input_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert all(len(corpus(name)) > 2 for name in TARGETS)


def test_the_same_seed_makes_the_same_inputs() -> None:
    def first(seed: int) -> list[bytes]:
        made = inputs([b"data: a\n\n"], [b"\r", b"x" * 500], seed)
        return [next(made) for _ in range(200)]

    assert first(1) == first(1) != first(2)
    assert len(set(first(1))) > 100


def _break(data: bytes) -> NoReturn:
    raise KeyError(data)


def test_a_failure_is_reported_and_its_input_saved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(TARGETS, "sse", Target(_break, (b"x",)))
    assert main(["sse", "--bytes", "1000", "--save", str(tmp_path / "found")]) == 1
    out, err = capsys.readouterr()
    assert out.endswith(f" {MAX_SHOWN} failures\n")
    assert err.count("KeyError: b") == MAX_SHOWN
    assert {path.read_bytes() for path in (tmp_path / "found").iterdir()} <= set(corpus("sse").values())


def test_a_run_without_failures_prints_its_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "--bytes", "1"]) == 0
    assert capsys.readouterr().out == "tokens: 1 inputs, 4 bytes, 0 failures\n"
