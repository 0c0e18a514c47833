"""Reads settings from environment, project file, profile and config file, and merges them by precedence.

Reading does not stop at the first mistake: a layer holds the valid settings and the problems, so that
`nbx config list` works with a broken file. Callers that need every value raise the first problem.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from nebius_cli.config.find_toml_entry import first_lines, span
from nebius_cli.config.settings_table import (
    BY_NAME,
    DEFAULT,
    KEY_SETTINGS,
    PROFILES,
    PROJECT_FILE,
    SETTINGS,
    USE_PROFILE,
    Sourced,
    as_secret,
    entries,
    nearest_name,
)
from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.core.similar_names import nearest
from nebius_cli.request import field_table
from nebius_cli.request.parse_and_check_values import FieldError

NONE = "-"  # the profile name that means no profile
EDIT = "nbx config edit"
PREFIXES = ("NBX_", "NEBIUS_")  # prefixes of the environment variables of nbx
MIN_SIMILARITY = 0.85  # of a mistyped variable to a real one, 0 to 1; NBX_CACHE_DIR must not match NBX_CACERT


class ConfigSource:
    """A TOML file that was read: its path, its text and its tables."""

    def __init__(self, path: str, text: str, table: Mapping[str, Any]) -> None:
        self.path = path
        self.text = text
        self.table = table

    def __repr__(self) -> str:
        return f"ConfigSource({self.path!r})"  # the rest may hold a key

    def where(self, *keys: str) -> str:
        """Return file and line of an entry."""
        line = self._lines.get(keys) or span(self.text, keys)[0]
        return f"{self.path}:{line}"

    @cached_property
    def profiles(self) -> dict[str, Mapping[str, Any]]:
        """The profiles by name."""
        profiles = self.table.get(PROFILES)
        if not isinstance(profiles, Mapping):
            return {}
        return {name: table for name, table in profiles.items() if isinstance(table, Mapping)}

    @cached_property
    def _lines(self) -> dict[tuple[str, ...], int]:
        return first_lines(self.text)


class Layer(NamedTuple):
    """The settings of one source, and the problems in it."""

    values: Mapping[str, Sourced]
    problems: tuple[ConfigError, ...] = ()


class EffectiveSettings(NamedTuple):
    """The sources of a run's settings: layers, the strongest first, the chosen profile, the project file."""

    layers: tuple[Layer, ...]
    profile: Sourced | None = None
    project: str | None = None

    @property
    def values(self) -> dict[str, Sourced]:
        """Each setting with its value from the strongest layer that has one, or its default."""
        return merge([layer.values for layer in self.layers])

    @property
    def key_layers(self) -> tuple[Mapping[str, Sourced], ...]:
        """The settings of each layer that say where the API key is, the strongest layer first."""
        return tuple(
            {name: layer.values[name] for name in KEY_SETTINGS if name in layer.values}
            for layer in self.layers
        )

    @property
    def problems(self) -> list[ConfigError]:
        """The problems of all layers, those of the strongest first."""
        return [problem for layer in self.layers for problem in layer.problems]


def misspelled(name: str) -> str:
    """Return the variable that an unknown one most likely means, empty if it is not a typo."""
    known = {_stem(variable): variable for setting in SETTINGS for variable in setting.env}
    if not name.startswith(PREFIXES) or name in known.values():
        return ""
    return known.get(nearest(_stem(name), list(known), cutoff=MIN_SIMILARITY), "")


def _stem(variable: str) -> str:
    return re.sub("^(NBX|NEBIUS)|_", "", variable)


def read_environ(environ: Mapping[str, str]) -> Layer:
    """Return the settings from environment variables; an empty variable is ignored."""
    found: dict[str, Sourced] = {}
    problems = []
    for setting in SETTINGS:
        name = next((name for name in setting.env if environ.get(name)), None)
        if name is None:
            continue
        text = environ[name]
        try:
            found[setting.field.name] = Sourced(as_secret(setting, setting.parse(text)), name)
        except FieldError as error:
            shown = "" if setting.secret else f"={setting.as_text(text)}"
            problems.append(ConfigError(f"{name}{shown}", f"{setting.field.name} {error}"))
    return Layer(found, tuple(problems))


def read_file(source: ConfigSource) -> Layer:
    """Return the settings of a config file outside of its profiles."""
    top = {name: value for name, value in source.table.items() if name != PROFILES}
    layer = _Table(source, (), source.path).read(top)
    if PROFILES not in source.table or isinstance(source.table[PROFILES], Mapping):
        return layer
    what = f"{source.where(PROFILES)}: {PROFILES} must contain one table for each profile"
    problem = ConfigError(what, f"{USE_PROFILE} chooses a profile; [{PROFILES}.NAME] has its settings", EDIT)
    return Layer(layer.values, (*layer.problems, problem))


def read_profile(source: ConfigSource, name: str) -> Layer:
    """Return the settings of a profile that the file defines."""
    return _Table(source, (PROFILES, name), f"profile {name}").read(source.profiles[name])


def read_project(source: ConfigSource) -> Layer:
    """Return the request fields of a project file."""
    return _Table(source, (), source.path, project=True).read(source.table)


def problems_of(source: ConfigSource) -> list[ConfigError]:
    """Return all problems in a config file, also in profiles that are not active."""
    problems = list(read_file(source).problems)
    profiles = source.table.get(PROFILES)
    for name in profiles if isinstance(profiles, Mapping) else ():
        if name in source.profiles:
            problems += read_profile(source, name).problems
        else:
            what = f"{source.where(PROFILES, name)}: {name} is not a profile"
            problems.append(ConfigError(what, f"a profile is a table: [{PROFILES}.NAME]", EDIT))
    chosen = source.table.get(USE_PROFILE, NONE)
    if isinstance(chosen, str) and chosen != NONE and chosen not in source.profiles:
        problems.append(no_profile(Sourced(chosen, source.path), source))
    return problems


def choose_profile(flag: str | None, environ: Mapping[str, str], source: ConfigSource) -> Sourced | None:
    """Return the name of the chosen profile and what chose it, None for no profile.

    A flag or variable with the value `-` chooses no profile, even if the file names one.
    """
    variable = BY_NAME[USE_PROFILE].env[0]
    in_file = source.table.get(USE_PROFILE)
    for name, origin in (
        (flag, "--profile"),
        (environ.get(variable, ""), variable),
        (in_file if isinstance(in_file, str) else "", source.path),
    ):
        if name:
            return None if name == NONE else Sourced(name, origin)
    return None


def no_profile(chosen: Sourced, source: ConfigSource) -> ConfigError:
    """Return the error for a profile that does not exist."""
    names = tuple(source.profiles)
    close = nearest(str(chosen.value), names)
    defined = f"defined: {', '.join(names)}" if names else "no profiles are defined yet"
    why = f"did you mean {close}?" if close else defined
    hint = f"nbx profile list, or nbx profile add {chosen.value}"
    origin = source.where(USE_PROFILE) if chosen.origin == source.path else chosen.origin
    return ConfigError(f"{origin}: no profile {chosen.value!r}", why, hint)


def merge(layers: Sequence[Mapping[str, Sourced]]) -> dict[str, Sourced]:
    """Return each setting with its value from the first of `layers` that has one, or its default."""
    defaults = {s.field.name: Sourced(s.default, DEFAULT) for s in SETTINGS if s.default is not None}
    found: dict[str, Sourced] = {}
    for layer in (*layers, defaults):
        for name, sourced in layer.items():
            found.setdefault(name, sourced)
    return found


def gather(
    typed: Mapping[str, Sourced],
    environ: Mapping[str, str],
    profile_flag: str | None,
    read_config: Callable[[], ConfigSource],
    find_project: Callable[[], ConfigSource | None],
) -> EffectiveSettings:
    """Return every layer of a run. An unreadable file raises no error but is a problem of its layer."""
    read, broken = _attempt(read_config)
    source = read or ConfigSource("", "", {})
    chosen = choose_profile(profile_flag, environ, source)
    file = Layer({}, broken) if broken else read_file(source)
    profile = Layer({})
    if chosen is not None and chosen.value in source.profiles:
        profile = read_profile(source, str(chosen.value))
    elif chosen is not None and not broken:
        profile = Layer({}, (no_profile(chosen, source),))
    outer = read_environ(environ)
    choices = {USE_PROFILE: chosen} if chosen else {}
    below = (profile, _without(file, USE_PROFILE))
    project, path = Layer({}), None
    asked = merge([layer.values for layer in (outer, *below)]).get(PROJECT_FILE)
    if asked is not None and asked.value is True:
        found, unreadable = _attempt(find_project)
        path = found.path if found else None
        project = read_project(found) if found else Layer({}, unreadable)
    layers = (Layer({**typed, **choices}), _without(outer, USE_PROFILE), project, *below)
    return EffectiveSettings(layers, chosen, path)


def _attempt(read: Callable[[], ConfigSource | None]) -> tuple[ConfigSource | None, tuple[ConfigError, ...]]:
    try:
        return read(), ()
    except ConfigError as error:
        return None, (error,)


def _without(layer: Layer, name: str) -> Layer:
    return Layer({key: value for key, value in layer.values.items() if key != name}, layer.problems)


class _Table(NamedTuple):
    """A table of settings: its location, which determines the settings that it may hold."""

    source: ConfigSource
    keys: tuple[str, ...]
    origin: str
    project: bool = False

    def read(self, table: Mapping[str, Any]) -> Layer:
        found: dict[str, Sourced] = {}
        problems = []
        for name, keys, value in entries(table):
            if name not in self._allowed:
                problems.append(self._misplaced(name, keys))
                continue
            setting = BY_NAME[name]
            try:
                found[name] = Sourced(as_secret(setting, setting.check(value)), self.origin)
            except FieldError as error:
                choices = setting.field.choices
                close = nearest(value, choices) if choices and isinstance(value, str) else ""
                problems.append(
                    self._problem(name, keys, f"{name} {error}", f"did you mean {close}?" if close else "")
                )
        return Layer(found, tuple(problems))

    @property
    def _allowed(self) -> tuple[str, ...]:
        if self.project:
            return tuple(field_table.BY_NAME)
        return tuple(name for name, setting in BY_NAME.items() if not (self.keys and setting.top_level_only))

    def _misplaced(self, name: str, keys: tuple[str, ...]) -> ConfigError:
        if name not in BY_NAME:
            tables = () if self.keys or self.project else (PROFILES,)
            close = nearest_name(name, (*self._allowed, *tables))
            why = f"did you mean {close}?" if close else ""
            return self._problem(name, keys, f"no setting {name!r}", why)
        if self.keys:
            why = f"it belongs at the top of the file, above every [{PROFILES}.NAME]"
            return self._problem(name, keys, f"{name} may not be set in a profile", why)
        why = "a project file can set only request fields, no key, address or other connection setting"
        return self._problem(name, keys, f"{name} may not be set in a project file", why)

    def _problem(self, name: str, keys: tuple[str, ...], what: str, why: str) -> ConfigError:
        profile = self.keys[-1] if self.keys else NONE
        hint = "remove it" if self.project else f"{EDIT}, or nbx config unset --profile {profile} {name}"
        return ConfigError(f"{self.source.where(*self.keys, *keys)}: {what}", why, hint)
