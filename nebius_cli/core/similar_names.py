"""Suggests the names that a mistyped name probably stands for."""

from collections.abc import Sequence

PREFIX = "nebius/"  # other tools put it in front of a model id; the API does not accept it
MAX_SUGGESTIONS = 3
MAX_NAME_CHARS = 200  # longer names are not compared


def nearest(name: str, names: Sequence[str], *, cutoff: float = 0.6) -> str:
    """Return the most similar name, empty if no similarity, from 0 to 1, reaches `cutoff`."""
    import difflib  # needed only after a mistake

    return next(iter(difflib.get_close_matches(name, names, 1, cutoff)), "")


def suggest(name: str, ids: Sequence[str]) -> list[str]:
    """Return the model ids that `name` probably stands for, the most likely first, at most MAX_SUGGESTIONS.

    Tries in this order: different case, a `nebius/` prefix, the part after the last slash, similar letters.
    """
    if len(name) > MAX_NAME_CHARS:
        return []
    folded = name.strip().casefold()
    folded = folded.removeprefix(PREFIX) if folded not in map(str.casefold, ids) else folded
    same = [known for known in ids if known.casefold() == folded]
    if same:
        return same[:MAX_SUGGESTIONS]
    last = folded.rpartition("/")[2]
    if last and (tails := [known for known in ids if known.casefold().rpartition("/")[2] == last]):
        return tails[:MAX_SUGGESTIONS]
    return _similar(folded, last, ids)


def _similar(folded: str, last: str, ids: Sequence[str]) -> list[str]:
    import difflib  # needed only after a mistake

    originals: dict[str, str] = {}
    tails: dict[str, str] = {}
    for known in ids:
        if len(known) <= MAX_NAME_CHARS:
            originals.setdefault(known.casefold(), known)
            tails.setdefault(known.casefold().rpartition("/")[2], known)
    close = [originals[text] for text in difflib.get_close_matches(folded, originals, MAX_SUGGESTIONS)]
    close += [tails[text] for text in difflib.get_close_matches(last, tails, MAX_SUGGESTIONS)]
    return list(dict.fromkeys(close))[:MAX_SUGGESTIONS]


def did_you_mean(name: str, ids: Sequence[str]) -> str:
    """Return a hint with the model ids that `name` may stand for, empty if none is similar."""
    close = suggest(name, ids)
    return f"did you mean {' or '.join(close)}?" if close else ""
