"""Exports contain the text and the figures, load nothing from elsewhere, and escape the model's markup."""

import html
import math
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.cells import cell_len

from nebius_cli.render.export_heat_view import export
from nebius_cli.response.answer_events import Event, Frame, TextDelta
from nebius_cli.response.events_to_answer import Completion
from tests.support.logprobs import FRANCE, TokenSpec, delta

DRAWN = {path.name: path.read_text("utf-8") for path in (Path(__file__).parents[2] / "docs").glob("*.svg")}
SVG = "{http://www.w3.org/2000/svg}"
EVIL: tuple[TokenSpec, ...] = (
    ("<script>alert(1)</script>", 0.95, {'" onmouseover="x': 0.01, "</a><b>": 0.005}),
    (' <a class="r1" href="#0">', 0.5, {"'": 0.1}),
    ("[bold]{0}{code}%s", 0.3, {}),
    ("\x1b]0;owned\x07\u202e\ufffe\uffff\x00", 0.2, {"\x1b": 0.1}),
    ("\ud83d", 0.1, {"]]>": 0.1}),
    ("&amp;&#10;\\", 0.05, {"<!--": 0.01}),
)
EVIL_SHOWN = '<script>alert(1)</script> <a class="r1" href="#0">[bold]{0}{code}%s'
EVIL_SHOWN += "␛]0;owned␇<U+202E>\ufffd\ufffd␀\ufffd&amp;&#10;\\"


class Page(HTMLParser):
    """A page as a browser parses it: the text of its body, its tags, and each token with its hover text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.hovers: list[tuple[str, str]] = []
        self._title: str | None = None
        self._within: list[str] = []
        self.feed(page.decode("utf-8"))
        self.close()
        assert not self._within, f"{self._within} are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self._within.append(tag)
        if tag == "a":
            names = [name for name, _ in attrs]
            assert names == ["class", "title"]
            self._title = dict(attrs)["title"]

    def handle_endtag(self, tag: str) -> None:
        assert self._within.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._within[-1:] == ["a"]:
            self.hovers.append((data, self._title or ""))
        if "pre" in self._within:
            self.text += data


def answer(*events: Event, expected: int = 1) -> Completion:
    completion = Completion(expected)
    for event in events:
        completion.add(event)
    return completion


def svg_rows(page: bytes) -> list[str]:
    """Return the text of a picture, row by row, after checking the width of each piece."""
    pieces: dict[float, str] = {}
    for text in ET.fromstring(page).iter(f"{SVG}text"):
        if "textLength" in text.attrib:
            shown = (text.text or "").replace("\N{NO-BREAK SPACE}", " ")
            assert float(text.attrib["textLength"]) == pytest.approx(12.2 * cell_len(shown), abs=1e-3)
            y = float(text.attrib["y"])
            pieces[y] = pieces.get(y, "") + shown.rstrip("\n")  # rich draws the ends of rows too
    return [pieces[y] for y in sorted(pieces)]


def test_a_page_has_the_text_and_the_alternatives_of_each_token() -> None:
    page = Page(export(answer(delta(*FRANCE)), ".html", prompts=1))
    text = "".join(text for text, _, _ in FRANCE)
    assert page.text.startswith(f"{text}\n7 tokens at ")
    assert [token for token, _ in page.hovers] == [text for text, _, _ in FRANCE]
    assert page.hovers[0][1].split("\n") == [
        '" Paris", 95%, 0.07 bits, rank 1',
        '    95%  " Paris"',
        '   3.0%  " the"',
    ]
    assert page.hovers[6][1].startswith('"!", 0.2%, 8.97 bits, rank at least 2\n')


def test_a_page_keeps_the_lines_of_the_text_and_does_not_wrap_them() -> None:
    long = "word " * 100
    page = Page(export(answer(delta((f"{long}\n\n", 0.5, {}), ("x\n", 0.5, {}))), ".html", prompts=1))
    assert page.text.split("\n")[:3] == [long, " ", "x"]
    assert page.text.split("\n")[3].startswith("2 tokens")


def test_a_picture_has_the_text_in_the_colours_of_its_tokens() -> None:
    page = export(answer(delta(*FRANCE)), ".svg", prompts=1)
    rows = svg_rows(page)
    assert rows[0] == "".join(text for text, _, _ in FRANCE)
    assert rows[1].startswith("7 tokens at ")
    fills = [
        rect.attrib["fill"]
        for rect in ET.fromstring(page).iter(f"{SVG}rect")
        if "shape-rendering" in rect.attrib
    ]
    ramp = ["#00005f", "#005f87", "#5f87af", "#87af87", "#87d787", "#ffd75f", "#ffff00"]
    assert fills == ramp + ramp  # once for the text, once for the legend


def test_wide_characters_have_their_width_in_a_picture() -> None:
    rows = svg_rows(export(answer(delta(("日本語", 0.95, {}), (" text 👍", 0.5, {}))), ".svg", prompts=1))
    assert rows[0] == "日本語 text 👍"


def test_leading_spaces_in_a_picture_are_preserved() -> None:
    page = ET.fromstring(export(answer(delta((" Paris", 0.95, {}))), ".svg", prompts=1))
    groups = [group for group in page.iter(f"{SVG}g") if group.attrib.get("class", "").endswith("-matrix")]
    # Without this attribute, librsvg removes even no-break spaces.
    space = "{http://www.w3.org/XML/1998/namespace}space"
    assert [group.attrib[space] for group in groups] == ["preserve"]


def test_model_text_is_escaped_in_a_page() -> None:
    completion = answer(Frame({"model": "<b>{0}\x1b&"}), delta(*EVIL))
    data = export(completion, ".html", prompts=1)
    page = Page(data)
    assert page.text.startswith(EVIL_SHOWN)
    kinds = {"html", "head", "meta", "title", "style", "body", "pre", "a", "span"}
    assert set(page.tags) == kinds
    assert page.tags.count("a") == len(EVIL)
    assert '" onmouseover="x' in html.unescape(page.hovers[0][1]).replace("\\", "")
    assert b"<title>&lt;b&gt;{0}" in data
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data)


def test_model_text_is_escaped_in_a_picture() -> None:
    completion = answer(Frame({"model": "<b>{0}\x1b\uffff&"}), delta(*EVIL))
    rows = svg_rows(export(completion, ".svg", prompts=1))
    assert "".join(rows[:2]).replace(" ", "").startswith(EVIL_SHOWN.replace(" ", ""))


@pytest.mark.parametrize("name", [".svg", ".html", *sorted(DRAWN)])
def test_exports_and_the_pictures_of_the_docs_load_nothing_from_elsewhere(name: str) -> None:
    page = DRAWN.get(name) or export(answer(delta(*FRANCE)), name, prompts=1).decode()
    assert not re.search(r"(?:src|href|url|import|@font-face)\s*[=(:]?\s*['\"(]?(?!#|\(#)https?:", page)
    assert set(re.findall(r"url\(#([^)]*)\)", page)) <= set(re.findall(r'\bid="([^"]*)"', page))
    assert re.findall(r"https?://[^\"' ]+", page) in ([], ["http://www.w3.org/2000/svg"])


def test_choices_have_headings_and_text_without_log_probabilities_is_included() -> None:
    completion = answer(delta(("a", 0.25, {})), TextDelta(1, "plain"), expected=2)
    for form in (".svg", ".html"):
        page = export(completion, form, prompts=2)
        rows = svg_rows(page) if form == ".svg" else Page(page).text.split("\n")
        shown = [row for row in rows if row.strip()]
        assert shown[:5] == [
            "── prompt 1 ──",
            "a",
            "1 token at 2.00 bits, perplexity 4",
            "── prompt 2 ──",
            "plain",
        ]


def test_a_character_of_two_tokens_has_the_hover_texts_of_both() -> None:
    entries = [
        {"token": "\ufffd", "bytes": [0xE2], "logprob": math.log(0.04)},
        {"token": "\ufffd", "bytes": [0x80, 0x99], "logprob": math.log(0.1)},
    ]
    page = Page(export(answer(TextDelta(0, "\u2019", {"content": entries})), ".html", prompts=1))
    assert page.hovers == [("\u2019", '"\\xe2", 4.0%, 4.64 bits\n\n"\\x80\\x99", 10%, 3.32 bits')]
