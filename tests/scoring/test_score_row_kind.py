"""What tells the records of one run from those of another."""

from nebius_cli.scoring.score_row_kind import ScoreRows


def test_each_flag_that_only_the_records_show_makes_them_records_of_another_run() -> None:
    runs = [
        ScoreRows("", 1),
        ScoreRows("", 1, tokens=True),
        ScoreRows("", 1, compared=True, swapped=True),
        ScoreRows("", 1, compared=True, with_divergence=True),
        ScoreRows("", 1, compared=True, with_divergence=True, tokens=True),
    ]
    assert len({run.identity for run in runs}) == len(runs)


def test_what_the_requests_and_rows_show_is_not_repeated() -> None:
    assert ScoreRows("", 1).identity == ScoreRows("Q:", 0, compared=True).identity == b""
