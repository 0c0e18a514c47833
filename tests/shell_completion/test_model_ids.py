"""TAB on the ID of a model: IDs are read from the file that `nbx models` writes, and never executed."""

from pathlib import Path

from nebius_cli.models.model_and_price_cache import ModelsCache
from tests.shell_completion.shells import shell

IDS = (
    "meta-llama/Llama-3.3-70B-Instruct",
    "nvidia/Nemotron-3_5-Lightning",
    "nvidia/nemotron-3-super",
    "own/colon:v1.2-fast@eu",
    "own/colon:v2",
)
HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "evil;touch$IFS;pwned",
    "evil$(touch${IFS}pwned)",
    "evil&touch",
    "evil/it's",
    'evil/"quoted',
    "evil/\x1b[31mred",
    "evil/a b",
    "evil/*",
    "evil/$HOME",
    "evil\\",
    "evil!!",
    "evil\r",
    "-rf",
    "~root",
    "",
)

LINES = {
    "after the flag": (
        "nbx complete --model meta\tx",
        "<complete><--model><meta-llama/Llama-3.3-70B-Instruct><x>",
    ),
    "after the short flag": (
        "nbx complete -m nvidia/N\tx",
        "<complete><-m><nvidia/Nemotron-3_5-Lightning><x>",
    ),
    "after =": ("nbx complete --model=nvidia/ne\tx", "<complete><--model=nvidia/nemotron-3-super><x>"),
    "with a colon": ("nbx complete -m own/c\t1\tx", "<complete><-m><own/colon:v1.2-fast@eu><x>"),
    "after a colon": ("nbx complete -m own/colon:v2\t x", "<complete><-m><own/colon:v2><x>"),
    "with a colon after =": (
        "nbx complete --model=own/colon:v1\tx",
        "<complete><--model=own/colon:v1.2-fast@eu><x>",
    ),
    "to be shown": ("nbx models show meta\tx", "<models><show><meta-llama/Llama-3.3-70B-Instruct><x>"),
    "to be used": (
        "nbx models use meta\t--force",
        "<models><use><meta-llama/Llama-3.3-70B-Instruct><--force>",
    ),
    "not as a prompt": ("nbx complete meta\t", "<complete><meta>"),
    "not as a local one": ("nbx local rm meta\t", "<local><rm><meta>"),
    "flags of the list after the group": ("nbx models --refr\tx", "<models><--refresh><x>"),
    "flags of the list after a query": ("nbx models llama --refr\tx", "<models><llama><--refresh><x>"),
    "an order": ("nbx models --sort pr\tx", "<models><--sort><price><x>"),
}


def exported(name: str, variable: str, value: Path) -> str:
    return f"set -gx {variable} {value}" if name == "fish" else f"export {variable}={value}"


def keep(cache_dir: Path, *ids: str) -> None:
    """Write IDs to the cache as nbx does."""
    ModelsCache(cache_dir, "http://h/v1", "").write_ids(ids)


def test_ids_are_completed_unchanged(name: str, tmp_path: Path) -> None:
    keep(tmp_path / ".cache" / "nbx", *IDS)
    with shell(name, tmp_path) as running:
        given = {case: running.given(keys) for case, (keys, _) in LINES.items()}
    assert given == {case: words for case, (_, words) in LINES.items()}


def test_the_file_is_found_where_nbx_writes_it(name: str, tmp_path: Path) -> None:
    for folder in ("chosen", "xdg/nbx", ".cache/nbx"):
        keep(tmp_path / folder, f"from-{folder}")
    for variable, value, expected in (
        ("NBX_CACHE_DIR", "chosen", "from-chosen"),
        ("XDG_CACHE_HOME", "xdg", "from-xdg/nbx"),
    ):
        before = exported(name, variable, tmp_path / value)
        if variable == "NBX_CACHE_DIR":  # takes precedence
            before += "; " + exported(name, "XDG_CACHE_HOME", tmp_path / "xdg")
        (private := tmp_path / variable).mkdir()
        with shell(name, private, before=before) as running:
            assert running.given("nbx complete -m f\tx") == f"<complete><-m><{expected}><x>"


def test_a_relative_xdg_path_is_ignored(name: str, tmp_path: Path) -> None:
    keep(tmp_path / ".cache" / "nbx", "from-home")
    keep(tmp_path / "folder" / "here" / "nbx", "from-here")
    with shell(name, tmp_path, before=exported(name, "XDG_CACHE_HOME", Path("here"))) as running:
        assert running.given("nbx complete -m f\tx") == "<complete><-m><from-home><x>"


def test_without_the_file_nothing_is_offered(name: str, tmp_path: Path) -> None:
    with shell(name, tmp_path) as running:
        assert running.given("nbx complete -m onl\t") == "<complete><-m><onl>"


def test_hostile_lines_are_neither_executed_nor_offered(name: str, tmp_path: Path) -> None:
    keep(tmp_path / ".cache" / "nbx", *HOSTILE, "good/model")
    with shell(name, tmp_path) as running:
        assert running.given("nbx complete -m evil\t") == "<complete><-m><evil>"
        assert running.given("nbx complete -m \tx") == "<complete><-m><good/model><x>"
    assert list(tmp_path.rglob("pwned")) == []
