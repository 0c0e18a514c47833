"""Entries of the model list, valid or not, and the suggestions for a misspelled model id."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core import similar_names
from nebius_cli.core.errors_and_exit_codes import ServerError
from nebius_cli.core.prices_and_costs import per_million
from nebius_cli.core.short_text import age, compact
from nebius_cli.models import model as models
from nebius_cli.models import model_details, search_and_sort
from nebius_cli.models.model import Model
from tests.support.factory import BASIC, ENTRIES, FAST, IDS, LIGHTNING, TRIMMED


def one(**entry: Any) -> Model:
    return models.decode({"data": [{"id": "m", **entry}]})[0]


def test_an_entry_from_the_documentation_is_read_completely() -> None:
    model = models.decode({"object": "list", "data": [FAST]})[0]
    assert (model.id, model.name) == (FAST["id"], FAST["name"])
    assert (model.context, model.requests_per_minute, model.tokens_per_minute) == (131072, 1200, 800000)
    assert (model.price.input, model.price.output) == (Decimal("0.00000003"), Decimal("0.00000009"))
    assert (model.modality, model.quantization, model.created) == ("text->text", "fp8", 1750954196)
    assert (model.features, model.status, model.price.cached) == ((), None, None)
    assert model.raw == FAST


def test_newer_members_are_read() -> None:
    model = models.decode([LIGHTNING])[0]
    assert model.features == ("tools", "json_mode", "structured_outputs", "reasoning")
    assert model.status == "active"
    assert model.price.cached == 0


def test_a_basic_entry_has_unknown_prices_and_limits() -> None:
    model = models.decode([BASIC])[0]
    unknown = (
        model.context,
        model.price.input,
        model.price.output,
        model.requests_per_minute,
        model.tokens_per_minute,
    )
    assert unknown == (None,) * 5


@pytest.mark.parametrize("value", [None, 1, "x", {}, {"data": None}, {"data": {"id": "m"}}, {"models": []}])
def test_an_answer_that_is_not_a_list_is_a_server_error(value: Any) -> None:
    with pytest.raises(ServerError, match="lists no models"):
        models.decode(value)


def test_invalid_entries_are_left_out_and_each_id_counts_once() -> None:
    strange: list[Any] = [
        None,
        1,
        "x",
        [],
        {},
        {"id": None},
        {"id": 7},
        {"id": " "},
        {"id": "a", "status": "first"},
    ]
    found = models.decode({"data": [*strange, {"id": "a", "status": "second"}]})
    assert [(model.id, model.status) for model in found] == [("a", "first")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = sorted({"name", "status", "quantization", "pricing", "supported_features", *FAST})
INNER = ("prompt", "completion", "requests_per_minute", "tokens_per_minute", "modality", "input_cache_read")
entries: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(MEMBERS), json_values | st.dictionaries(st.sampled_from(INNER), json_values)
)


@given(entries)
def test_a_member_may_have_any_value(entry: dict[str, Any]) -> None:
    model = one(**{**entry, "id": "m"})
    record = model_details.to_json(model)
    record.pop("raw")
    json.dumps(record, allow_nan=False)
    assert search_and_sort.ordered([model], "price") == [model]
    for text in (per_million(model.price.input), compact(model.context), model_details.date(model.created)):
        assert text
        assert len(text) < 60


PRICES = {
    "0.00000003": "0.03",
    "0": "0",
    "0.0": "0",
    "0.0000006": "0.6",
    "0.00000132": "1.32",
    "1e-7": "0.1",
    "0.0001": "100",
    "0.000000123456789": "0.123456789",
    " 0.000001 ": "1",
}


@pytest.mark.parametrize("text", PRICES)
def test_a_price_keeps_every_digit(text: str) -> None:
    assert per_million(one(pricing={"prompt": text}).price.input) == PRICES[text]


def test_a_price_may_also_be_a_number() -> None:
    assert per_million(one(pricing={"prompt": 6e-8}).price.input) == "0.06"
    assert one(pricing={"prompt": 0}).price.input == 0


@pytest.mark.parametrize(
    "value", [None, "", "free", "NaN", "Infinity", "1e999", "-1", True, [], {}, float("nan"), "٣", -1.5]
)
def test_an_invalid_price_is_unknown_and_never_0(value: Any) -> None:
    model = one(pricing={"prompt": value})
    assert model.price.input is None
    assert per_million(model.price.input) == "-"
    assert model_details.to_json(model)["price"]["input"] is None


@pytest.mark.parametrize(
    "value", [None, "131072", True, 0, -1, float("nan"), float("inf"), 1e300, 10**400, [], {}]
)
def test_an_invalid_count_is_unknown(value: Any) -> None:
    assert one(context_length=value, per_request_limits=value).context is None
    assert compact(None) == "-"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "1"),
        (600, "600"),
        (999, "999"),
        (1200, "1.2k"),
        (131072, "131k"),
        (999_700, "1M"),
        (1048576, "1.05M"),
    ],
)
def test_a_count_is_abbreviated(count: int, text: str) -> None:
    assert compact(count) == text


def test_a_date_outside_the_calendar_is_unknown() -> None:
    assert (model_details.date(1750954196), model_details.date(10**14), model_details.date(None)) == (
        "2025-06-26",
        "-",
        "-",
    )


def test_the_record_has_prices_as_numbers_and_the_unchanged_entry() -> None:
    record = model_details.to_json(models.decode([LIGHTNING])[0])
    assert record["price"] == {"input": 0.06, "output": 0.24, "cached_input": 0.0}
    assert record["limits"] == {"requests_per_minute": 600, "tokens_per_minute": 400000}
    assert record["raw"] == LIGHTNING


def test_details_show_every_member_of_the_entry_once() -> None:
    rows = dict(model_details.rows(models.decode([{**FAST, "new": {"thing": [1, None]}, "flag": True}])[0]))
    assert rows["input_price"] == "0.03 USD per million tokens"
    assert (rows["cached_input_price"], rows["features"], rows["created"]) == ("-", "-", "2025-06-26")
    assert (rows["pricing.image"], rows["architecture.tokenizer"]) == ("0", "Other")
    assert (rows["new.thing"], rows["flag"], rows["per_request_limits.burst_ratio"]) == (
        "[1,null]",
        "true",
        "1.0",
    )
    assert not {"description", "object", "pricing.prompt", "context_length", "pricing"} & set(rows)
    bare = dict(model_details.rows(models.decode([BASIC])[0]))
    assert (bare["context"], bare["output_price"], bare["owned_by"]) == ("-", "-", "system")


LISTED = models.decode(list(ENTRIES))


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ((), IDS),
        (("LLAMA",), IDS[:2]),
        (("llama", "70b"), IDS[1:2]),
        (("70b llama",), IDS[1:2]),
        (("nothing",), ()),
    ],
)
def test_a_query_finds_the_models_with_all_its_words(words: tuple[str, ...], ids: tuple[str, ...]) -> None:
    assert tuple(model.id for model in search_and_sort.matching(LISTED, words)) == ids


def test_a_query_also_searches_features_and_names() -> None:
    entries = [{"id": "a", "supported_features": ["tools"]}, {"id": "b", "name": "Tooling"}, {"id": "c"}]
    listed = models.decode(entries)
    assert [model.id for model in search_and_sort.matching(listed, ["tool"])] == ["a", "b"]
    assert [model.id for model in search_and_sort.matching(listed, ["tools"])] == ["a"]


@pytest.mark.parametrize(
    ("by", "ids"),
    [
        ("id", (TRIMMED, FAST, LIGHTNING, BASIC)),
        ("price", (FAST, LIGHTNING, TRIMMED, BASIC)),
        ("context", (LIGHTNING, TRIMMED, FAST, BASIC)),
        ("created", (LIGHTNING, BASIC, TRIMMED, FAST)),
    ],
)
def test_models_are_sorted(by: str, ids: tuple[dict[str, Any], ...]) -> None:
    assert [model.raw for model in search_and_sort.ordered(LISTED, by)] == list(ids)


def test_unknown_values_are_last_even_in_reverse_order() -> None:
    assert [m.id for m in search_and_sort.ordered(LISTED, "id", reverse=True)] == [
        m.id for m in search_and_sort.ordered(LISTED, "id")
    ][::-1]
    dear = [model.raw for model in search_and_sort.ordered(LISTED, "price", reverse=True)]
    assert dear == [LIGHTNING, FAST, TRIMMED, BASIC]


NEAR = {
    "OPENAI/GPT-OSS-120B": ["openai/gpt-oss-120b"],
    "nebius/openai/gpt-oss-120b": ["openai/gpt-oss-120b"],
    "Nebius/OpenAI/gpt-oss-120b": ["openai/gpt-oss-120b"],
    "Llama-3.3-70b-instruct": ["meta-llama/Llama-3.3-70B-Instruct"],
    "unsloth/llama-3.3-70B-Instruct": ["meta-llama/Llama-3.3-70B-Instruct"],
    " openai/gpt-oss-120b ": ["openai/gpt-oss-120b"],
    "openai/gpt-oss-20b": ["openai/gpt-oss-120b"],
    "lightning": [],
    "": [],
    "x" * 100_000: [],
}


@pytest.mark.parametrize("name", NEAR, ids=lambda name: name[:40])
def test_similar_ids_are_suggested(name: str) -> None:
    assert similar_names.suggest(name, IDS)[: max(1, len(NEAR[name]))] == NEAR[name]


def test_a_suggested_id_that_begins_with_nebius_keeps_that_prefix() -> None:
    assert similar_names.suggest("nebius/Own", ["nebius/own", "own"]) == ["nebius/own"]


def test_did_you_mean_names_the_nearest_ids() -> None:
    assert similar_names.did_you_mean("A/B", ["a/b", "A/b"]) == "did you mean a/b or A/b?"
    assert similar_names.did_you_mean("zzz", IDS) == ""
    assert similar_names.suggest("abcd", ["x" * 300]) == []


@pytest.mark.parametrize(
    "name", ["$(id)", "`id`", "a b", "a;b", "-rf", "~root", "", "a'b", "a\n", "\x1b[31m", "é", "x" * 201]
)
def test_an_id_with_special_characters_is_not_offered_to_a_shell(name: str) -> None:
    assert models.completable([name, *IDS]) == list(IDS)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0.5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (7199, "1 h"),
        (86_399, "23 h"),
        (90_000, "1 d"),
    ],
)
def test_an_age_is_shown_in_its_largest_unit(seconds: float, words: str) -> None:
    assert age(seconds) == words
