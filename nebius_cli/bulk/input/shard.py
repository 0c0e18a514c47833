"""Selects the part of an input that `--shard I/N` names."""

from dataclasses import dataclass

from nebius_cli.core.errors_and_exit_codes import UsageError


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` equal parts of an input; `number` counts from 1."""

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def has(self, index: int) -> bool:
        """Return whether the row at `index` belongs to the shard."""
        return index % self.of == self.number - 1


def parse_shard(text: str) -> Shard:
    """Parse `I/N`. Raises UsageError."""
    number, slash, of = text.partition("/")
    valid = slash and all(part.isascii() and part.isdecimal() and len(part) < 10 for part in (number, of))
    if not valid or not 1 <= int(number) <= int(of):
        raise UsageError(f"--shard {text}", "the format is I/N with I from 1 to N", "for example --shard 1/4")
    return Shard(int(number), int(of))
