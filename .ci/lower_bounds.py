"""Prints a pip constraint for each dependency that nbx has when it runs: the lowest version it allows."""

import re
import sys
import tomllib
from pathlib import Path

_ENTRY = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[a-z,]+\])?>=(?P<lowest>[0-9.]+)(,<[0-9.]+)?")
_TOOLS = ("test", "dev")  # extras of those who work on nbx


def lower_bounds(project: Path) -> list[str]:
    """Return `name==version` for each entry. Raises ValueError for one without a lower bound."""
    table = tomllib.loads(project.read_text("utf-8"))["project"]
    extras = table["optional-dependencies"]
    entries = [*table["dependencies"]]
    for name in extras:
        entries += extras[name] if name not in _TOOLS else []
    bounds = []
    for entry in entries:
        if entry.startswith(f"{table['name']}["):
            continue  # an extra that takes others in
        match = _ENTRY.fullmatch(entry.partition(";")[0].strip())
        if match is None:
            raise ValueError(f"{entry!r} has no lower bound that could be tested")
        bounds.append(f"{match['name']}=={match['lowest']}")
    return bounds


if __name__ == "__main__":
    sys.stdout.write("\n".join(lower_bounds(Path(sys.argv[1]))) + "\n")
