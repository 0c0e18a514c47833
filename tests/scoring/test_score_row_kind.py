"""The identity that distinguishes the records of one run from those of another."""

from nebius_cli.scoring.score_row_kind import ScoreRows


def test_each_flag_that_changes_only_the_records_changes_the_identity() -> None:
    runs = [
        ScoreRows("", 1),
        ScoreRows("", 1, tokens=True),
        ScoreRows("", 1, compared=True, swapped=True),
        ScoreRows("", 1, compared=True, with_divergence=True),
        ScoreRows("", 1, compared=True, with_divergence=True, tokens=True),
    ]
    assert len({run.identity for run in runs}) == len(runs)


def test_flags_that_change_the_requests_or_rows_are_not_in_the_identity() -> None:
    assert ScoreRows("", 1).identity == ScoreRows("Q:", 0, compared=True).identity == b""
