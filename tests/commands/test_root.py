"""Errors of the command-line parser, in the format of nbx and with suggestions."""

import pytest

from nebius_cli.commands.root import MODULES
from tests.support.run import Runner

MISTAKES = [
    (["complete", "--temp", "0"], "no such flag: --temp", "did you mean --template-file or --temperature?"),
    (["complete", "--max-toks", "0"], "no such flag: --max-toks", "did you mean --max-tokens?"),
    (["complete", "--seed", "5"], "no such flag: --seed", "--param seed=VALUE"),
    (["complete", "--top-k", "5"], "no such flag: --top-k", "--param top_k=VALUE"),
    (["complete", "--bogus"], "no such flag: --bogus", "nbx complete --help shows every flag"),
    (
        ["complete", "-5 + 3 ="],
        "no such flag: -5",
        'put -- and the prompt last: nbx complete [OPTIONS] -- "PROMPT"',
    ),
    (
        ["complete", "- a list"],
        "no such flag: -",
        'put -- and the prompt last: nbx complete [OPTIONS] -- "PROMPT"',
    ),
    (["complete", "--- title: x ---"], "no such flag: --- title: x ---", "put -- and the prompt last"),
    (["complete", "---\ntitle: x\n---\n"], "no such flag: --- title: x ---", "put -- and the prompt last"),
    (["complete", "--find me"], "no such flag: --find me", "put -- and the prompt last"),
    (["complete", "--stop it"], "no such flag: --stop it", "put -- and the prompt last"),
    (["complete", "-" * 80], "no such flag: ----", "put -- and the prompt last"),
    (["complete", "-1 degrees"], "no such flag: -1", "put -- and the prompt last"),
    (["complete", "-x"], "no such flag: -x", "put -- and the prompt last"),
    (["complete", "-n is a flag"], "nbx: --n is a flag", "put -- and the prompt last"),
    (["complete", "-f is a flag", "-m", "m"], "cannot read is a flag", "put -- and the prompt last"),
    (["score", "--- a"], "no such flag: --- a", "put -- and the text last: nbx score"),
    (["rank", "a", "-b c"], "no such flag: -b", "put -- and the candidate last: nbx rank"),
    (["history", "search", "--- a"], "no such flag: --- a", "put -- and the text last: nbx history search"),
    (["complete", "--max-tokens"], "--max-tokens needs a value", "--help shows every"),
    (["bulk", "in.jsonl", "--max-tok", "3"], "no such flag: --max-tok", "did you mean --max-tokens?"),
    (["bulk", "in.jsonl", "--seed", "3"], "no such flag: --seed", "--param seed=VALUE"),
    (["bulk", "run", "--stream"], "no such flag: --stream", "nbx bulk run --help shows every flag"),
    (["bulk", "in.jsonl", "-o"], "-o needs a value", "nbx bulk --help shows every"),
    (["comple"], "no such command: comple", "did you mean nbx complete?"),
    (["compelte"], "no such command: compelte", "did you mean nbx complete?"),
    (["config", "sett"], "did you mean nbx config set?", "nbx config --help shows every command"),
    (["complete", "--max-token", "5"], "no such flag: --max-token", "did you mean --max-tokens?"),
    (["login"], "no such command: login", "did you mean nbx auth login?"),
    (["-q", "login"], "no such command: login", "did you mean nbx auth login?"),
    (["zzz"], "no such command: zzz", "nbx --help shows every command"),
    (["auth", "lgoin"], "no such command: lgoin", "nbx auth --help shows every command"),
    (["models", "--sort"], "--sort needs a value", "nbx models --help shows every"),
    (
        ["auth", "status", "--api-key-file"],
        "--api-key-file needs a value",
        "nbx auth status --help shows every flag",
    ),
    (["config", "list", "--jsn"], "no such flag: --jsn", "did you mean --json?"),
    (["usage", "shwo"], "unexpected argument: shwo", "did you mean nbx usage show?"),
    (["history", "--limit", "3", "serach", "x"], "unexpected argument", "nbx history search?"),
    (["bulk", "mrege", "a.jsonl", "-o", "b.jsonl"], "cannot read mrege", "did you mean nbx bulk merge?"),
    (["score", "a", "b"], "unexpected argument: b", "put quotes around a text that contains spaces"),
    (["bulk", "export", "a", "b"], "unexpected argument: b", "nbx bulk export --help shows every flag"),
    (["usage", "zzz"], "unexpected argument: zzz", "nbx usage show --help shows every flag"),
    (["--profle", "x", "complete"], "no such flag: --profle", "did you mean --profile?"),
    (["help"], "no such command: help", "did you mean nbx --help?"),
    (["help", "complete"], "no such command: help", "did you mean nbx complete --help?"),
    (["help", "config", "set"], "no such command: help", "did you mean nbx config set --help?"),
    (["version"], "no such command: version", "did you mean nbx --version?"),
    (["-V"], "no such flag: -V", "did you mean nbx --version?"),
    (["The capital of France is"], "no such command", 'nbx complete "The capital of France is"'),
    (["-q", "costs $5 to"], "no such command: costs $5 to", "nbx complete 'costs $5 to'"),
    (["complete", "--template", "{x}"], "no such flag: --template", "nbx bulk FILE --template TEXT"),
    (["complete", "x", "--system", "y"], "no such flag: --system", "chat is not supported"),
    (["complete", "--prompt", "x"], "no such flag: --prompt", 'nbx complete "PROMPT"'),
    (["local", "remove", "x"], "no such command: remove", "did you mean nbx local rm?"),
    (["profile", "create", "x"], "no such command: create", "did you mean nbx profile add?"),
    (["-m", "M", "complete", "Hi"], "no such flag: -m", "put -m after the command: nbx complete -m"),
    (["--local", "complete", "Hi"], "no such flag: --local", "after the command: nbx complete --local"),
    (["-q", "--json", "config", "list"], "no such flag: --json", "the command: nbx config list --json"),
    (["complete", "-t", "0"], "no such flag: -t", "did you mean --temperature?"),
    (["complete", "--stop-sequence", "x"], "no such flag", "did you mean --stop?"),
    (["complete", "--prompt-file", "x"], "no such flag", "did you mean --file?"),
    (["complete", "--server", "x"], "no such flag", "did you mean --base-url?"),
    (["score", "--url", "x"], "no such flag", "did you mean --base-url?"),
    (["complete", "--jsonl"], "no such flag", "did you mean --ndjson?"),
    (["complete", "x", "--max-cost", "1"], "no such flag: --max-cost", "nbx config set budget.daily USD"),
    (["rank", "a", "b", "--max-cost", "1"], "no such flag: --max-cost", "nbx bulk has --max-cost"),
    (["complete", "--format", "json"], "no such flag", "did you mean --json?"),
    (["bulk", "a", "--workers", "3"], "no such flag", "did you mean --concurrency?"),
    (["bulk", "a", "--resume"], "no such flag", "repeat the command to resume"),
    (["profile", "add", "loc", "--base-url", "U"], "no such flag", "write base_url=VALUE"),
    (["config", "set", "--temperature", "0"], "no such flag", "write temperature VALUE"),
    (
        ["score", "--export", "x"],
        "no such flag: --export",
        "save the output of --tokens --json, then run nbx view FILE",
    ),
    (["rank", "--html"], "no such flag: --html", "nbx complete --view and --export show"),
    (["complete", "--stop", "--max-tokens", "3"], "--stop needs a value", "value: --stop=--max-tokens"),
    (["complete", "-m", "--max-tokens", "3", "Hi"], "-m needs a value", "value: --model=--max-tokens"),
    (["complete", "Hi", "--user", "--dry-run"], "--user needs a value", "--dry-run is a flag"),
    (["complete", "Hi", "-o", "--json"], "-o needs a value", "value: --output=--json"),
    (["complete", "Hi", "-so", "--no-newline"], "-so needs a value", "value: --output=--no-newline"),
    (["complete", "Hi", "--api-key", "--retries", "0"], "--api-key needs a value", "--retries is a flag"),
    (["complete", "Hi", "--model", "-s"], "--model needs a value", "value: --model=-s"),
    (["bulk", "a", "-o", "--json"], "-o needs a value", "value: --output=--json"),
    (["models", "--sort", "--json"], "--sort needs a value", "value: --sort=--json"),
    (["--profile", "-q", "models"], "--profile needs a value", "value: --profile=-q"),
    (["complete", "x", "-q", "-v"], "--quiet and --verbose cannot be used together", "keep one of them"),
    (["-q", "complete", "x", "--debug"], "--quiet and --debug cannot be used together", "keep one of them"),
    (["complete", "x", "--color", "purple"], "--color purple", "auto, always or never"),
]


@pytest.mark.parametrize(("args", "what", "hint"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_mistake_on_the_command_line_is_reported_with_a_hint(
    bare: Runner, args: list[str], what: str, hint: str
) -> None:
    result = bare(*args)
    assert (result.code, result.out) == (2, "")
    assert what in result.err
    assert hint in result.err
    assert len(result.err.splitlines()) <= 3


@pytest.mark.parametrize("group", [[], ["auth"], ["config"], ["local"], ["profile"]])
def test_a_group_without_a_command_shows_its_help(bare: Runner, group: list[str]) -> None:
    result = bare(*group)
    assert result.code == 0
    assert result.out.startswith(f"Usage: {' '.join(['nbx', *group])} [OPTIONS] COMMAND [ARGS]...")


def test_commands_are_listed_in_the_order_of_their_table(bare: Runner) -> None:
    listed = bare("--help").out.partition("Commands:\n")[2].partition("\n\n")[0]
    assert tuple(line.split()[0] for line in listed.splitlines()) == tuple(MODULES)


def test_the_hint_about_two_dashes_is_given_only_if_it_helps(bare: Runner) -> None:
    wrong = (("--stop=- a b", "--temperature", "hot"), ("--temperature", "hot", "--", "--- a"), ("--bogus",))
    for args in wrong:
        result = bare("complete", "x", *args)
        assert result.code == 2
        assert "put --" not in result.err


def test_text_that_looks_like_a_flag_is_a_prompt_after_two_dashes(bare: Runner) -> None:
    result = bare("complete", "-m", "m", "--dry-run", "--", "-5 + 3 =")
    assert '"prompt":"-5 + 3 ="' in result.out


def test_a_value_may_look_like_a_flag_of_another_command_or_follow_an_equals_sign(bare: Runner) -> None:
    for args in (
        ("--stop=--max-tokens",),
        ("--stop", "--concurrency"),
        ("--stop", "prompt"),
        ("--stop", "-1"),
    ):
        result = bare("complete", "x", "-m", "m", "--dry-run", *args)
        assert (result.code, result.err) == (0, ""), result.err
        assert f'"stop":"{args[-1].removeprefix("--stop=")}"' in result.out


def test_a_flag_after_two_dashes_is_a_prompt_with_a_note(bare: Runner) -> None:
    words = ("complete", "-m", "m", "--dry-run", "--", "- a list", "--max-tokens", "3")
    result = bare(*words)
    assert '"prompt":["- a list","--max-tokens","3"]' in result.out
    assert result.err == "nbx: --max-tokens after -- is not a flag; put flags before --\n"
    assert bare("-q", *words).err == ""
