"""An output is not mixed with the answers of another `--matrix`."""

from pathlib import Path

import pytest

from tests.support.rows import RowServer, refuse, write_rows
from tests.support.run import Runner


@pytest.mark.parametrize("survey", [(), ("--on-bad-row", "skip")])
def test_an_output_has_the_answers_of_one_matrix_only(
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
        "  this run is without --matrix, and its answers would be mixed with them\n"
        "  choose another -o; or --restart starts over and keeps them as both.jsonl.old\n"
    )


def test_an_output_of_failures_is_not_mixed_with_a_matrix_either(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["x"])
    row_server.answer = lambda _: refuse(400, "no")
    assert bulk("bulk", "in.jsonl", "-o", "out.jsonl").code == 9
    row_server.answer = lambda _: None
    run = ("bulk", "in.jsonl", "-o", "out.jsonl", "--matrix", "temperature=0,1")
    assert bulk(*run).code == 2
    assert bulk(*run, "--restart").code == 0
