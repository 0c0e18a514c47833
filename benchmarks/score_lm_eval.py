"""Compares `nbx score` of multiple-choice questions with lm-evaluation-harness on the same server.

    pip install "lm-eval[api]" transformers
    OPENAI_API_KEY=KEY NEBIUS_API_KEY=KEY python benchmarks/score_lm_eval.py URL MODEL TOKENIZER_FOLDER

URL is the base URL, such as http://127.0.0.1:8000/v1. The harness needs the model's tokenizer, as a Hugging
Face folder; nbx does not. Both get the same generated questions, of which the choices of every fourth are
not ASCII. Prints the accuracies of both, how many picks differ by each of the harness's three measures, and
the greatest difference of a log-likelihood. It exits 1 if a pick differs. --lm-eval names another Python
that has the harness.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TASK = """task: nbx_choices
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: context
doc_to_choice: choices
doc_to_target: gold
metric_list: [{{metric: acc}}, {{metric: acc_norm}}, {{metric: acc_bytes}}]
"""
# The harness's measures, and how nbx names them in `winners`.
MEASURES = {"acc": "total", "acc_norm": "per_character", "acc_bytes": "per_byte"}
CAPITALS = {
    "France": "Paris",
    "Japan": "Tokyo",
    "Spain": "Madrid",
    "India": "New Delhi",
    "Kenya": "Nairobi",
    "Sweden": "Stockholm",
    "Canada": "Ottawa",
    "Argentina": "Buenos Aires",
    "Iceland": "Reykjavík",
    "Paraguay": "Asunción",
}
GREETINGS = {
    "French": "à bientôt",
    "Russian": "привет",
    "Japanese": "こんにちは",
    "German": "Grüß Gott",
    "Hindi": "नमस्ते",
    "English": "hello there",
    "Thai": "สวัสดี",
    "Spanish": "¡hola, señor!",
}


def question(number: int, chance: random.Random) -> dict[str, Any]:
    """Return a question; its choices have no blank in front."""
    kind = number % 4
    if kind == 0:
        one, two = chance.randint(1, 40), chance.randint(1, 40)
        right = str(one + two)
        others = [str(one + two + chance.randint(1, 9)), "about " + str(one * two + 90), "more than that"]
        context = f"Question: what is {one} plus {two}? Answer:"
    elif kind == 1:
        word = chance.choice(["cold", "tall", "early", "heavy", "loud", "cheap"])
        right, others = f"not {word} at all", [word, f"very {word} indeed", "something else"]
        context = f"The opposite of {word}, said in other words, is"
    else:
        table, form = (
            (CAPITALS, "The capital of {} is"),
            (GREETINGS, "Question: how do people greet each other in {}? Answer:"),
        )[kind - 2]
        about = chance.choice(list(table))
        right = table[about]
        others = chance.sample([value for value in table.values() if value != right], 3)
        context = form.format(about)
    choices = [right, *others]
    chance.shuffle(choices)
    return {"id": number, "context": context, "choices": choices, "gold": choices.index(right)}


def harness(questions: list[dict[str, Any]], given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the log-likelihoods of each question by lm-evaluation-harness, and its verdicts."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "questions.jsonl")
        file.write_text("".join(json.dumps(entry) + "\n" for entry in questions))
        Path(folder, "task.yaml").write_text(TASK.format(file=file))
        url = f"base_url={given.url}/completions"
        options = f"model={given.model},{url},tokenizer={given.tokenizer},tokenizer_backend=huggingface"
        command = [given.lm_eval, "-m", "lm_eval", "--model", "local-completions", "--model_args", options]
        command += ["--tasks", "nbx_choices", "--include_path", folder, "--batch_size", "16"]
        command += ["--output_path", f"{folder}/out", "--log_samples"]
        subprocess.run(command, check=True, env={**os.environ, "HF_HOME": folder}, stdout=sys.stderr)
        [samples] = Path(folder, "out").rglob("samples_*.jsonl")
        found = sorted(map(json.loads, samples.read_text().splitlines()), key=lambda entry: entry["doc_id"])
        return [
            {**entry, "lls": [float(response[0]) for response in entry["filtered_resps"]]} for entry in found
        ]


def nbx(questions: list[dict[str, Any]], given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the records of `nbx score --jsonl`."""
    blank = [{**entry, "choices": [f" {choice}" for choice in entry["choices"]]} for entry in questions]
    lines = "".join(json.dumps(entry) + "\n" for entry in blank)
    command = [sys.executable, "-m", "nebius_cli", "score", "--jsonl", "-", "--base-url", given.url]
    done = subprocess.run(
        [*command, "-m", given.model], input=lines.encode(), capture_output=True, check=True
    )
    print("nbx:", done.stderr.decode().strip().removeprefix("nbx: "))
    return [json.loads(line) for line in done.stdout.splitlines()]


def pick(lls: list[float], choices: list[str], measure: str) -> int:
    """Return the harness's pick by one of its measures."""
    lengths = {
        "acc": [1] * len(choices),
        "acc_norm": [len(choice) for choice in choices],
        "acc_bytes": [len(choice.encode()) for choice in choices],
    }[measure]
    return max(range(len(lls)), key=lambda place: (lls[place] / lengths[place], -place))


def main() -> int:
    """Compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("model")
    parser.add_argument("tokenizer")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--lm-eval", default=sys.executable, metavar="PYTHON")
    given = parser.parse_args()
    chance = random.Random(1)  # noqa: S311
    questions = [question(number, chance) for number in range(given.count)]
    own, theirs = nbx(questions, given), harness(questions, given)
    different = 0
    for measure, name in MEASURES.items():
        mean = sum(entry[measure] for entry in theirs) / len(theirs)
        pairs = zip(questions, own, theirs, strict=True)
        others = sum(
            mine["winners"][name] != pick(other["lls"], entry["choices"], measure)
            or mine[measure] != other[measure]
            for entry, mine, other in pairs
        )
        different += others
        print(f"{measure}: lm-eval {mean:.4f}, {others} of {len(questions)} picks differ")
    off = max(
        abs(mine["log_likelihood"] - ll)
        for record, other in zip(own, theirs, strict=True)
        for mine, ll in zip(record["choices"], other["lls"], strict=True)
    )
    print(f"log-likelihoods differ by at most {off:.2g}")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
