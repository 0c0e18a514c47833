"""`nbx config`: settings shown with their origin, and written; the file edited."""

from collections.abc import Sequence
from pathlib import Path

from nebius_cli.actions.app import App
from nebius_cli.config import keys, layers, settings
from nebius_cli.config.settings import PROFILES, PROJECT_FILE, USE_PROFILE, Setting
from nebius_cli.core import jsontext
from nebius_cli.core.errors import ConfigError, ExitCode, UsageError
from nebius_cli.request.fields import Value
from nebius_cli.terminal import messages

TEMPLATE = b"""\
# Settings of nbx, such as:
#   model = "MODEL"
#   temperature = 0.7
# and settings that count when a profile is chosen, with --profile work or nbx profile use work:
#   [profile.work]
#   ai_project_id = "PROJECT"
"""

ANEW = "delete it to begin anew"  # a text that is kept

# The settings that give a key, and which kind of place each of them makes.
KEYS = {
    "api_key": keys.KeyOrigin.CONFIG,
    "api_key_command": keys.KeyOrigin.COMMAND,
    "api_key_keyring": keys.KeyOrigin.KEYRING,
}


def run_set(app: App, name: str = "", value: str | None = None) -> ExitCode:
    """Write one setting; a value of `-` is read from stdin, less its final newline."""
    setting = _named(name, "set NAME VALUE")
    name = setting.field.name
    if value is None:
        raise UsageError(f"no value for {name}", "", f"nbx config set {name} VALUE")
    if name == USE_PROFILE:
        raise UsageError(f"{name} names a profile that there must be", "", f"nbx profile use {value}")
    parsed = app.read_value(setting, value)
    profile = "" if setting.chooses else app.profile
    app.config.set(name, parsed, profile)
    if profile:
        app.note(f"{name} is set in profile {profile}")
    if stronger := _stronger(app, setting, parsed, profile):
        app.warn(f"{stronger} is stronger than what was set")
    return ExitCode.DONE


def _stronger(app: App, setting: Setting, value: Value, profile: str) -> str:
    """Return what counts instead of a value that was set, empty where that value counts."""
    found, name = app.in_force(), setting.field.name
    in_force = found.values.get(name)
    if in_force is not None and in_force.value != settings.carried(setting, value):
        return in_force.origin
    if name not in KEYS:
        return ""
    # A key may lose to one of another kind: the keyring's, or what a command prints.
    places = app.key_places(in_force=found)
    own = f"profile {profile}" if profile else str(app.config.path)
    if not places or (places[0].source is KEYS[name] and places[0].origin == own):
        return ""
    return f"{places[0].source.value} {places[0].where}"


def run_get(app: App, name: str = "", *, show_origin: bool = False) -> ExitCode:
    """Print one setting's value in force, less what nobody may see. Raises ConfigError where it has none."""
    setting = _named(name, "get NAME")
    name = setting.field.name
    found = app.in_force()
    if name not in found.values:
        raise next(
            iter(found.problems), ConfigError(f"{name} is not set", "", f"nbx config set {name} VALUE")
        )
    sourced = found.values[name]
    row = (_text(setting.shown(sourced.value)), *([sourced.origin] if show_origin else []))
    app.write("\t".join(row) + "\n")
    return _tell(app, found.problems)


def run_unset(app: App, name: str = "") -> ExitCode:
    """Take one setting out of the file or the chosen profile."""
    # Any name may go, known or not: that is how a file with a wrong one is mended.
    if not name:
        raise UsageError("no setting named", "", "nbx config unset NAME")
    if name == PROFILES:
        raise UsageError("that is every profile at once", "", "nbx profile rm NAME")
    profile = app.profile_asked_for
    known = name.replace("-", "_")
    places = [profile]
    if profile and known in settings.BY_NAME and settings.BY_NAME[known].chooses:
        places.append("")
    if not any(app.config.unset(spelled, place) for place in places for spelled in (name, known)):
        app.note(f"{name} was not set in {_place(app, profile)}")
    return ExitCode.DONE


def run_list(app: App, *, json: bool = False) -> ExitCode:
    """List every setting that has a value, with its origin."""
    found = app.in_force()
    values = found.values
    listed = [(s.field.name, s, values[s.field.name]) for s in settings.SETTINGS if s.field.name in values]
    if json:
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
    return _tell(app, found.problems)


def run_path(app: App) -> ExitCode:
    """Print the path of the config file, whether or not it exists."""
    app.write(f"{app.config.path}\n")
    return ExitCode.DONE


def run_edit(app: App) -> ExitCode:
    """Edit a copy of the config file, and put it in its place if nothing is wrong with it."""
    from nebius_cli.system import editor

    words = editor.choose(app.streams.environ, terminal=app.streams.stdin_tty and app.streams.stdout_tty)
    with app.config.editing():
        old = app.config.content()
        draft = _begin(app, old)
        kept = f"the text is kept in {draft}"
        try:
            editor.run(words, draft)
        except ConfigError as error:
            if draft.exists() and draft.read_bytes() == (old or TEMPLATE):
                draft.unlink()
            else:
                error.hint = f"{app.config.path} is as it was; {kept}; {ANEW}"
            raise
        except BaseException as stop:
            stop.add_note(kept)
            raise
        finally:
            app.config.keep_private(draft)
        return _finish(app, draft, old)


def _begin(app: App, old: bytes) -> Path:
    """Return the copy to edit: the one kept the last time, if the file is still what it was then."""
    draft = app.config.draft(old)
    for kept in app.config.drafts():
        if kept == draft:
            app.note(f"going on with the text kept in {kept}; {ANEW}")
        else:
            app.note(f"an older text is kept in {kept}; the file has changed since")
    if not draft.exists():
        app.config.write_draft(draft, old or TEMPLATE)
    return draft


def _finish(app: App, draft: Path, old: bytes) -> ExitCode:
    """Put the edited text in place. Raises ConfigError, and keeps the text, where that cannot be."""
    path, kept = app.config.path, f"the text is kept in {draft}"
    try:
        new = draft.read_bytes()
    except OSError as error:
        raise ConfigError("the edited text is gone", error.strerror or "", f"{path} is as it was") from None
    if new == (old or TEMPLATE):
        draft.unlink()
        app.note(
            "nothing changed; an editor that ends before you do needs its wait flag, as in 'code --wait'"
        )
        return ExitCode.DONE
    wrong = _check(new, draft)
    for problem in wrong:
        messages.note("; ".join(filter(None, (problem.what, problem.why))), app.streams)
    if wrong:
        raise ConfigError(f"{path} is as it was", kept, f"nbx config edit goes on with it; {ANEW}")
    if not app.config.replace(old, new):
        raise ConfigError(f"{path} was changed meanwhile", kept, "nbx config edit starts from the new file")
    draft.unlink()
    app.note(f"{path} is written")
    return ExitCode.DONE


def _check(data: bytes, path: Path) -> list[ConfigError]:
    from nebius_cli.config.file import parse

    try:
        return layers.problems_of(parse(data, path, ""))
    except ConfigError as error:
        return [error]


def _tell(app: App, wrong: Sequence[ConfigError]) -> ExitCode:
    """Say on stderr what is wrong beside what was shown; return the exit code for it."""
    app.report(wrong)
    return ExitCode.CONFIG if wrong else ExitCode.DONE


def _place(app: App, profile: str) -> str:
    return f"profile {profile}" if profile else str(app.config.path)


def _named(name: str, usage: str) -> Setting:
    if not name:
        raise UsageError("no setting named", "", f"nbx config {usage}")
    return settings.find(name)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else jsontext.encode(value).decode("utf-8")
