"""The names under which two model files of the same name are shown."""

import pytest

from nebius_cli.local.identify_weights import distinct_names


@pytest.mark.parametrize(
    ("names", "files", "shown"),
    [
        (["one", "two"], ["x/one.gguf", "x/two.gguf"], ["one", "two"]),
        (["m", "m"], ["q4/m.gguf", "f16/m.gguf"], ["q4/m.gguf", "f16/m.gguf"]),
        (["m", "m"], ["m.gguf", "/models/m.gguf"], ["m.gguf", "models/m.gguf"]),
        (["m", "m"], ["/a/1/m.gguf", "/b/1/m.gguf"], ["a/1/m.gguf", "b/1/m.gguf"]),
        (["m", "m"], [None, "x/m.gguf"], ["m", "m.gguf"]),
    ],
    ids=["other names", "folders", "a relative path", "equal folders", "the default model"],
)
def test_names_show_the_part_of_the_paths_that_differs(
    names: list[str], files: list[str | None], shown: list[str]
) -> None:
    assert distinct_names(names, files) == shown
