"""The commands in the documents run and print the output that is shown."""

import re
from pathlib import Path

import pytest

from tests.support.bash_arguments import given
from tests.support.documented_commands import ROOT, blocks, environ, run, says, sessions
from tests.support.run import Runner

DOCS = sorted((ROOT / "docs").glob("*.md"))
MADE = "reference.md"  # generated from the help, whose examples have their own test
# A document whose blocks need files or a server of their own names the test that runs them.
RUN_BY = re.compile(r"<!-- run by (tests/\S+\.py) -->")


def pasted() -> list[tuple[str, str, str]]:
    """Return document, command and output of every console block that no other test runs."""
    texts = {path.name: path.read_text("utf-8") for path in DOCS}
    here = {name: text for name, text in texts.items() if not RUN_BY.search(text)}
    return [(name, command, output) for name, text in here.items() for command, output in sessions(text)]


@pytest.mark.engine
@pytest.mark.parametrize(("name", "command", "output"), pasted(), ids=lambda text: text[:50])
def test_a_command_in_a_document_prints_the_output_that_is_shown(
    name: str, command: str, output: str, tmp_path: Path
) -> None:
    done = run(command, tmp_path, environ())
    assert says(output, done.stdout), f"{name}: {done.stdout}"


@pytest.mark.parametrize("path", [p for p in DOCS if p.name != MADE], ids=lambda path: str(path.name))
def test_nbx_accepts_every_command_line_in_a_document(path: Path, tmp_path: Path, bare: Runner) -> None:
    for number, block in enumerate(blocks(path.read_text("utf-8"), "sh")):
        folder = tmp_path / str(number)
        folder.mkdir()
        runs = given(block, folder)
        assert bool(runs) == bool(re.search(r"^[^#]*\bnbx ", block, re.MULTILINE)), block
        for words in runs:
            result = bare(*words, "--help")  # shows the help only if every flag before it is valid
            assert (result.code, result.err) == (0, ""), words


@pytest.mark.parametrize("path", [*DOCS, ROOT / "README.md"], ids=lambda path: str(path.name))
def test_links_lead_to_existing_files_and_headings(path: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", without_blocks(path)):
        if target.startswith("https://"):
            continue
        leads_to = path.parent / target if target else path
        assert leads_to.exists(), target
        assert not anchor or anchor in anchors(leads_to), f"{target}#{anchor}"


def without_blocks(path: Path) -> str:
    return re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page: its headings in lower case and without punctuation."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_test_that_a_document_names_reads_that_document() -> None:
    for path in DOCS:
        for name in RUN_BY.findall(path.read_text("utf-8")):
            assert path.name in (ROOT / name).read_text("utf-8")
