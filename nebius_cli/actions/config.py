"""`nbx config`: settings shown with their origin, and written."""

from nebius_cli.actions.app import App
from nebius_cli.core import jsontext, prompt, settings
from nebius_cli.core.errors import ConfigError, ExitCode, UsageError
from nebius_cli.core.fields import FieldError, Value
from nebius_cli.core.settings import Setting
from nebius_cli.ui.renderer import draws
from nebius_cli.ui.tables import write_table


def run_set(app: App, name: str = "", value: str | None = None) -> ExitCode:
    """Write one setting; a value of `-` is read from stdin, less its final newline."""
    setting = _named(name, "set NAME VALUE")
    if value is None:
        raise UsageError(
            f"no value for {setting.field.name}", "", f"nbx config set {setting.field.name} VALUE"
        )
    if value == "-":
        reading = prompt.Reading(strip_final_newline=True)
        value = prompt.decode(app.streams.read_stdin(), "stdin", reading)
    elif setting.secret:
        app.warn(f"the shell's history has this value now; nbx config set {name} - reads it from stdin")
    try:
        parsed = setting.field.parse([value])
    except FieldError as error:
        shown = "***" if setting.secret else value
        raise UsageError(f"{setting.field.name} {shown}", f"{setting.field.name} {error}") from None
    app.config.set(setting.field.name, parsed, app.profile)
    return ExitCode.DONE


def run_get(app: App, name: str = "") -> ExitCode:
    """Print one setting's value in force; a secret stays hidden. Raises ConfigError where it has none."""
    setting = _named(name, "get NAME")
    merged = app.settings()
    if setting.field.name not in merged:
        raise ConfigError(
            f"{setting.field.name} is not set", "", f"nbx config set {setting.field.name} VALUE"
        )
    app.streams.write_out((_shown(setting, merged[setting.field.name].value) + "\n").encode("utf-8"))
    return ExitCode.DONE


def run_unset(app: App, name: str = "") -> ExitCode:
    """Take one setting out of the file or the chosen profile."""
    # Any name may go, known or not: that is how a file with a wrong one is mended.
    if not name:
        raise UsageError("no setting named", "", "nbx config unset NAME")
    if not any(app.config.unset(spelt, app.profile) for spelt in (name, name.replace("-", "_"))):
        where = f"profile {app.profile}" if app.profile else str(app.config.path)
        app.note(f"{name} was not set in {where}")
    return ExitCode.DONE


def run_list(app: App, *, json: bool = False) -> ExitCode:
    """List every setting that has a value, with its origin."""
    merged = app.settings()
    rows = [
        (s.field.name, _shown(s, merged[s.field.name].value), merged[s.field.name].origin)
        for s in settings.SETTINGS
        if s.field.name in merged
    ]
    if json:
        table = {
            s.field.name: {
                "value": "***" if s.secret else merged[s.field.name].value,
                "origin": merged[s.field.name].origin,
            }
            for s in settings.SETTINGS
            if s.field.name in merged
        }
        app.streams.write_out(jsontext.encode(table) + b"\n")
        return ExitCode.DONE
    drawn = draws(app.streams, tty=app.streams.stdout_tty)
    header = ("setting", "value", "origin")
    write_table(header, rows, app.streams.write_out, app.streams, drawn=drawn, color=app.color_out)
    return ExitCode.DONE


def run_path(app: App) -> ExitCode:
    """Print the path of the config file, whether or not it exists."""
    app.streams.write_out(f"{app.config.path}\n".encode())
    return ExitCode.DONE


def _named(name: str, usage: str) -> Setting:
    if not name:
        raise UsageError("no setting named", "", f"nbx config {usage}")
    try:
        return settings.find(name.replace("-", "_"), "config")
    except ConfigError as error:
        raise UsageError(error.what, error.why, error.hint) from None


def _shown(setting: Setting, value: Value) -> str:
    if setting.secret:
        return "***"
    return value if isinstance(value, str) else jsontext.encode(value).decode("utf-8")
