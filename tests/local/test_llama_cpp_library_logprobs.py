"""Scoring with the engine's library: tokens, log probabilities and errors."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nebius_cli.core.errors_and_exit_codes import BadInputError, RejectedError, ServerError
from nebius_cli.local.llama_cpp_library_logprobs import LibraryScoring, LibraryUnavailableError
from nebius_cli.local.llama_cpp_server_logprobs import EngineScoring, VocabularyToken
from nebius_cli.local.start_llama_cpp_server import Engine
from nebius_cli.system import end_stuck_child
from tests.support.weights import real_weights

pytestmark = pytest.mark.engine

TEXT = "The capital é日🦙 of\n<|im_end|>"


@pytest.fixture(scope="module")
def library() -> Iterator[LibraryScoring]:
    with LibraryScoring(real_weights()) as scoring:
        yield scoring


def test_tokens_and_log_probabilities_match_the_engines_server(library: LibraryScoring) -> None:
    pieces = library.tokenize(TEXT)
    assert b"".join(piece.raw for piece in pieces) == TEXT.encode()
    found = list(library.logprobs(pieces, 1))
    assert found[0].logprob is None
    with Engine(real_weights(), parallel=1, for_scoring=True) as engine, EngineScoring(engine) as server:
        assert server.tokenize(TEXT) == pieces
        theirs = list(server.logprobs(pieces, 1))
    assert [token.raw for token in found] == [token.raw for token in theirs]
    own = [token.logprob for token in found[1:]]
    assert own == pytest.approx(
        [token.logprob for token in theirs[1:]], abs=0.2
    )  # the server uses other batches and kernels


def test_only_tokens_from_the_first_requested_one_have_a_log_probability(library: LibraryScoring) -> None:
    pieces = library.tokenize("1, 2, 3, 4")
    complete = [token.logprob for token in library.logprobs(pieces, 1)]
    found = [token.logprob for token in library.logprobs(pieces, 3)]
    assert found == [None] * 3 + complete[3:]
    assert [token.logprob for token in library.logprobs(pieces, len(pieces))] == [None] * len(pieces)


def test_splitting_a_text_into_batches_does_not_change_its_scores(library: LibraryScoring) -> None:
    pieces = library.tokenize(" The keeper wrote a long letter about copper kettles." * 40)
    long = [token.logprob for token in library.logprobs(pieces, 1)]
    assert len(pieces) > 400  # a batch has 341
    short = [token.logprob for token in library.logprobs(pieces[:100], 1)]
    assert long[1:100] == pytest.approx(short[1:], abs=0.2)
    assert sum(logprob for logprob in long[-100:] if logprob) > -20  # the sentence was repeated many times


def test_after_a_text_that_is_refused_the_next_one_is_scored(library: LibraryScoring) -> None:
    with pytest.raises(
        BadInputError, match="the text has 9,000 tokens; the model accepts at most 8,192"
    ) as too_long:
        list(library.logprobs([VocabularyToken(504, b"The")] * 9000, 1))
    assert too_long.value.hint == "split it into several texts, or use nbx score --stride N"
    with pytest.raises(RejectedError) as caught:
        list(library.logprobs([VocabularyToken(99_999_999, b"x")] * 2, 1))
    assert caught.value.status == 400
    assert len(list(library.logprobs(library.tokenize("The capital"), 1))) == 2


def test_a_model_that_cannot_be_loaded_is_left_to_the_engines_server(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF" + bytes(100))
    with (
        pytest.raises(LibraryUnavailableError, match="cannot be loaded"),
        LibraryScoring(tmp_path / "x.gguf"),
    ):
        pass


def test_a_process_that_died_is_reported() -> None:
    with LibraryScoring(real_weights()) as library:
        library._child.process.kill()
        with pytest.raises(ServerError, match="stopped unexpectedly"):
            library.tokenize("a")


def test_a_process_stopped_by_a_signal_is_killed_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_stuck_child, "STOPPED_TIMEOUT_S", 1.0)
    with LibraryScoring(real_weights()) as library:
        library._child.process.send_signal(signal.SIGSTOP)
        with pytest.raises(ServerError, match="stopped unexpectedly") as caught:
            library.tokenize("a")
    assert "a signal stopped it" in caught.value.why


def test_the_process_ends_with_nbx_in_the_middle_of_an_evaluation() -> None:
    with LibraryScoring(real_weights()) as library:
        process = library._child.process
        assert process.stdin
        ids = [piece.id for piece in library.tokenize(" word" * 8000)]
        process.stdin.write(json.dumps({"ids": ids, "first": 1}).encode() + b"\n")
        process.stdin.close()
        begun = time.monotonic()
        assert process.wait(30) == 0
    assert time.monotonic() - begun < 5  # the evaluation takes far longer
