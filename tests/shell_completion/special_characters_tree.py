"""A command tree whose texts contain characters that are special in some shell."""

from nebius_cli.command_tree.commands_as_data import Argument, Command, Flag, ValueKind

HELP = r"""It's [a] $HOME `id` \n \\ "q" 50% {x,y} *? a|b & <c> ! # ~ (p): $'\n'"""


def flag(name: str, values: ValueKind = ValueKind.NOTHING, *choices: str, metavar: str = "X") -> Flag:
    return Flag((name,), (), metavar, f"{HELP} {name}", values, choices, repeatable=False, panel="Options")


def command(
    *path: str, arguments: tuple[Argument, ...] = (), subcommands: tuple[Command, ...] = ()
) -> Command:
    flags = (
        flag("--kind", ValueKind.CHOICES, "plain", "a:b", "a:c", "k=v", "x/y", "m@n", "50%"),
        flag("--into", ValueKind.DIRECTORY, metavar="DIR"),
    )
    return Command(path, f"{HELP} {path[-1]}", HELP, flags, arguments, subcommands)


OPERANDS = (
    Argument("ONE", HELP, ValueKind.CHOICES, ("first:1", "second"), repeatable=False),
    Argument("REST", HELP, ValueKind.FILE, (), repeatable=True),
)
TREE = command(
    "nbx",
    subcommands=(
        command("nbx", "two-words", arguments=OPERANDS),
        command("nbx", "plain", arguments=(Argument("IN", HELP, ValueKind.DIRECTORY, (), repeatable=False),)),
    ),
)
