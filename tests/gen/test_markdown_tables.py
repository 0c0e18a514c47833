"""The generated blocks of README.md and docs/reference.md."""

import re

import pytest

from nebius_cli.command_tree.commands_as_data import Argument, Command, Flag, ValueKind
from nebius_cli.config.settings_table import SETTINGS
from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.gen import markdown_tables, replace_marked_block
from nebius_cli.gen.__main__ import command_tree
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.infill_formats import FORMATS

ROOT = command_tree()


def rows(table: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its header."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [re.split(r" ?(?<!\\)\| ?", line)[1:-1] for line in lines[2:]]


@pytest.mark.parametrize("name", markdown_tables.BLOCKS)
def test_every_row_of_a_table_has_as_many_cells_as_its_header(name: str) -> None:
    block = markdown_tables.BLOCKS[name](ROOT)
    for table in re.findall(r"(?:^\|.*\n?)+", block, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_every_request_field_has_a_row_in_the_order_of_the_table() -> None:
    found = rows(markdown_tables.fields_table(ROOT))
    assert [re.findall(r"`(\w+)`", row[1])[0] for row in found] == [field.name for field in FIELDS]
    by_name = {field.name: row for field, row in zip(FIELDS, found, strict=True)}
    assert by_name["model"][0] == "`-m`, `--model`"
    assert by_name["echo"][0] == "`--echo`, `--no-echo`"
    assert by_name["temperature"][2] == "number, between 0 and 2"
    assert by_name["ai_project_id"][1] == "`ai_project_id` (in the URL)"
    assert "`flex`" in by_name["service_tier"][2]


def test_every_setting_has_a_row_in_the_settings_or_in_the_fields_table() -> None:
    found = {row[0].strip("`"): row for row in rows(markdown_tables.settings_table(ROOT))}
    fields = {field.name for field in FIELDS}
    assert {setting.field.name for setting in SETTINGS} == set(found) | fields
    for setting in SETTINGS:
        assert all(f"`{name}`" in found[setting.field.name][1] for name in setting.env)
    assert found["retries"][2] == "`3`"
    assert found["api_key"][2] == ""


def test_every_exit_code_has_a_row_in_order() -> None:
    found = rows(markdown_tables.exit_codes_table(ROOT))
    assert [int(code) for code, _ in found] == sorted(ExitCode)
    assert dict(found)["130"] == ExitCode.INTERRUPTED.meaning


def test_every_infill_format_has_a_row_with_its_prompt_and_source() -> None:
    found = rows(markdown_tables.infill_formats_table(ROOT))
    assert [row[0] for row in found] == [f"`{one.name}`" for one in FORMATS]
    for row, one in zip(found, FORMATS, strict=True):
        assert row[2].replace("\\|", "|") == f"`{one.template}`"
        assert row[4] == one.source


def test_every_command_and_flag_is_in_the_reference() -> None:
    block = markdown_tables.commands_reference(ROOT)
    sections = dict(re.findall(r"^## (nbx[^\n]*)\n(.*?)(?=^## |\Z)", block, re.MULTILINE | re.DOTALL))
    assert list(sections) == [command.name for command in ROOT.walk()]
    for command in ROOT.walk():
        for flag in command.flags:
            for name, _ in flag.spellings:
                assert len(re.findall(rf"`{name}(?: [^`]*)?`", sections[command.name])) == 1
        for below in command.subcommands:
            assert f"](#{below.name.replace(' ', '-')})" in sections[command.name]


def test_help_looks_the_same_in_the_reference_and_in_a_terminal() -> None:
    meaning = r"A <tag>, a*b*, [x] and \n."
    flag = Flag(
        ("-k", "--kind"), (), "a|b", meaning, ValueKind.CHOICES, ("a", "b"), repeatable=False, panel="P"
    )
    argument = Argument("FILE", "A file.", ValueKind.FILE, (), repeatable=True)
    help_text = "Do it.\n\n\b\nExamples:\n  nbx do *\n  nbx do $HOME\n\nAnd [so]\non."
    block = markdown_tables.commands_reference(
        Command(("nbx", "do"), "", help_text, (flag,), (argument,), ())
    )
    assert block.split("\n\n") == [
        "## nbx do",
        "```\nnbx do [OPTIONS] [FILE]...\n```",
        "Do it.",
        "Examples:",
        "```sh\nnbx do *\nnbx do $HOME\n```",
        r"And \[so\] on.",
        "| Operand | Meaning |\n| --- | --- |\n| `FILE` | A file. |",
        "| P | Meaning |\n| --- | --- |\n" + r"| `-k`, `--kind a\|b` | A \<tag>, a\*b\*, \[x\] and \\n. |",
    ]


def test_replacing_a_block_changes_only_the_text_between_its_markers() -> None:
    text = "a\n<!-- nbx:x -->\nold\n<!-- /nbx:x -->\nb <!-- nbx:y --><!-- /nbx:y -->\n"
    once = replace_marked_block.replace_block(text, "x", "new\n")
    assert once == "a\n<!-- nbx:x -->\nnew\n<!-- /nbx:x -->\nb <!-- nbx:y --><!-- /nbx:y -->\n"
    assert replace_marked_block.replace_block(once, "x", "new\n") == once


@pytest.mark.parametrize(
    "text",
    [
        "no markers",
        "<!-- nbx:x -->",
        "<!-- /nbx:x --> <!-- nbx:x -->",
        "<!-- nbx:x --> <!-- /nbx:x --> <!-- nbx:x --> <!-- /nbx:x -->",
    ],
)
def test_missing_reversed_and_duplicate_markers_are_reported(text: str) -> None:
    with pytest.raises(
        replace_marked_block.MarkerError, match="<!-- nbx:x --> and <!-- /nbx:x -->, once each"
    ):
        replace_marked_block.replace_block(text, "x", "new")
