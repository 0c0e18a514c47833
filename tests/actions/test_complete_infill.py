"""Infill through `nbx complete`: the prompt that is sent, and what is refused before sending."""

from pathlib import Path

import pytest

from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, json_answer

QWEN = ("-m", "Qwen/Qwen2.5-Coder-7B")
QWEN_STOP = ["<|endoftext|>", "<|fim_pad|>", "<|file_sep|>"]

SENT = {
    "Qwen/Qwen2.5-Coder-7B": "<|fim_prefix|>a <|fim_suffix|> é<|fim_middle|>",
    "deepseek-ai/deepseek-coder-6.7b-base": "<\uff5cfim\u2581begin\uff5c>a <\uff5cfim\u2581hole\uff5c> é"
    "<\uff5cfim\u2581end\uff5c>",
    "bigcode/starcoder": "<fim_prefix>a <fim_suffix> é<fim_middle>",
    "bigcode/starcoder2-15b": "<fim_prefix>a <fim_suffix> é<fim_middle>",
    "codellama/CodeLlama-7b-hf": "<PRE> a  <SUF> é <MID>",
    "google/codegemma-2b": "<|fim_prefix|>a <|fim_suffix|> é<|fim_middle|>",
    "mistralai/Codestral-22B-v0.1": "[SUFFIX] é[PREFIX]a ",
    "ibm-granite/granite-8b-code-base-4k": "<fim_prefix>a <fim_suffix> é<fim_middle>",
    "ibm-granite/granite-4.1-8b-base": "<|fim_prefix|>a <|fim_suffix|> é<|fim_middle|>",
}


@pytest.mark.parametrize(("model", "prompt"), SENT.items())
def test_the_markers_of_the_model_are_sent_in_the_prompt_without_a_suffix_field(
    nbx: Runner, server: FakeServer, model: str, prompt: str
) -> None:
    server.script(answer("middle"))
    result = nbx("complete", "a ", "--suffix", " é", "-m", model)
    assert (result.code, result.out, result.err) == (0, "middle\n", "")
    sent = server.requests[0].json
    assert sent["prompt"] == prompt
    assert set(sent) == {"model", "prompt", "stop", "stream", "stream_options"}


def test_a_file_is_infilled_at_line_and_column(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"def f():\r\n    x = \r\n    return x\r\n")
    server.script(json_answer("1"))
    result = nbx("complete", "--infill", f"{file}:2:9", *QWEN, "--json", "--max-tokens", "8")
    assert result.code == 0
    assert server.requests[0].json == {
        "model": "Qwen/Qwen2.5-Coder-7B",
        "prompt": "<|fim_prefix|>def f():\r\n    x = <|fim_suffix|>\r\n    return x\r\n<|fim_middle|>",
        "max_tokens": 8,
        "stop": QWEN_STOP,
    }


def test_a_dry_run_shows_the_prompt_that_was_built(nbx: Runner) -> None:
    result = nbx("complete", "--infill", "-:1:2", *QWEN, "--dry-run", stdin=b"ab")
    assert result.json["prompt"] == "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"


@pytest.mark.parametrize(
    ("args", "stdin", "prompt"),
    [
        (("--suffix", "b"), b"a\n", "<|fim_prefix|>a\n<|fim_suffix|>b<|fim_middle|>"),
        (("a", "--suffix-file", "-"), b"b\n", "<|fim_prefix|>a<|fim_suffix|>b\n<|fim_middle|>"),
        (
            ("a", "--suffix-file", "-", "--strip-final-newline"),
            b"b\n",
            "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>",
        ),
        (("<{stdin}", "--suffix", "{stdin}"), b"a", "<|fim_prefix|><a<|fim_suffix|>{stdin}<|fim_middle|>"),
        (("", "--suffix", "b"), None, "<|fim_prefix|><|fim_suffix|>b<|fim_middle|>"),
        (("a", "--suffix", ""), None, "<|fim_prefix|>a<|fim_suffix|><|fim_middle|>"),
    ],
)
def test_prefix_and_suffix_are_read_from_arguments_files_and_stdin(
    nbx: Runner, args: tuple[str, ...], stdin: bytes | None, prompt: str
) -> None:
    assert nbx("complete", *args, *QWEN, "--dry-run", stdin=stdin).json["prompt"] == prompt


def test_each_of_several_prompts_gets_the_suffix_and_its_own_choices(nbx: Runner, server: FakeServer) -> None:
    server.script(json_answer("1", "2", "3", "4"))
    result = nbx("complete", "a", "b", "--suffix", "c", *QWEN, "-n", "2", "--no-stream")
    assert (result.code, result.out) == (0, "1\n2\n3\n4\n")
    sent = server.requests[0].json
    assert sent["prompt"] == [f"<|fim_prefix|>{one}<|fim_suffix|>c<|fim_middle|>" for one in "ab"]
    assert sent["n"] == 2


def stop_of(nbx: Runner, *args: str, **env: str) -> object:
    """Return the `stop` of the body that an infill would send, or None."""
    return nbx("complete", "a", "--suffix", "b", *QWEN, "--dry-run", *args, env=env).json.get("stop")


def test_stop_sequences_of_the_model_family_are_added_unless_stop_is_set(nbx: Runner) -> None:
    assert stop_of(nbx) == QWEN_STOP
    assert stop_of(nbx, "--stop", "\n") == "\n"
    assert stop_of(nbx, "--param", 'stop=["X"]', "--no-validate") == ["X"]
    assert stop_of(nbx, "--unset", "stop") is None


def test_a_configured_stop_counts_as_set(nbx: Runner) -> None:
    assert nbx("config", "set", "stop", "END").code == 0
    assert stop_of(nbx) == "END"
    assert stop_of(nbx, "--unset", "stop") is None


def test_a_format_is_chosen_by_name(nbx: Runner) -> None:
    result = nbx("complete", "a", "--suffix", "b", "--infill-format", "codestral", "--dry-run")
    assert result.json["model"] == "test/model"
    assert result.json["prompt"] == "[SUFFIX]b[PREFIX]a"


def test_a_model_that_is_set_only_with_param_selects_the_markers(nbx: Runner) -> None:
    result = nbx(
        "complete", "a", "--suffix", "b", "--param", 'model="bigcode/starcoder"', "--no-validate", "--dry-run"
    )
    assert result.json["prompt"] == "<fim_prefix>a<fim_suffix>b<fim_middle>"


def test_an_unknown_model_suggests_the_flag_whose_error_lists_the_formats(nbx: Runner) -> None:
    result = nbx("complete", "a", "--suffix-file", "-", stdin=b"b")
    assert (result.code, result.out) == (2, "")
    check_message(result.err)
    assert "no infill markers are known for test/model" in result.err
    assert "--infill-format NAME" in result.err
    wrong = nbx("complete", "a", "--suffix-file", "-", "--infill-format", "NAME", stdin=b"b")
    names = "codegemma, codellama, codestral, deepseek, granite, granite4, qwen, starcoder, starcoder2"
    assert (wrong.code, wrong.err) == (2, f"nbx: --infill-format NAME\n  must be one of {names}\n")


@pytest.mark.parametrize("where", [("--local",), ("-m", "meta-llama/Llama-3.3-70B-Instruct")])
def test_a_model_without_markers_is_a_usage_error_that_suggests_other_models(
    nbx: Runner, where: tuple[str, ...]
) -> None:
    result = nbx("complete", "a", "--suffix", "b", *where, "--dry-run")
    assert result.code == 2
    check_message(result.err)
    what, why, hint = result.err.splitlines()
    assert what.startswith(
        f"nbx: no infill markers are known for {'SmolLM2' if len(where) == 1 else where[1]}"
    )
    assert "such as Qwen2.5-Coder or StarCoder2" in why
    assert "-m MODEL (on a server) or --model-file FILE (on this machine)" in hint


def test_a_local_file_is_matched_by_its_name(nbx: Runner) -> None:
    result = nbx("complete", "a", "--suffix", "b", "--model-file", "starcoder2-3b.Q4_K.gguf", "--dry-run")
    assert result.json["prompt"] == "<fim_prefix>a<fim_suffix>b<fim_middle>"


def test_a_marker_in_the_text_is_refused_unless_validation_is_off(nbx: Runner, tmp_path: Path) -> None:
    file = tmp_path / "fim.py"
    file.write_text('a = 1\nMIDDLE = "<|fim_middle|>"\n')
    result = nbx("complete", "--infill", f"{file}:1", *QWEN)
    assert (result.code, result.out) == (2, "")
    check_message(result.err)
    assert result.err.startswith("nbx: line 2 of the suffix contains <|fim_middle|>\n")
    sent = nbx("complete", "--infill", f"{file}:1", *QWEN, "--no-validate", "--dry-run").json["prompt"]
    assert sent == f"<|fim_prefix|><|fim_suffix|>{file.read_text()}<|fim_middle|>"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("a", "--suffix", "b", "--suffix-file", "f"), "--suffix and --suffix-file cannot be used together"),
        (("a", "--infill", "f:1"), "--infill cannot be used with a prompt"),
        (("--suffix", "b", "--infill", "f:1"), "--infill cannot be used with a suffix"),
        (("--tokens", "[1]", "--suffix", "b"), "--tokens cannot be used with a suffix"),
        (("a", "--infill-format", "qwen"), "--infill-format without an infill"),
        (
            ("--infill", "f:a:1"),
            "cannot read f:a\n  No such file or directory; if 'a' is meant as LINE, it must be a number\n",
        ),
        (("--infill", "f"), "--infill f\n  the format is FILE:LINE or FILE:LINE:COL"),
        (("--infill", "/none/f:1"), "cannot read /none/f"),
        (("-", "--suffix-file", "-"), "stdin is used twice"),
        (("", "--suffix", ""), "the prompt is empty"),
    ],
)
def test_invalid_arguments_are_a_usage_error(nbx: Runner, args: tuple[str, ...], message: str) -> None:
    result = nbx("complete", *args, *QWEN, stdin=b"x")
    assert (result.code, result.out) == (2, "")
    check_message(result.err)
    assert result.err.startswith(f"nbx: {message}")


def test_a_suffix_without_a_prompt_on_a_terminal_says_how_to_give_one(nbx: Runner) -> None:
    result = nbx("complete", "--suffix", "b", *QWEN, stdin=b"", stdin_tty=True)
    assert result.code == 2
    assert result.err.startswith("nbx: no prompt given\n")
    result = nbx("complete", "--infill", "/none/f:1", *QWEN, stdin=b"", stdin_tty=True)
    assert result.err.startswith("nbx: cannot read /none/f")
