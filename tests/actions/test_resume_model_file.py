"""A run with a model file resumes only with the same file: other models may have the same file name."""

import json
from pathlib import Path

import pytest

from tests.support.run import Runner
from tests.support.weights import real_weights

pytestmark = pytest.mark.engine

OUT = Path("out.jsonl")
SCORE = ("score", "--jsonl", "in.jsonl", "-o", "out.jsonl")
BULK = ("bulk", "in.jsonl", "-o", "out.jsonl", "--max-tokens", "1")


@pytest.fixture
def local(bare: Runner, folder: Path) -> Runner:
    """nbx beside two files with the same name; the second has different content, but the same weights."""
    weights = real_weights().read_bytes()
    for name, content in (("q4", weights), ("f16", weights + b"\0")):
        (folder / name).mkdir()
        (folder / name / "model.gguf").write_bytes(content)
    (folder / "in.jsonl").write_bytes(b'{"id": "a", "text": "One two"}\n{"id": "b", "text": "Three four"}\n')
    return Runner({**bare.environ, "NBX_CACHE_DIR": str(real_weights().parent.parent)})


def texts_to_prompts() -> None:
    lines = [json.loads(line) for line in Path("in.jsonl").read_bytes().splitlines()]
    rows = [{"id": row["id"], "prompt": row["text"]} for row in lines]
    Path("in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("run", [SCORE, BULK], ids=["score", "bulk"])
def test_another_file_of_the_same_name_is_refused(local: Runner, run: tuple[str, ...]) -> None:
    if run is BULK:
        texts_to_prompts()
    assert local(*run, "--model-file", "q4/model.gguf").code == 0
    before = OUT.read_bytes()
    result = local(*run, "--model-file", "f16/model.gguf")
    assert (result.code, OUT.read_bytes()) == (2, before)
    assert "every row of out.jsonl would be sent again" in result.err
    assert "the model" in result.err
    Path("q4/model.gguf").rename("moved.gguf")
    Path("moved.gguf").rename("f16/model.gguf")
    assert local(*run, "--model-file", "f16/model.gguf").code == 0  # the same content elsewhere
    assert OUT.read_bytes() == before


def test_a_replaced_file_of_the_second_model_is_refused(local: Runner) -> None:
    run = (*SCORE, "--local", "--against-file")
    assert local(*run, "q4/model.gguf").code == 0
    result = local(*run, "f16/model.gguf")
    assert (result.code, "every row of out.jsonl would be sent again" in result.err) == (2, True)


def test_the_default_model_resumes_outputs_of_earlier_versions(local: Runner) -> None:
    assert local(*SCORE, "--local").code == 0
    hashes = [json.loads(line)["body_hash"] for line in OUT.read_bytes().splitlines()]
    assert hashes == ["4f88e81dd739585032d534ca83f59f1b0b88cc57", "c20aa478540bbe2ba01bc7060d84cc730b88cc57"]
