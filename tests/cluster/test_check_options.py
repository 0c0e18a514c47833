"""The options that `nbx bulk --ray` accepts, and the errors for those it does not."""

from pathlib import Path

import pytest

from nebius_cli.bulk.options import BulkOptions
from nebius_cli.cluster.check_options import check
from nebius_cli.core.errors_and_exit_codes import UsageError
from tests.support.run import Runner

GOOD = {"inputs": ("in",), "output": "out", "ray": "local"}


@pytest.mark.parametrize("address", ["local", "auto", "10.0.0.1:6379", "[::1]:6379", "ray://host:10001"])
def test_the_address_of_a_cluster_is_accepted(address: str) -> None:
    check(BulkOptions(**{**GOOD, "ray": address}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ray": "somewhere"}, "must be auto, HOST:PORT"),
        ({"inputs": ("-",)}, "the nodes of the cluster cannot read it"),
        ({"output": "-"}, "-o FOLDER"),
        ({"output_format": "csv"}, "parquet, jsonl"),
        ({"local": True}, "on this machine only"),
        ({"shard": "1/2"}, "--shard and --ray cannot be used together"),
        ({"matrix": ("temperature=0,1",)}, "each combination"),
        ({"ordered": True}, "no particular order"),
        ({"restart": True}, "another -o"),
        ({"estimate": True}, "only without --ray"),
        ({"dry_run": True}, "only without --ray"),
    ],
)
def test_an_option_that_ray_does_not_support_is_a_usage_error(changed: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(BulkOptions(**{**GOOD, **changed}))  # type: ignore[arg-type]
    assert words in f"{caught.value.line} {caught.value.hint}"


@pytest.mark.parametrize("words", [["--ray", "in"], ["in", "--ray"], ["--ray", "auto", "in"]])
def test_ray_needs_no_address(words: list[str], nbx: Runner, tmp_path: Path) -> None:
    # Refused before Ray is started: the output is missing.
    done = nbx("bulk", *words)
    assert (done.code, "--ray requires -o" in done.err) == (2, True), done.err
    assert nbx("bulk", "run", "in", "--output-format", "jsonl", "--", "--ray").code == 2


def test_output_format_without_ray_is_a_usage_error(nbx: Runner) -> None:
    done = nbx("bulk", "in.jsonl", "--output-format", "parquet")
    assert (done.code, "nbx bulk export converts it" in done.err) == (2, True)
