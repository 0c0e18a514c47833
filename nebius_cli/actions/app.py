"""What every action is handed: streams, the shared flags, and settings, API and paths made when asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nebius_cli.adapters import paths
from nebius_cli.adapters.streams import Streams
from nebius_cli.core import settings
from nebius_cli.core.errors import AuthError, UsageError
from nebius_cli.core.fields import FieldError, Value
from nebius_cli.core.secret import Secret
from nebius_cli.core.settings import Sourced
from nebius_cli.core.urls import is_plain_http
from nebius_cli.ui import problems
from nebius_cli.ui.renderer import draws, use_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nebius_cli.adapters.api import Api
    from nebius_cli.adapters.config import ConfigFile
    from nebius_cli.adapters.weights import Model


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

        return ConfigFile(paths.config_dir(self.streams.environ) / "config.toml")

    @property
    def weights_dir(self) -> Path:
        """Where fetched weights are kept."""
        return paths.cache_dir(self.streams.environ) / "weights"

    @property
    def profile(self) -> str:
        """The chosen profile, empty for none."""
        return self.flags.profile or self.streams.environ.get("NBX_PROFILE", "")

    def settings(self, flags: Mapping[str, Value] | None = None) -> dict[str, Sourced]:
        """Return every setting that has a value: flag, then environment, profile, file, default."""
        layers = [
            {
                name: Sourced(value, settings.BY_NAME[name].field.flag)
                for name, value in (flags or {}).items()
            },
            settings.from_environ(self.streams.environ),
        ]
        if self.profile:
            layers.append(settings.from_table(self.config.profile(self.profile), f"profile {self.profile}"))
        layers.append(settings.from_table(self.config.top_level(), str(self.config.path)))
        return settings.merge(layers)

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
            cacert=self._cacert(merged),
            # Proxies are for the way out; the embedded engine is on this machine.
            trust_env=not base_url,
        )
        if is_plain_http(api.base):
            self.warn(
                f"{api.base.hostname} is called over plain http: others can read the key and the prompt"
            )
        return api

    def _cacert(self, merged: Mapping[str, Sourced]) -> str:
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


def find_key(merged: Mapping[str, Sourced], from_file: str | None) -> Secret:
    """Return the API key: the one read from --api-key-file, else the configured one. Raises AuthError."""
    if from_file is not None:
        return Secret(from_file)
    if "api_key" in merged:
        return Secret(str(merged["api_key"].value))
    hint = "NEBIUS_API_KEY, --api-key-file FILE or nbx config set api_key -; --local needs no key"
    raise AuthError("no API key", "three ways to give one, or run the model here", hint)


def parse_connection(given: Mapping[str, str]) -> dict[str, Value]:
    """Return the connection settings among the flags that were given. Raises UsageError."""
    values: dict[str, Value] = {}
    for name, text in given.items():
        field = settings.BY_NAME[name].field
        try:
            values[name] = field.parse([text])
        except FieldError as error:
            raise UsageError(f"{field.flag} {text}", f"{name} {error}") from None
    return values
