"""What every action is handed: streams, the shared flags, and settings, API and paths made when asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nebius_cli.adapters import paths
from nebius_cli.adapters.streams import Streams
from nebius_cli.core import layers, prompt, settings
from nebius_cli.core.errors import AuthError, ServerError, UsageError
from nebius_cli.core.fields import FieldError, Value
from nebius_cli.core.secret import Secret
from nebius_cli.core.settings import Setting, Sourced
from nebius_cli.core.urls import is_plain_http, parse_base_url
from nebius_cli.ui import problems
from nebius_cli.ui.renderer import draws, use_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nebius_cli.adapters.api import Api
    from nebius_cli.adapters.config import ConfigFile
    from nebius_cli.adapters.exchange import Limits
    from nebius_cli.adapters.keys import Found, Place
    from nebius_cli.adapters.models_cache import ModelsCache
    from nebius_cli.adapters.weights import Model
    from nebius_cli.core.layers import InForce, Source


@dataclass(frozen=True, slots=True)
class SharedFlags:
    """The flags that every command takes."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    color: str = "auto"
    profile: str = ""


class App:
    """One invocation. Reads nothing before it is asked to."""

    def __init__(self, streams: Streams, flags: SharedFlags) -> None:
        self.streams = streams
        self.flags = flags
        self.color_err = use_color(streams, flags.color, tty=streams.stderr_tty)
        self.color_out = use_color(streams, flags.color, tty=streams.stdout_tty)

    @cached_property
    def config(self) -> "ConfigFile":
        """The config file."""
        from nebius_cli.adapters.config import ConfigFile

        return ConfigFile(paths.config_dir(self.streams.environ) / "config.toml", self.warn)

    @property
    def weights_dir(self) -> Path:
        """Where fetched weights are kept."""
        return paths.cache_dir(self.streams.environ) / "weights"

    @property
    def profile(self) -> str:
        """The profile in force, empty for none. Raises ConfigError where there is none of that name."""
        source = self.config.read()
        given = layers.choose_profile(self.flags.profile, self.streams.environ, source)
        if given is None or given.value == layers.NONE:
            return ""
        if source is None or given.value not in source.profiles:
            raise layers.no_profile(given, source)
        return str(given.value)

    @property
    def profile_asked_for(self) -> str:
        """The profile that was chosen, empty for none; it need not exist. Raises ConfigError."""
        given = layers.choose_profile(self.flags.profile, self.streams.environ, self.config.read())
        return str(given.value) if given and given.value != layers.NONE else ""

    def in_force(self, flags: Mapping[str, Value] | None = None) -> "InForce":
        """Return every layer of settings with what is wrong in it; nothing is raised for that."""

        def find_project() -> "Source | None":
            from nebius_cli.adapters import project

            return project.read(self.streams.environ)

        typed = {
            name: Sourced(value, settings.BY_NAME[name].field.flag) for name, value in (flags or {}).items()
        }
        return layers.gather(typed, self.streams.environ, self.flags.profile, self.config.read, find_project)

    def settings(self, flags: Mapping[str, Value] | None = None) -> dict[str, Sourced]:
        """Return every setting that has a value. Raises ConfigError for the first one that is wrong.

        Flag beats environment, that project file, that profile, that config file, that default.
        """
        return self._sound(flags).values

    def layers(self) -> list[Mapping[str, Sourced]]:
        """Return what is configured, the layer that counts most first. Raises ConfigError."""
        return [layer.values for layer in self._sound().layers]

    def _sound(self, flags: Mapping[str, Value] | None = None) -> "InForce":
        found = self.in_force(flags)
        for problem in found.problems:
            raise problem
        return found

    def read_value(self, setting: Setting, text: str) -> Value:
        """Return the value typed for a setting; `-` is stdin, less its final newline. Raises UsageError."""
        if text == "-" and setting.secret and self.streams.stdin_tty:
            from nebius_cli.adapters.hidden import read_hidden

            text = read_hidden(self.streams, f"{setting.field.name} (not shown): ")
        elif text == "-":
            reading = prompt.Reading(strip_final_newline=True)
            text = prompt.decode(self.streams.read_stdin(), "stdin", reading)
        elif setting.secret:
            self.warn(f"the shell's history has the {setting.field.name} now; - instead reads it from stdin")
        return settings.parse(setting, text)

    def key_places(
        self,
        api_key: Secret | None = None,
        api_key_file: str | None = None,
        in_force: "InForce | None" = None,
    ) -> "list[Place]":
        """Return every place that is said to hold a key; the first one counts. None is read yet.

        Raises ConfigError for what is wrong in any setting, unless `in_force` is handed over.
        """
        from nebius_cli.adapters import keys

        layers = [layer.values for layer in in_force.layers] if in_force else self.layers()
        return keys.places(api_key, api_key_file, layers, self.config.path, self.streams)

    def key(self, api_key: Secret | None = None, api_key_file: str | None = None) -> "Found":
        """Return the API key and where it was. Raises AuthError or ConfigError where there is none."""
        from nebius_cli.adapters.keys import Found, Source

        found = self.key_places(api_key, api_key_file)
        if not found:
            hint = "nbx auth login, NEBIUS_API_KEY or --api-key-file FILE; --local needs no key"
            raise AuthError("no API key", "three ways to give one, or run the model here", hint)
        if api_key is not None:
            self.warn("--api-key: ps and the shell's history show the key; --api-key-file - reads it unseen")
        if mend := found[0].mend:
            self.warn(f"others on this machine can read the key: {mend}")
        own = f"profile {self.flags.profile}"
        if found[0].source is Source.ENVIRONMENT and any(place.origin == own for place in found):
            self.warn(f"{found[0].where} beats the key of {own}")
        self.log(f"key from {found[0].source.value}: {found[0].where}")
        return Found(found[0].read(), found[0])

    def models_cache(self, merged: Mapping[str, Sourced]) -> "ModelsCache":
        """Return the kept model list of the server and project in force."""
        from nebius_cli.adapters.models_cache import ModelsCache

        base = parse_base_url(str(merged["base_url"].value)).geturl()
        project = str(merged["ai_project_id"].value) if "ai_project_id" in merged else ""
        return ModelsCache(paths.cache_dir(self.streams.environ), base, project, self.profile)

    def nearest_models(self, merged: Mapping[str, Sourced], name: str) -> str:
        """Return which models a wrong name may stand for, by the kept list alone; empty where none does."""
        from nebius_cli.core import models

        stored = self.models_cache(merged).read()
        if stored is None and name.startswith(models.PREFIX):
            return f"did you mean {name.removeprefix(models.PREFIX)}?"
        try:
            return models.did_you_mean(name, [m.id for m in models.decode(stored.value)]) if stored else ""
        except ServerError:  # what was kept is no list
            return ""

    def api(self, merged: Mapping[str, Sourced], key: Secret, *, base_url: str = "") -> "Api":
        """Return the API at `base_url`, at the configured one where it is empty."""
        from nebius_cli.adapters.api import Api

        api = Api(
            base_url or str(merged["base_url"].value),
            key,
            connect_timeout=number(merged, "connect_timeout"),
            read_timeout=_longest_silence(merged),
            now=self.streams.now,
            log=self.log,
            cacert=self.cacert(merged),
            # Proxies are for the way out; the embedded engine is on this machine.
            trust_env=not base_url,
        )
        if is_plain_http(api.base):
            self.warn(
                f"{api.base.hostname} is called over plain http: others can read the key and the prompt"
            )
        return api

    def cacert(self, merged: Mapping[str, Sourced]) -> str:
        """Return the authorities to trust: the setting, else OpenSSL's variable where requests has none."""
        if "cacert" in merged:
            return str(merged["cacert"].value)
        environ = self.streams.environ
        taken = environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE")
        return "" if taken else environ.get("SSL_CERT_FILE", "")

    def weights(self, model: "Model", *, force: bool = False) -> Path:
        """Return where a known model's file is, after fetching it if need be, with its progress on stderr."""
        from nebius_cli.adapters.weights import fetch
        from nebius_cli.ui.progress import Progress

        drawn = draws(self.streams, tty=self.streams.stderr_tty)
        show = Progress(model.name, self.streams, drawn=drawn, color=self.color_err, quiet=self.flags.quiet)
        with show as on_progress:
            return fetch(model, self.weights_dir, self.streams.environ, on_progress, force=force)

    def log(self, text: str) -> None:
        """Say what happens on the wire, with --verbose."""
        if self.flags.verbose or self.flags.debug:
            problems.note(text, self.streams)

    def note(self, text: str) -> None:
        """Say what happens, unless --quiet."""
        if not self.flags.quiet:
            problems.note(text, self.streams)

    def warn(self, text: str) -> None:
        """Say what is doubtful, unless --quiet."""
        if not self.flags.quiet:
            problems.warn(text, self.streams, color=self.color_err)


def _longest_silence(merged: Mapping[str, Sourced]) -> float:
    """Return how long the socket may be silent: a little more than the deadlines, which say who is late."""
    limits = (number(merged, "first_byte_timeout"), number(merged, "stall_timeout"))
    return max(limits) + 5 if all(limits) else 0.0


def number(merged: Mapping[str, Sourced], name: str) -> float:
    """Return a setting that is a number and has a default."""
    value = merged[name].value
    return float(value) if isinstance(value, int | float) else 0.0


def limits_of(
    merged: Mapping[str, Sourced], *, patience: float | None = None, retries: int | None = None
) -> "Limits":
    """Return the limits of one exchange as configured.

    `patience` takes the place of the default wait for a first byte, in seconds; `retries` of the setting.
    """
    from nebius_cli.adapters.exchange import Limits  # brings requests

    first_byte = number(merged, "first_byte_timeout")
    if patience is not None and merged["first_byte_timeout"].origin == "default":
        first_byte = patience
    tries = int(number(merged, "retries")) if retries is None else retries
    return Limits(first_byte, number(merged, "stall_timeout"), number(merged, "timeout"), tries)


def parse_connection(given: Mapping[str, str]) -> dict[str, Value]:
    """Return the connection settings among the flags that were given. Raises UsageError."""
    values: dict[str, Value] = {}
    for name, text in given.items():
        setting = settings.BY_NAME[name]
        try:
            values[name] = setting.parse(text)
        except FieldError as error:
            raise UsageError(f"{setting.field.flag} {setting.shown(text)}", f"{name} {error}") from None
    return values
