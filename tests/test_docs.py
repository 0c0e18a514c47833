"""The documents tell the truth: what they say to type runs, and prints what they say."""

import re
from pathlib import Path

import pytest

from tests.support.lines import given
from tests.support.pasted import ROOT, blocks, environ, run, says, sessions
from tests.support.run import Runner

DOCS = sorted((ROOT / "docs").glob("*.md"))
MADE = "reference.md"  # made from the help, whose examples have a test of their own
# A document whose blocks need files or a server of their own names the test that runs them.
RUN_BY = re.compile(r"<!-- run by (tests/\S+\.py) -->")


def pasted() -> list[tuple[str, str, str]]:
    """Return document, command and output of every console block that no other test runs."""
    texts = {path.name: path.read_text("utf-8") for path in DOCS}
    here = {name: text for name, text in texts.items() if not RUN_BY.search(text)}
    return [(name, command, output) for name, text in here.items() for command, output in sessions(text)]


@pytest.mark.engine
@pytest.mark.parametrize(("name", "command", "output"), pasted(), ids=lambda text: text[:50])
def test_a_command_of_a_document_prints_what_it_says(
    name: str, command: str, output: str, tmp_path: Path
) -> None:
    done = run(command, tmp_path, environ())
    assert says(output, done.stdout), f"{name}: {done.stdout}"


@pytest.mark.parametrize("path", [p for p in DOCS if p.name != MADE], ids=lambda path: str(path.name))
def test_every_command_line_of_a_document_is_one_that_nbx_takes(
    path: Path, tmp_path: Path, bare: Runner
) -> None:
    for number, block in enumerate(blocks(path.read_text("utf-8"), "sh")):
        folder = tmp_path / str(number)
        folder.mkdir()
        runs = given(block, folder)
        assert bool(runs) == bool(re.search(r"^[^#]*\bnbx ", block, re.MULTILINE)), block
        for words in runs:
            result = bare(*words, "--help")  # reported only when every flag before it is one
            assert (result.code, result.err) == (0, ""), words


@pytest.mark.parametrize("path", [*DOCS, ROOT / "README.md"], ids=lambda path: str(path.name))
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", without_blocks(path)):
        if target.startswith("https://"):
            continue
        leads_to = path.parent / target if target else path
        assert leads_to.exists(), target
        assert not anchor or anchor in anchors(leads_to), f"{target}#{anchor}"


def without_blocks(path: Path) -> str:
    return re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)


def anchors(path: Path) -> set[str]:
    """Return what a link can name on a page: its headings, in lower case and without punctuation."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_test_that_is_said_to_run_a_document_reads_it() -> None:
    for path in DOCS:
        for name in RUN_BY.findall(path.read_text("utf-8")):
            assert path.name in (ROOT / name).read_text("utf-8")
