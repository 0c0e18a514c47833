"""Formats the heading of one of several choices."""


def choice_name(index: int, choices: int, prompts: int) -> str:
    """Return which prompt a choice answers, and which of the answers to that prompt it is."""
    if prompts <= 1:
        return f"choice {index + 1}"
    per_prompt = max(1, choices // prompts)
    prompt = f"prompt {index // per_prompt + 1}"
    return f"{prompt}, choice {index % per_prompt + 1}" if per_prompt > 1 else prompt


def heading(index: int, choices: int, prompts: int, note: str = "") -> str:
    """Return the line above a choice, such as `── choice 2 · stop ──`."""
    name = choice_name(index, choices, prompts)
    return f"── {name} · {note} ──" if note else f"── {name} ──"
