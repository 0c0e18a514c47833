"""`nbx config`: shows settings and where they come from, changes them, and edits the config file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nebius_cli.actions.app import App
from nebius_cli.config import find_api_key, merge_settings_layers, settings_table
from nebius_cli.config.settings_table import PROFILES, PROJECT_FILE, USE_PROFILE, Setting, Sourced
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import ConfigError, ExitCode, UsageError
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.terminal import messages

TEMPLATE = b"""\
# Settings of nbx, such as:
#   model = "MODEL"
#   temperature = 0.7
# and settings of a profile, used with --profile work or after nbx profile use work:
#   [profile.work]
#   ai_project_id = "PROJECT"
"""

START_OVER = "delete it to start over"  # the hint for a draft

# The settings that name a source of a key, and the kind of source that each names.
KEYS = {
    "api_key": find_api_key.KeyOrigin.CONFIG,
    "api_key_command": find_api_key.KeyOrigin.COMMAND,
    "api_key_keyring": find_api_key.KeyOrigin.KEYRING,
}


@dataclass(frozen=True, slots=True)
class ConfigOptions:
    """The arguments and flags of `nbx config`."""

    name: str | None = None
    value: str | None = None
    show_origin: bool = False
    all: bool = False
    json: bool = False


def run_set(options: ConfigOptions, app: App) -> ExitCode:
    """Write one setting; the value `-` reads stdin, without its final newline."""
    setting = _find_setting(options, "set NAME VALUE")
    name, value = setting.field.name, options.value
    if value is None:
        raise UsageError(f"no value for {name}", "", f"nbx config set {name} VALUE")
    if name == USE_PROFILE:
        raise UsageError(f"cannot set {name} with nbx config set", "", f"nbx profile use {value}")
    parsed = app.read_value(setting, value)
    profile = None if setting.top_level_only else app.profile
    app.config.set(name, parsed, profile)
    app.note(f"{name} is set in {_location(app, profile)}")
    if stronger := _overriding_source(app, setting, parsed, profile):
        app.warn(f"{stronger} overrides the new value")
    return ExitCode.DONE


def _overriding_source(app: App, setting: Setting, value: Value, profile: str | None) -> str | None:
    """Return the name of the source that overrides a value that was just set, or None."""
    found, name = app.effective_settings(), setting.field.name
    effective = found.values.get(name)
    if effective is not None and effective.value != settings_table.as_secret(setting, value):
        return effective.origin
    if name not in KEYS:
        return None
    # A key from another kind of source may take precedence: the keyring, or a command.
    places = app.key_sources(found)
    if not places or (places[0].kind is KEYS[name] and places[0].origin == _location(app, profile)):
        return None
    return f"{places[0].kind.value} {places[0].where}"


def run_get(options: ConfigOptions, app: App) -> ExitCode:
    """Print the value of one setting, with secrets hidden. Raises ConfigError if it is not set."""
    setting = _find_setting(options, "get NAME")
    name = setting.field.name
    found = app.effective_settings()
    if name not in found.values:
        raise next(
            iter(found.problems), ConfigError(f"{name} is not set", "", f"nbx config set {name} VALUE")
        )
    sourced = found.values[name]
    row = (_text(setting.shown(sourced.value)), *([sourced.origin] if options.show_origin else []))
    app.write("\t".join(row) + "\n")
    return _report(app, found.problems)


def run_unset(options: ConfigOptions, app: App) -> ExitCode:
    """Remove one setting from the config file or the chosen profile."""
    # Unknown names can be removed too, to repair a file that contains a wrong name.
    name = options.name
    if not name:
        raise UsageError("no setting given", "", "nbx config unset NAME")
    if name == PROFILES:
        raise UsageError(
            f"cannot unset {name}", "it contains all profiles", "nbx profile rm NAME removes one"
        )
    profile = app.profile_name
    known = name.replace("-", "_")
    profiles: list[str | None] = [profile]
    if (
        profile is not None
        and known in settings_table.BY_NAME
        and settings_table.BY_NAME[known].top_level_only
    ):
        profiles.append(None)
    removed = any(app.config.unset(spelled, each) for each in profiles for spelled in (name, known))
    app.note(f"{name} {'is no longer' if removed else 'was not'} set in {_location(app, profile)}")
    return ExitCode.DONE


def run_list(options: ConfigOptions, app: App) -> ExitCode:
    """List every setting that has a value, with its origin; with --all, every setting and its description."""
    found = app.effective_settings()
    values = found.values
    if options.all:
        _list_all(values, app, json=options.json)
        return _report(app, found.problems)
    listed = [
        (s.field.name, s, values[s.field.name]) for s in settings_table.SETTINGS if s.field.name in values
    ]
    if options.json:
        table = {
            name: {"value": setting.shown(sourced.value), "origin": sourced.origin}
            for name, setting, sourced in listed
        }
        if found.project:
            table[PROJECT_FILE]["path"] = found.project
        app.write_json(table)
    else:
        rows = [(name, _text(setting.shown(s.value)), s.origin) for name, setting, s in listed]
        app.write_table(("setting", "value", "origin"), rows)
    if found.project:
        app.note(f"the project file is {found.project}")
    return _report(app, found.problems)


def _list_all(values: Mapping[str, Sourced], app: App, *, json: bool) -> None:
    """List every setting with its description; value and origin are null if it is not set."""
    entries = {}
    rows = []
    for setting in settings_table.SETTINGS:
        name, meaning = setting.field.name, setting.field.help
        sourced = values.get(name)
        shown = setting.shown(sourced.value) if sourced else None
        origin = sourced.origin if sourced else None
        entries[name] = {"value": shown, "origin": origin, "description": meaning}
        rows.append((name, "-" if shown is None else _text(shown), origin or "-", meaning))
    if json:
        app.write_json(entries)
    else:
        app.write_table(("setting", "value", "origin", "description"), rows, stacked=True)


def run_path(options: ConfigOptions, app: App) -> ExitCode:
    """Print the path of the config file, whether or not it exists."""
    del options
    app.write(f"{app.config.path}\n")
    return ExitCode.DONE


def run_edit(options: ConfigOptions, app: App) -> ExitCode:
    """Edit a copy of the config file, and replace the file with it if it is valid."""
    del options
    from nebius_cli.system import editor

    words = editor.choose(app.streams.environ, terminal=app.streams.stdin_tty and app.streams.stdout_tty)
    with app.config.editing():
        old = app.config.content()
        draft = _open_draft(app, old)
        kept = f"the draft is kept in {draft}"
        try:
            editor.run(words, draft, app.streams.environ)
        except ConfigError as error:
            if draft.exists() and draft.read_bytes() == (old or TEMPLATE):
                draft.unlink()
            else:
                error.hint = f"{app.config.path} is unchanged; {kept}; {START_OVER}"
            raise
        except BaseException as stop:
            stop.add_note(kept)
            raise
        finally:
            app.config.keep_private(draft)
        return _save_draft(app, draft, old)


def _open_draft(app: App, old: bytes) -> Path:
    """Return the draft to edit: the one kept last time, if the file has not changed since."""
    draft = app.config.draft(old)
    for kept in app.config.drafts():
        if kept == draft:
            app.note(f"continuing with the draft {kept}; {START_OVER}")
        else:
            app.note(f"ignoring the older draft {kept}: the config file has changed since")
    if not draft.exists():
        app.config.write_draft(draft, old or TEMPLATE)
    return draft


def _save_draft(app: App, draft: Path, old: bytes) -> ExitCode:
    """Replace the file with the draft. If that is not possible, keeps the draft and raises ConfigError."""
    path, kept = app.config.path, f"the draft is kept in {draft}"
    try:
        new = draft.read_bytes()
    except OSError as error:
        raise ConfigError(
            "the draft no longer exists", error.strerror or "", f"{path} is unchanged"
        ) from None
    if new == (old or TEMPLATE):
        draft.unlink()
        app.note("nothing changed; if your editor returns at once, add its wait flag, as in 'code --wait'")
        return ExitCode.DONE
    wrong = _check(new, draft)
    for problem in wrong:
        messages.note("; ".join(filter(None, (problem.what, problem.why))), app.streams)
    if wrong:
        raise ConfigError(f"{path} is unchanged", kept, f"nbx config edit continues with it; {START_OVER}")
    if not app.config.replace(old, new):
        raise ConfigError(f"{path} changed in the meantime", kept, "nbx config edit starts from the new file")
    draft.unlink()
    app.note(f"saved {path}")
    return ExitCode.DONE


def _check(data: bytes, path: Path) -> list[ConfigError]:
    from nebius_cli.config.read_and_write_config_file import parse

    try:
        return merge_settings_layers.problems_of(parse(data, path, ""))
    except ConfigError as error:
        return [error]


def _report(app: App, wrong: Sequence[ConfigError]) -> ExitCode:
    """Report problems on stderr; return the exit code."""
    app.report(wrong)
    return ExitCode.CONFIG if wrong else ExitCode.DONE


def _location(app: App, profile: str | None) -> str:
    return str(app.config.path) if profile is None else f"profile {profile}"


def _find_setting(options: ConfigOptions, usage: str) -> Setting:
    if not options.name:
        raise UsageError("no setting given", "", f"nbx config {usage}")
    return settings_table.find(options.name)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else jsontext.encode(value).decode("utf-8")
