"""Suggests what a mistyped name probably stands for."""

from collections.abc import Sequence


def nearest(name: str, names: Sequence[str]) -> str:
    """Return the name that was probably meant, empty where none is close."""
    import difflib  # only a mistake pays for it

    return next(iter(difflib.get_close_matches(name, names, 1)), "")


PREFIX = "nebius/"  # what other tools put in front of an id, and the API does not take


LONGEST_NAME = 200  # characters of a name that is compared with others


def suggest(name: str, ids: Sequence[str], most: int = 3) -> list[str]:
    """Return the ids that `name` probably stands for, the likeliest first.

    Tried in turn: other case, a `nebius/` prefix, the part behind the last slash, similar letters.
    """
    if len(name) > LONGEST_NAME:
        return []
    plain = name.strip().casefold()
    plain = plain.removeprefix(PREFIX) if plain not in map(str.casefold, ids) else plain
    same = [known for known in ids if known.casefold() == plain]
    if same:
        return same[:most]
    last = plain.rpartition("/")[2]
    if last and (tails := [known for known in ids if known.casefold().rpartition("/")[2] == last]):
        return tails[:most]
    return _similar(plain, last, ids, most)


def _similar(plain: str, last: str, ids: Sequence[str], most: int) -> list[str]:
    import difflib  # only a mistake pays for it

    whole: dict[str, str] = {}
    tails: dict[str, str] = {}
    for known in ids:
        if len(known) <= LONGEST_NAME:
            whole.setdefault(known.casefold(), known)
            tails.setdefault(known.casefold().rpartition("/")[2], known)
    close = [whole[text] for text in difflib.get_close_matches(plain, whole, most)]
    close += [tails[text] for text in difflib.get_close_matches(last, tails, most)]
    return list(dict.fromkeys(close))[:most]


def did_you_mean(name: str, ids: Sequence[str]) -> str:
    """Return the question that a wrong name deserves, empty where nothing is near."""
    close = suggest(name, ids)
    return f"did you mean {' or '.join(close)}?" if close else ""
