"""Tests the recipes in the documents that need packages too large for the other tests."""

import json
import os
from pathlib import Path

import pytest

from tests.support.answers import answer, failure, row, write
from tests.support.documented_commands import ROOT, blocks
from tests.support.run import Runner


@pytest.mark.filterwarnings("ignore")  # warnings of the datasets package
def test_the_recipe_in_the_manual_loads_an_export_with_datasets(
    bare: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a", answer(row(0), "one"), answer(row(1), "two"), failure(row(2)))
    assert bare("bulk", "export", "a", "--format", "parquet", "-o", "answers.parquet").code == 9
    found = blocks((ROOT / "docs/bulk.md").read_text("utf-8"), "python")
    (recipe,) = (block for block in found if "from datasets import" in block)
    monkeypatch.setitem(os.environ, "HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
    exec(compile(recipe, "docs/bulk.md", "exec"), {})
    pairs = [json.loads(line) for line in (tmp_path / "pairs.jsonl").read_text().splitlines()]
    assert pairs == [{"prompt": "Say it", "text": text} for text in ("one", "two")]
