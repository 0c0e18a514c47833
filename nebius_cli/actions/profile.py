"""`nbx profile`: lists, chooses, adds and deletes profiles, which are named sets of settings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nebius_cli.actions.app import App
from nebius_cli.config import find_api_key, merge_settings_layers, run_settings, settings_table
from nebius_cli.config.merge_settings_layers import NONE, Layer
from nebius_cli.config.settings_table import USE_PROFILE
from nebius_cli.core.errors_and_exit_codes import ExitCode, UsageError
from nebius_cli.core.similar_names import nearest
from nebius_cli.core.urls import parse_base_url
from nebius_cli.request.parse_and_check_values import Value

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """The arguments and flags of `nbx profile`."""

    name: str | None = None
    settings: tuple[str, ...] = ()
    none: bool = False
    json: bool = False


def run_list(options: ProfileOptions, app: App) -> ExitCode:
    """List the profiles; for the active one, also show what chose it."""
    source = app.config.read()
    found = {name: merge_settings_layers.read_profile(source, name) for name in source.profiles}
    effective = app.effective_settings()
    chosen = effective.profile
    origins = {name: chosen.origin for name in found if chosen is not None and chosen.value == name}
    if options.json:
        entries = [_entry(name, layer, origins.get(name)) for name, layer in found.items()]
        app.write_json({"profiles": entries})
    else:
        rows = [(name, origins.get(name, ""), ", ".join(layer.values)) for name, layer in found.items()]
        app.write_table(("profile", "chosen by", "settings"), rows)
    wrong = list(effective.problems)
    for name, layer in found.items():
        wrong += [] if name in origins else layer.problems
    app.report(wrong)
    return ExitCode.CONFIG if wrong else ExitCode.DONE


def run_use(options: ProfileOptions, app: App) -> ExitCode:
    """Choose a profile for every later run, `-` for none. Raises UsageError if it does not exist."""
    name = NONE if options.none else options.name
    if not name or (options.none and options.name):
        raise UsageError("no profile given", "", "nbx profile use NAME, or --none")
    if name == NONE:
        app.note("now using no profile" if app.config.unset(USE_PROFILE) else "no profile was in use")
    else:
        _check_exists(app, name)
        app.config.set(USE_PROFILE, name)
        app.note(f"now using profile {name}")
    chosen = app.effective_settings().profile
    if chosen is not None and chosen.value != name:
        app.warn(f"{chosen.origin} overrides this and selects profile {chosen.value}")
    return ExitCode.DONE


def run_add(options: ProfileOptions, app: App) -> ExitCode:
    """Write a new profile. Raises UsageError if it exists, or if its name or a setting is invalid."""
    name = options.name or ""
    if not _NAME.fullmatch(name):
        why = "a name may have up to 64 letters, digits, _ and -"
        raise UsageError(f"{name!r} is not a valid profile name" if name else "no profile given", why)
    if not app.config.add_profile(name, _values(app, options.settings)):
        hint = f"nbx config set --profile {name} SETTING VALUE changes it"
        raise UsageError(f"profile {name} already exists", "", hint)
    _note_shared_key(app, name)
    return ExitCode.DONE


def _note_shared_key(app: App, name: str) -> None:
    """Print a note if the server of a new profile would get a key that was set for another server."""

    def read(profile: str) -> merge_settings_layers.EffectiveSettings:
        return merge_settings_layers.gather({}, app.streams.environ, profile, app.config.read, lambda: None)

    inside, outside = read(name), read(NONE)
    if inside.problems or outside.problems:
        return  # every run reports them
    host, other = (_host(run_settings.resolve(one).base_url) for one in (inside, outside))
    first = next(iter(app.key_sources(inside)), None)
    if host != other and first is not None and first.origin != f"profile {name}":
        # A variable overrides every profile: a key in the profile would have no effect.
        own = f"; nbx auth login --profile {name} stores a separate key"
        hint = "" if first.kind is find_api_key.KeyOrigin.ENVIRONMENT else own
        app.note(f"requests to {host} will be sent with the key of {first.where}{hint}")


def _host(base_url: str) -> str:
    return parse_base_url(base_url).netloc.rpartition("@")[2]


def run_rm(options: ProfileOptions, app: App) -> ExitCode:
    """Delete a profile; print which settings it had."""
    name = options.name or ""
    _check_exists(app, name)
    source = app.config.read()
    tables = dict(source.profiles)
    account = tables.pop(name, {}).get("api_key_keyring")
    others = [table.get("api_key_keyring") for table in (source.table, *tables.values())]
    if account and account not in others:
        from nebius_cli.config.system_keyring import forget

        # Do this first: without the profile, nothing refers to the keyring entry.
        forget(str(account), f"nbx config unset --profile {name} api_key_keyring")
        app.note(f"removed the key {account} from the keyring")
    removed = app.config.remove_profile(name)
    app.note(f"removed profile {name}" + (f" with {', '.join(removed)}" if removed else ""))
    if source.table.get(USE_PROFILE) == name:
        app.note("it was in use; now using no profile")
    return ExitCode.DONE


def _check_exists(app: App, name: str) -> None:
    if not name:
        raise UsageError("no profile given", "", "nbx profile list")
    names = tuple(app.config.read().profiles)
    if name not in names:
        close = nearest(name, names)
        why = f"did you mean {close}?" if close else ""
        raise UsageError(f"no profile {name!r}", why, f"nbx profile list, or nbx profile add {name}")


def _values(app: App, given: Sequence[str]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(
                f"{text!r} is not a setting", "the format is SETTING=VALUE", "for example model=MODEL"
            )
        setting = settings_table.find(name)
        if setting.top_level_only:
            raise UsageError(f"{setting.field.name} may not be set in a profile", "it chooses the profile")
        if setting.field.name in values:
            raise UsageError(f"{setting.field.name} is given twice", "", "keep one of them")
        values[setting.field.name] = app.read_value(setting, value)
    return values


def _entry(name: str, layer: Layer, origin: str | None) -> dict[str, object]:
    shown = {key: settings_table.BY_NAME[key].shown(s.value) for key, s in layer.values.items()}
    return {"name": name, "in_force": origin is not None, "origin": origin, "settings": shown}
