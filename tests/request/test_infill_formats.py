"""Infill formats: each family's prompt in the form that its authors document, and how one is chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request import infill_formats
from nebius_cli.request.infill_formats import BY_NAME, FORMATS, InfillFormat

PREFIX, SUFFIX = "def add(a, b):\n    ", "\n\nprint(add(1, 2))\n"

# The prompt as documented in the source of each format, with the code of this test.
DOCUMENTED = {
    "qwen": "<|fim_prefix|>def add(a, b):\n    <|fim_suffix|>\n\nprint(add(1, 2))\n<|fim_middle|>",
    # U+FF5C FULLWIDTH VERTICAL LINE and U+2581 LOWER ONE EIGHTH BLOCK
    "deepseek": "<\uff5cfim\u2581begin\uff5c>def add(a, b):\n    <\uff5cfim\u2581hole\uff5c>"
    "\n\nprint(add(1, 2))\n<\uff5cfim\u2581end\uff5c>",
    "starcoder": "<fim_prefix>def add(a, b):\n    <fim_suffix>\n\nprint(add(1, 2))\n<fim_middle>",
    "starcoder2": "<fim_prefix>def add(a, b):\n    <fim_suffix>\n\nprint(add(1, 2))\n<fim_middle>",
    # "<PRE> {pre} <SUF>{suf} <MID>" in the reference implementation
    "codellama": "<PRE> def add(a, b):\n     <SUF>\n\nprint(add(1, 2))\n <MID>",
    "codegemma": "<|fim_prefix|>def add(a, b):\n    <|fim_suffix|>\n\nprint(add(1, 2))\n<|fim_middle|>",
    "codestral": "[SUFFIX]\n\nprint(add(1, 2))\n[PREFIX]def add(a, b):\n    ",
    "granite": "<fim_prefix>def add(a, b):\n    <fim_suffix>\n\nprint(add(1, 2))\n<fim_middle>",
    "granite4": "<|fim_prefix|>def add(a, b):\n    <|fim_suffix|>\n\nprint(add(1, 2))\n<|fim_middle|>",
}

MODELS = {
    "Qwen/Qwen2.5-Coder-7B": "qwen",
    "Qwen/Qwen2.5-Coder-32B-Instruct-fast": "qwen",
    "qwen2.5-coder:1.5b-base": "qwen",
    "deepseek-ai/deepseek-coder-6.7b-base": "deepseek",
    "deepseek-ai/DeepSeek-Coder-V2-Lite-Base": "deepseek",
    "bigcode/starcoder": "starcoder",
    "bigcode/starcoderbase-1b": "starcoder",
    "bigcode/starcoder2-15b": "starcoder2",
    "codellama/CodeLlama-7b-hf": "codellama",
    "meta-llama/CodeLlama-13b-Instruct-hf": "codellama",
    "google/codegemma-2b": "codegemma",
    "google/codegemma-1.1-2b": "codegemma",
    "mistralai/Codestral-22B-v0.1": "codestral",
    "ibm-granite/granite-8b-code-base-4k": "granite",
    "granite-code:3b": "granite",
    "ibm-granite/granite-4.1-8b-base": "granite4",
    "ibm-granite/granite-4.0-h-micro-base": "granite4",
}

# Models of these families, or with similar names, that were not trained to fill in the middle.
WITHOUT = [
    "HuggingFaceTB/SmolLM2-135M",
    "meta-llama/Llama-3.3-70B-Instruct",
    "Qwen/Qwen3-32B",
    "deepseek-ai/DeepSeek-Coder-V2-Instruct",
    "codellama/CodeLlama-7b-Python-hf",
    "codellama/CodeLlama-34b-hf",
    "google/codegemma-7b-it",
    "mistralai/mamba-codestral-7B-v0.1",
    "ibm-granite/granite-4.0-h-small",
    "ibm-granite/granite-3.1-8b-instruct",
]


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: str(one.name))
def test_a_format_builds_the_prompt_that_its_authors_document(one: InfillFormat) -> None:
    assert one.prompt(PREFIX, SUFFIX) == DOCUMENTED[one.name]


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: str(one.name))
def test_a_format_has_a_source_and_no_more_stop_sequences_than_the_api_accepts(one: InfillFormat) -> None:
    assert one.source.startswith("https://")
    assert 1 <= len(one.stop) <= 4
    assert "" not in one.stop


def test_names_of_formats_are_unique() -> None:
    assert len(BY_NAME) == len(FORMATS)


@pytest.mark.parametrize(("model", "name"), MODELS.items())
def test_a_model_is_matched_by_its_id(model: str, name: str) -> None:
    assert infill_formats.choose(model, None).name == name


@pytest.mark.parametrize("model", WITHOUT)
def test_a_model_without_infill_markers_is_refused_with_a_hint(model: str) -> None:
    with pytest.raises(UsageError) as caught:
        infill_formats.choose(model, None)
    assert str(caught.value) == f"no infill markers are known for {model}"
    assert caught.value.hint.endswith("--infill-format NAME chooses the markers explicitly")


def test_a_named_format_overrides_the_model() -> None:
    assert infill_formats.choose("Qwen/Qwen2.5-Coder-7B", "codestral").name == "codestral"


def test_an_unknown_format_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        infill_formats.choose("m", "starcodr")
    assert (caught.value.why, caught.value.hint) == (
        f"must be one of {infill_formats.NAMES}",
        "did you mean starcoder?",
    )
    with pytest.raises(UsageError) as caught:
        infill_formats.choose("m", "zzz")
    assert caught.value.hint == ""


@pytest.mark.parametrize(
    ("name", "reserved"),
    [
        ("codellama", ("<PRE>", "<SUF>", "<MID>", "<EOT>")),
        ("codestral", ("[SUFFIX]", "[PREFIX]")),
        ("starcoder2", ("<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<|endoftext|>", "<file_sep>")),
    ],
)
def test_markers_and_stop_sequences_are_reserved(name: str, reserved: tuple[str, ...]) -> None:
    assert BY_NAME[name].reserved == reserved


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: str(one.name))
def test_a_text_with_a_special_token_in_it_is_refused(one: InfillFormat) -> None:
    for reserved in one.reserved:
        with pytest.raises(UsageError) as caught:
            infill_formats.build(one, ["a", f"a\nb{reserved}"], SUFFIX, validate=True)
        assert str(caught.value) == f"line 2 of the prefix contains {reserved}"
        assert caught.value.hint == "--no-validate sends it anyway"
        with pytest.raises(UsageError, match="line 1 of the suffix contains"):
            infill_formats.build(one, PREFIX, reserved, validate=True)
        assert infill_formats.build(one, PREFIX, reserved, validate=False) == one.prompt(PREFIX, reserved)


def test_several_prefixes_make_several_prompts() -> None:
    starcoder = BY_NAME["starcoder"]
    built = infill_formats.build(starcoder, ["a", "b"], "c", validate=True)
    assert built == [starcoder.prompt("a", "c"), starcoder.prompt("b", "c")]
    assert infill_formats.build(starcoder, "a", "c", validate=True) == starcoder.prompt("a", "c")


@given(st.text(), st.text(), st.sampled_from(FORMATS))
def test_a_prompt_consists_of_its_markers_and_the_two_unchanged_texts(
    prefix: str, suffix: str, one: InfillFormat
) -> None:
    built = one.prompt(prefix, suffix)
    assert len(built) == len(one.template) - len("{prefix}{suffix}") + len(prefix) + len(suffix)
    assert prefix in built
    assert suffix in built
