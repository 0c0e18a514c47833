"""An output is not mixed with the answers of another `--matrix` or `--shard`."""

from pathlib import Path

import pytest

from tests.support.rows import RowServer, refuse, write_rows
from tests.support.run import Runner


@pytest.mark.parametrize("survey", [(), ("--on-bad-row", "skip")])
def test_an_output_cannot_be_resumed_with_another_matrix(
    bulk: Runner, row_server: RowServer, survey: tuple[str, ...]
) -> None:
    write_rows(Path("in.jsonl"), [{"id": "a", "prompt": "x"}, "y"])
    one, two = ("--matrix", "temperature=0,1"), ("--matrix", "n=1,2")
    matrices: dict[str, tuple[str, ...]] = {"none": (), "one": one, "both": one + two, "turned": two + one}
    for name, matrix in matrices.items():
        assert bulk("bulk", "in.jsonl", "-o", f"{name}.jsonl", *matrix).code == 0
    sent = len(row_server.bodies)
    for name in matrices:
        before = Path(f"{name}.jsonl").read_bytes()
        for other, matrix in matrices.items():
            result = bulk("bulk", "in.jsonl", "-o", f"{name}.jsonl", *matrix, *survey)
            assert result.code == (0 if other == name else 2), (name, other)
        assert Path(f"{name}.jsonl").read_bytes() == before
    assert len(row_server.bodies) == sent
    result = bulk("bulk", "in.jsonl", "-o", "both.jsonl", *survey)
    assert result.err == (
        "nbx: both.jsonl has the answers of a run with --matrix temperature and n\n"
        "  the answers of this run, without --matrix, would be mixed with them\n"
        "  --restart starts over and keeps the answers as both.jsonl.old; or choose another -o\n"
    )


def test_an_output_of_failures_cannot_be_resumed_with_a_matrix(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["x"])
    row_server.answer = lambda _: refuse(400, "no")
    assert bulk("bulk", "in.jsonl", "-o", "out.jsonl").code == 9
    row_server.answer = lambda _: None
    run = ("bulk", "in.jsonl", "-o", "out.jsonl", "--matrix", "temperature=0,1")
    assert bulk(*run).code == 2
    assert bulk(*run, "--restart").code == 0


@pytest.mark.parametrize("matrix", [(), ("--matrix", "temperature=0,1")])
@pytest.mark.parametrize("survey", [(), ("--on-bad-row", "skip")])
def test_an_output_cannot_be_resumed_with_another_shard(
    bulk: Runner, row_server: RowServer, survey: tuple[str, ...], matrix: tuple[str, ...]
) -> None:
    write_rows(Path("in.jsonl"), ["a", "b", "c", "d"])
    row_server.answer = lambda prompt: refuse(400, "no") if prompt == "c" else None
    run = ("bulk", "in.jsonl", "-o", "out.jsonl", *survey, *matrix)
    assert bulk(*run, "--shard", "1/2").code == 9
    sent, failed = len(row_server.bodies), Path("out.failed.jsonl").read_bytes()
    refused = bulk(*run, "--shard", "2/2")
    records = "4 records" if matrix else "2 records"
    assert refused.code == 2
    assert refused.err == (
        f"nbx: out.jsonl has {records} of rows outside --shard 2/2\n"
        "  each shard needs its own output\n"
        "  choose another -o, or correct --shard\n"
    )
    assert len(row_server.bodies) == sent
    assert Path("out.failed.jsonl").read_bytes() == failed
    row_server.answer = lambda _: None
    assert bulk(*run, "--shard", "1/2").code == 0
    assert bulk(*run).code == 0  # without --shard, the rest is added
    assert bulk(*run, "--shard", "1/2").code == 2


def test_rows_with_ids_are_not_sent_again_if_their_index_changed(bulk: Runner, row_server: RowServer) -> None:
    rows = [{"id": name, "prompt": name} for name in "abcdef"]
    write_rows(Path("in.jsonl"), rows)
    run = ("bulk", "in.jsonl", "-o", "out.jsonl", "--shard", "1/2")
    assert bulk(*run).code == 0
    write_rows(Path("in.jsonl"), rows[2:])
    assert bulk(*run).code == 0
    assert len(row_server.bodies) == 3
