"""The time for config files of thousands of lines is proportional to their length."""

import time
from collections.abc import Callable

import pytest

from nebius_cli.config import change_toml_entry, find_toml_entry, merge_settings_layers
from nebius_cli.config.merge_settings_layers import ConfigSource


def unknown_keys(count: int) -> str:
    return "".join(f"unknown{number} = {number}\n" for number in range(count))


def many_profiles(count: int) -> str:
    return "".join(f"[profile.p{number}]\nunknown = 1\n\n" for number in range(count))


@pytest.mark.parametrize("text", [unknown_keys, many_profiles])
def test_the_time_to_check_a_file_is_proportional_to_its_length(text: Callable[[int], str]) -> None:
    def takes_s(count: int) -> float:
        source = ConfigSource("c", text(count), find_toml_entry.parse(text(count)))
        start = time.process_time()
        assert len(merge_settings_layers.problems_of(source)) == count
        return time.process_time() - start

    few = min(takes_s(300) for _ in range(3))
    assert takes_s(2400) < 30 * few  # 8 times the size; quadratic code would take 64 times as long


@pytest.mark.parametrize("key", ["unknown", "model"])
def test_the_time_to_change_a_file_is_proportional_to_its_length(key: str) -> None:
    def takes_s(count: int) -> float:
        text, path = many_profiles(count), ("profile", f"p{count // 2}", key)
        start = time.process_time()
        assert find_toml_entry.holds(
            find_toml_entry.parse(change_toml_entry.set_entry(text, path, "x")), path
        )
        return time.process_time() - start

    few = min(takes_s(300) for _ in range(3))
    assert takes_s(2400) < 30 * few  # 8 times the size; quadratic code would take 64 times as long
