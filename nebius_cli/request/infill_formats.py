"""Builds the prompts that make a model write the text between a prefix and a suffix.

The completions API has no `suffix` field. A model that was trained to fill in the middle does it for an
ordinary prompt, in which special tokens (here: markers) mark the prefix and the suffix.
`FORMATS` is THE table of those markers, one entry for each family of models.
"""

import re
from typing import NamedTuple

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.similar_names import nearest
from nebius_cli.request.request_body import NO_VALIDATE


class InfillFormat(NamedTuple):
    """The prompt format that makes one family of models fill in the middle.

    `family` is the display name of the models. `template` contains `{prefix}` and `{suffix}` once each; the
    rest of it is sent unchanged. `stop` are the texts that the models write after the middle, at most four.
    `models` is a regular expression that is searched for in a model's ID in lower case.
    """

    name: str
    family: str
    template: str
    stop: tuple[str, ...]
    models: str
    source: str

    @property
    def reserved(self) -> tuple[str, ...]:
        """The texts that the family's tokenizer reads as special tokens: markers, then stop sequences."""
        markers = re.sub(r"\{prefix\}|\{suffix\}", " ", self.template).split()
        return tuple(dict.fromkeys([*markers, *(text.strip() for text in self.stop)]))

    def prompt(self, prefix: str, suffix: str) -> str:
        """Return the prompt whose completion belongs between `prefix` and `suffix`."""
        return self.template.format(prefix=prefix, suffix=suffix)


# If a model's ID matches more than one pattern, the first match is used.
FORMATS = (
    InfillFormat(
        "qwen",
        "Qwen2.5-Coder",
        "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
        # The authors' benchmark cuts off answers at the last two (qwencoder-eval/base/benchmarks/fim-bench).
        ("<|endoftext|>", "<|fim_pad|>", "<|file_sep|>"),
        r"qwen2\.5-coder",
        "https://github.com/QwenLM/Qwen2.5-Coder, README, 'File-Level Code Completion (Fill in the middle)'",
    ),
    InfillFormat(
        "deepseek",
        "DeepSeek-Coder, DeepSeek-Coder-V2-Lite",
        # The bars are U+FF5C and the low lines U+2581: with ASCII characters these are not special tokens.
        "<\uff5cfim\u2581begin\uff5c>{prefix}<\uff5cfim\u2581hole\uff5c>{suffix}<\uff5cfim\u2581end\uff5c>",
        ("<\uff5cend\u2581of\u2581sentence\uff5c>",),
        # Of the second generation only Lite was trained for it (arXiv 2406.11931, section 3.1).
        r"deepseek-coder(?!-v2(?!-lite))",
        "https://github.com/deepseek-ai/DeepSeek-Coder, README, 'Code Insertion';"
        " the same in the README of DeepSeek-Coder-V2",
    ),
    InfillFormat(
        "starcoder2",
        "StarCoder2",
        "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
        ("<|endoftext|>", "<file_sep>"),  # in training another file may follow the middle
        r"starcoder2",
        "https://arxiv.org/abs/2402.19173, section 5.1; https://github.com/nuprl/MultiPL-E, starcoder2.py",
    ),
    InfillFormat(
        "starcoder",
        "StarCoder",
        "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
        ("<|endoftext|>",),
        r"starcoder",
        "https://huggingface.co/bigcode/starcoder, model card, 'Fill-in-the-middle'",
    ),
    InfillFormat(
        "codellama",
        "Code Llama",
        # The token of each marker begins with a space. The space after <PRE> is the one that this tokenizer
        # adds before a text; the reference code encodes the suffix without it.
        "<PRE> {prefix} <SUF>{suffix} <MID>",
        (" <EOT>", "<EOT>"),  # the space is part of the token, not of the answer
        r"code-?llama(?!.*(python|34b))",  # Python and 34B models were not trained for it
        "https://github.com/facebookresearch/codellama, llama/generation.py, infilling_prompt_tokens",
    ),
    InfillFormat(
        "codegemma",
        "CodeGemma",
        "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
        ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_separator|>"),
        r"codegemma(?!.*-it\b)",  # the instruction-tuned model does not do it
        "https://ai.google.dev/gemma/docs/codegemma/prompt-structure;"
        " stop: https://huggingface.co/google/codegemma-7b, model card",
    ),
    InfillFormat(
        "codestral",
        "Codestral",
        "[SUFFIX]{suffix}[PREFIX]{prefix}",  # the suffix comes first, and no marker ends the prompt
        ("[SUFFIX]", "[PREFIX]"),
        r"(?<!mamba-)codestral",  # Mamba-Codestral was not trained for it
        "https://github.com/mistralai/mistral-common, tokens/tokenizers/instruct.py, encode_fim;"
        " tests/test_fim_tokenizer.py",
    ),
    InfillFormat(
        "granite4",
        "Granite 4, base models",
        "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
        ("<|end_of_text|>",),
        r"granite-?4\b.*base",  # the instruction-tuned models get the same markers inside a chat
        "https://github.com/ibm-granite/granite-4.0-language-models, prompt engineering guide,"
        " 'FIM for a coding task'",
    ),
    InfillFormat(
        "granite",
        "Granite Code",
        "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
        ("<|endoftext|>",),
        r"granite.*code",
        "https://github.com/ibm-granite/granite-code-models/issues/3: the form of StarCoder",
    ),
)

BY_NAME = {one.name: one for one in FORMATS}

NAMES = ", ".join(sorted(BY_NAME))


def choose(model: str, name: str | None) -> InfillFormat:
    """Return the format called `name`, or that of the model. Raises UsageError if there is none."""
    if name is not None:
        if name not in BY_NAME:
            close = nearest(name, tuple(BY_NAME))
            hint = f"did you mean {close}?" if close else ""
            raise UsageError(f"--infill-format {name}", f"must be one of {NAMES}", hint)
        return BY_NAME[name]
    for one in FORMATS:
        if re.search(one.models, model.lower()):
            return one
    raise UsageError(
        f"no infill markers are known for {model}",
        "only models that were trained for it, such as Qwen2.5-Coder or StarCoder2, can fill in the middle",
        "choose one with -m MODEL (on a server) or --model-file FILE (on this machine);"
        " --infill-format NAME chooses the markers explicitly",
    )


def build(chosen: InfillFormat, prefix: str | list[str], suffix: str, *, validate: bool) -> str | list[str]:
    """Return the prompt for a prefix, or one for each of several.

    Raises UsageError if one of the texts contains a special token of the format, unless `validate=False`.
    """
    if validate:
        for one in prefix if isinstance(prefix, list) else [prefix]:
            _check_text(chosen, "prefix", one)
        _check_text(chosen, "suffix", suffix)
    if isinstance(prefix, list):
        return [chosen.prompt(one, suffix) for one in prefix]
    return chosen.prompt(prefix, suffix)


def _check_text(chosen: InfillFormat, name: str, text: str) -> None:
    for reserved in chosen.reserved:
        at = text.find(reserved)
        if at >= 0:
            line = text.count("\n", 0, at) + 1
            raise UsageError(
                f"line {line} of the {name} contains {reserved}",
                f"the server would read it as a marker of the {chosen.name} format",
                NO_VALIDATE,
            )
