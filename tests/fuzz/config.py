"""Targets for the config file: reading it, finding its mistakes, and changing one entry."""

from pathlib import Path
from typing import Any

from nebius_cli.config import (
    change_toml_entry,
    find_toml_entry,
    merge_settings_layers,
    read_and_write_config_file,
)
from nebius_cli.config.merge_settings_layers import ConfigSource
from nebius_cli.core.errors_and_exit_codes import ConfigError
from tests.fuzz.target import Target, head

PATH = Path("config.toml")
KEYS = (("model",), ("stop",), ("profile", "w", "n"), ("profile", "w"), ("a b", "c"), ("profile",))
VALUES: tuple[Any, ...] = ("m", 2, 0.5, True, ["a", "b"], {"1": -1})


def _read(data: bytes) -> ConfigSource | None:
    try:
        return read_and_write_config_file.parse(data, PATH, "")
    except ConfigError as error:
        assert error.what.startswith(f"{PATH}:")
        return None


def toml_file(data: bytes) -> None:
    """A file is read and its mistakes are reported with their lines, or it is rejected with a line number."""
    source = _read(data)
    if source is None:
        return
    problems = merge_settings_layers.problems_of(source) + list(
        merge_settings_layers.read_project(source).problems
    )
    assert all(problem.what.startswith(f"{PATH}:") for problem in problems)
    in_force = merge_settings_layers.gather({}, {}, "", lambda: source, lambda: None)
    assert len(in_force.values) > 5
    assert "SECRET-CANARY" not in " ".join(f"{problem.what} {problem.why}" for problem in problems)


def edited(data: bytes) -> None:
    """An entry is set or removed and nothing else changes, or the file is left unchanged."""
    choice, rest = head(data)
    keys, value = KEYS[choice % len(KEYS)], VALUES[choice // 8 % len(VALUES)]
    source = _read(rest)
    if source is None:
        return
    try:
        text = change_toml_entry.set_entry(source.text, keys, value)
    except ValueError:
        pass
    else:
        assert find_toml_entry.same(_at(find_toml_entry.parse(text), keys), value)
        assert change_toml_entry.remove_entry(text, keys) is not None
    if find_toml_entry.holds(source.table, keys):
        try:
            text = change_toml_entry.remove_entry(source.text, keys)
        except ValueError:
            return
        assert not find_toml_entry.holds(find_toml_entry.parse(text), keys)


def _at(table: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        table = table[key]
    return table


_TOML = (
    b"\n", b"\r\n", b"=", b" = ", b"[", b"]", b"[[", b"]]", b"[profile.w]\n", b"[profile]\n",
    b"profile.w.n = 1\n", b"#", b'"', b"'", b'"""', b"'''", b".", b",", b"{", b"}", b"true",
    b"1979-05-27", b"nan", b"inf", b"0x1f", b"1_000", b"\\u00e9", b"\\x", b"model = 'm'\n", b"n = 0\n",
    b"stop = ['a']\n", b"api_key = 'SECRET-CANARY'\n", b"api_key = ['SECRET-CANARY']\n",
    b"use_profile = 'w'\n", b"temperature", b"'a b'.c = 1\n", b"[" * 500, b"\xef\xbb\xbf", b"\xff",
    b"\x00", b"\t", b"base_url = 'http://u:SECRET-CANARY@h'\n", b"api_key_command = 5\n",
)  # fmt: skip

TARGETS = {"toml": Target(toml_file, _TOML), "toml_edit": Target(edited, _TOML)}
