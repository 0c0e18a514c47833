"""Checks the scores of passages in many scripts against a reference.

    python benchmarks/score_passages.py make 500 > passages.jsonl
    python benchmarks/score_passages.py check passages.jsonl reference.jsonl -- --base-url URL -m MODEL
    python benchmarks/score_passages.py check passages.jsonl reference.jsonl -- --local

`make` writes random passages {"id", "context", "text"}, the same for the same --seed: scripts of all kinds,
emoji sequences, combining marks, CRLF, look-alikes of special tokens, U+FFFD, blanks at both ends. The file
`reference.jsonl` has {"id", "ll", "n"} for each: the log-likelihood of the text and how many tokens it is the
sum of, computed without a server. `check` runs `nbx score --jsonl` with the arguments after `--`. Rows that
nbx refuses are counted by their reason. It exits 1 if a log-likelihood is off by more than --tolerance per
token, or counts other tokens.
"""

# ruff: noqa: RUF001 (characters that look alike are the point)

import argparse
import json
import math
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

# Runs of characters that text in these scripts consists of.
SCRIPTS = (
    ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and", "writes", "about", "it"],
    [
        "Straße,",
        "naïve",
        "café",
        "façade",
        "Übergröße",
        "señor",
        "œuvre",
        "žluťoučký",
        "kůň",
        "Łódź",
        "İstanbul",
    ],
    ["Съешь", "же", "ещё", "этих", "мягких", "французских", "булок,", "да", "выпей", "чаю"],
    ["Ξεσκεπάζω", "την", "ψυχοφθόρα", "βδελυγμία"],
    ["نص", "حكيم", "له", "سر", "قاطع", "وذو", "شأن", "عظيم", "مكتوب"],
    ["דג", "סקרן", "שט", "בים", "מאוכזב", "ולפתע", "מצא", "חברה"],
    ["ऋषियों", "को", "सताने", "वाले", "दुष्ट", "राक्षसों", "के", "राजा"],
    ["เป็นมนุษย์", "สุดประเสริฐ", "เลิศคุณค่า", "กว่าบรรดา"],
    ["யாமறிந்த", "மொழிகளிலே", "தமிழ்மொழி", "போல்"],
    ["天地玄黄", "宇宙洪荒", "日月盈昃", "辰宿列张", "日本語", "龘", "𠮷野家"],
    ["いろはにほへと", "ちりぬるを", "わかよたれそ", "カタカナ", "ﾊﾝｶｸ"],
    ["다람쥐", "헌", "쳇바퀴에", "타고파", "키스의", "고유조건은"],
    ["ከመሬት", "በላይ", "ქართული", "ენა", "Հայերեն", "លេខ", "မြန်မာ"],
    [
        "😀",
        "😀😀",
        "👩\u200d👩\u200d👧\u200d👦",
        "🇩🇪🇫🇷",
        "👍🏽",
        "❤️",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "🦙",
        "☃",
        "🤷🏻\u200d♀️",
    ],
    (
        "e\u0301",
        "a\u0323\u0302",
        "Z\u0351\u036b\u0343",
        "\u0915\u094d\u0937",
        "n\u0303o",
        "\u1112\u1161\u11ab",
    ),
    ("𝔘𝔫𝔦", "𝒜𝒷", "𐍈", "𒀀", "𓂀", "∑", "≠", "½", "№", "…", "—", "“q”"),
    ("\u00a0", "\u200b", "\u2028", "\ufeff", "x"),
    ("def f(x):", "return x**2", "{}", "a[i]++;", "// TODO", "<br/>", "\\n", "0x7f", "3.14159", "100%"),
    (
        "<s>",
        "</s>",
        "<unk>",
        "<|im_start|>",
        "<|im_end|>",
        "<|endoftext|>",
        "[INST]",
        "<0x0A>",
        "▁",
        "Ġ",
        "Ċ",
    ),
    ("\ufffd", "\ufffd\ufffd", "a\ufffdb", "\ufffd日", "日\ufffd", "bytes:\\xe6"),
)
GAPS = (" ", " ", " ", "", "", "  ", "\n", "\n\n", "\r\n", "\t", " \n", "   ")


def passage(number: int, chance: random.Random) -> dict[str, Any]:
    """Return one passage; a third of them have no context."""
    scripts = chance.sample(SCRIPTS, chance.choice((1, 1, 2, 3)))
    parts = [chance.choice(("", "", "", " ", "\n", "\r\n", "  "))]
    for _ in range(chance.randint(1, 14)):
        parts += [chance.choice(chance.choice(scripts)), chance.choice(GAPS)]
    text = "".join(parts[: None if chance.random() < 0.3 else -1]) or "日本"
    cut = chance.randrange(len(text)) if chance.random() < 2 / 3 else 0
    return {"id": number, "context": text[:cut], "text": text[cut:]}


def make(count: int, seed: int) -> None:
    """Print passages."""
    chance = random.Random(seed)  # noqa: S311
    for number in range(count):
        print(json.dumps(passage(number, chance)))


def check(passages: Path, reference: Path, tolerance: float, arguments: list[str]) -> int:
    """Print how the scores agree; return the exit code."""
    command = [sys.executable, "-m", "nebius_cli", "score", "--jsonl", str(passages), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    expected = {row["id"]: row for row in map(json.loads, reference.read_text().splitlines())}
    found = [json.loads(line) for line in done.stdout.splitlines()]
    refused: Counter[str] = Counter()
    wrong, most = [], 0.0
    for row in found:
        true = expected[row["id"]]
        if row["error"]:
            refused[row["error"]["message"]] += bool(true["n"])
            continue
        off = abs(row["log_likelihood"] - true["ll"]) / max(1, true["n"])
        most = max(most, off)
        if off > tolerance or row["tokens_scored"] != true["n"] or math.isnan(off):
            wrong.append((row["id"], row["log_likelihood"], row["tokens_scored"], true["ll"], true["n"]))
    agreed = len(found) - len(wrong) - sum(bool(row["error"]) for row in found)
    unscorable = sum(not row["n"] for row in expected.values())
    print(f"exit {done.returncode}; {len(expected)} passages, {unscorable} without a token to score")
    print(
        f"{agreed} agree, off by at most {most:.2g} per token; "
        f"{sum(refused.values())} refused, {len(wrong)} wrong"
    )
    for reason, count in refused.most_common():
        print(f"  {count:4d}  {reason}")
    for name, found_ll, found_n, true_ll, true_n in wrong:
        print(f"  wrong: id {name}, nbx {found_ll:.4f} over {found_n}, reference {true_ll:.4f} over {true_n}")
    return int(bool(wrong) or len(found) != len(expected))


def main() -> int:
    """Make or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(required=True, dest="action")
    making = actions.add_parser("make")
    making.add_argument("count", type=int)
    making.add_argument("--seed", type=int, default=1)
    checking = actions.add_parser("check")
    checking.add_argument("passages", type=Path)
    checking.add_argument("reference", type=Path)
    checking.add_argument("--tolerance", type=float, default=1e-3)
    checking.add_argument("arguments", nargs="*")
    given = parser.parse_args()
    if given.action == "make":
        make(given.count, given.seed)
        return 0
    return check(given.passages, given.reference, given.tolerance, given.arguments)


if __name__ == "__main__":
    sys.exit(main())
