"""Rows of common data sets: the error message names the template that reads them."""

import json
from typing import Any

import pytest

from nebius_cli.bulk.input import fill_template
from nebius_cli.bulk.input.fill_template import RowError
from nebius_cli.bulk.input.parse_row import RowParser

CHECKED = RowParser(None, allow_empty=False, validate=True)

DATA_SETS = [
    ({"text": "Once upon"}, "{text}"),
    ({"instruction": "Do", "input": "x", "output": "y"}, "{instruction}\\n{input}"),
    ({"instruction": "Do", "output": "y"}, "{instruction}"),
    ({"prompt": "2+2=", "completion": " 4"}, "{prompt}"),
    ({"id": "a", "prompt": "x", "label": 1}, "{prompt}"),
    ({"answer": "4", "question": "2+2?"}, "{question}"),
    ({"id": "a", "label": "b", "sentence": "x"}, "{sentence}"),
    ({"doc_id": 5}, "{doc_id}"),
    ({"messages": [{"role": "user", "content": "hi"}]}, "{messages}"),
    ({"id": "a", "conversations": []}, "{conversations}"),
]


@pytest.mark.parametrize(("row", "form"), DATA_SETS)
def test_the_error_for_a_row_of_a_data_set_names_its_template(row: dict[str, Any], form: str) -> None:
    with pytest.raises(RowError) as caught:
        CHECKED.read(json.dumps(row).encode())
    why = str(caught.value)
    assert f"--template '{form}' builds prompts" in why
    assert ("does not support chat" in why) == (form in ("{messages}", "{conversations}"))


def test_the_suggested_template_works() -> None:
    forms = RowParser(fill_template.parse("{messages}"), allow_empty=False, validate=True)
    assert forms.read(b'{"messages": [{"role": "user"}]}').prompt == '[{"role":"user"}]'
