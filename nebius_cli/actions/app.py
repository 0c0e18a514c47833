"""What every action is handed: streams, the shared flags, and settings, API and paths made when asked for."""

import contextlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from nebius_cli.api.limits import limits_of
from nebius_cli.config import layers, settings
from nebius_cli.config.settings import Setting, Sourced, number
from nebius_cli.core.errors import AuthError, exit_code
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import is_plain_http, parse_base_url
from nebius_cli.request import prompt
from nebius_cli.request.fields import Value
from nebius_cli.system import paths
from nebius_cli.system.files import read_bytes
from nebius_cli.system.streams import Streams
from nebius_cli.terminal.console import Console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nebius_cli.api.client import Api
    from nebius_cli.api.exchange import Exchange
    from nebius_cli.config.file import ConfigFile
    from nebius_cli.config.keys import Found, Place
    from nebius_cli.config.layers import ConfigSource, EffectiveSettings
    from nebius_cli.core.money import PriceList
    from nebius_cli.ledger.batch_recorder import BatchRecorder
    from nebius_cli.ledger.recorder import LedgerRecorder
    from nebius_cli.ledger.store import Ledger
    from nebius_cli.local.engine import Engine
    from nebius_cli.local.weights import LocalModel
    from nebius_cli.models.cache import ModelsCache, Stored


class SharedFlags(NamedTuple):
    """The flags that every command takes."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    color: str = "auto"
    profile: str = ""


class App(Console):
    """One invocation. Reads nothing before it is asked to."""

    def __init__(self, streams: Streams, flags: SharedFlags, argv: tuple[str, ...] = ()) -> None:
        verbose = flags.verbose or flags.debug
        super().__init__(streams, flags.color, quiet=flags.quiet, verbose=verbose)
        self.flags = flags
        self.argv = argv  # as typed; it may hold a key
        self._recorder: LedgerRecorder | None = None

    @cached_property
    def config(self) -> "ConfigFile":
        """The config file."""
        from nebius_cli.config.file import ConfigFile

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

    def in_force(self, flags: Mapping[str, Value] | None = None) -> "EffectiveSettings":
        """Return every layer of settings with what is wrong in it; nothing is raised for that."""

        def find_project() -> "ConfigSource | None":
            from nebius_cli.config import project_file

            return project_file.read(self.streams.environ)

        typed = {
            name: Sourced(value, settings.BY_NAME[name].field.flag) for name, value in (flags or {}).items()
        }
        return layers.gather(typed, self.streams.environ, self.flags.profile, self.config.read, find_project)

    def settings(self, flags: Mapping[str, Value] | None = None) -> dict[str, Sourced]:
        """Return every setting that has a value. Raises ConfigError for the first one that is wrong.

        Flag beats environment, that project file, that profile, that config file, that default.
        """
        return self._sound(flags).values

    def _sound(self, flags: Mapping[str, Value] | None = None) -> "EffectiveSettings":
        found = self.in_force(flags)
        for problem in found.problems:
            raise problem
        return found

    def read_value(self, setting: Setting, text: str) -> Value:
        """Return the value typed for a setting; `-` is stdin, less its final newline. Raises UsageError."""
        if text == "-" and setting.secret and self.streams.stdin_tty:
            from nebius_cli.system.password import read_password

            text = read_password(self.streams, f"{setting.field.name} (not shown): ")
        elif text == "-":
            reading = prompt.DecodeOptions(strip_final_newline=True)
            text = prompt.decode(self.streams.read_stdin(), "stdin", reading)
        elif setting.secret:
            self.warn(f"the shell's history has the {setting.field.name} now; - instead reads it from stdin")
        return settings.parse(setting, text)

    def key_places(
        self,
        api_key: Secret | None = None,
        api_key_file: str | None = None,
        in_force: "EffectiveSettings | None" = None,
    ) -> "list[Place]":
        """Return every place that is said to hold a key; the first one counts. None is read yet.

        Raises ConfigError for what is wrong in any setting, unless `in_force` is handed over.
        """
        from nebius_cli.config import keys

        layers = [layer.values for layer in (in_force or self._sound()).layers]
        return keys.places(api_key, api_key_file, layers, self.config.path, self.streams)

    def key(
        self, api_key: Secret | None = None, api_key_file: str | None = None, *, local: bool = True
    ) -> "Found":
        """Return the API key and where it was; `local`: the command could do without one.

        Raises AuthError or ConfigError where there is none.
        """
        from nebius_cli.config.keys import Found, KeyOrigin

        found = self.key_places(api_key, api_key_file)
        if not found:
            hint = "nbx auth login, NEBIUS_API_KEY or --api-key-file FILE"
            raise AuthError("no API key", "", f"{hint}; --local needs no key" if local else hint)
        if api_key is not None:
            self.warn("--api-key: ps and the shell's history show the key; --api-key-file - reads it unseen")
        if mend := found[0].mend:
            self.warn(f"others on this machine can read the key: {mend}")
        own = f"profile {self.flags.profile}"
        if found[0].source is KeyOrigin.ENVIRONMENT and any(place.origin == own for place in found):
            self.warn(f"{found[0].where} beats the key of {own}")
        self.log(f"key from {found[0].source.value}: {found[0].where}")
        return Found(found[0].read(), found[0])

    def read(self, path: str) -> bytes:
        """Return the bytes of a file; `-` is stdin."""
        return self.streams.read_stdin() if path == "-" else read_bytes(path)

    def read_text(self, path: str) -> str:
        """Return the text of a file, as it is; `-` is stdin. Raises BadInputError for what is no text."""
        return prompt.decode(self.read(path), "stdin" if path == "-" else path, prompt.DecodeOptions())

    def models_cache(self, merged: Mapping[str, Sourced]) -> "ModelsCache":
        """Return the kept model list of the server and project in force."""
        from nebius_cli.models.cache import ModelsCache

        base = parse_base_url(str(merged["base_url"].value)).geturl()
        return ModelsCache(paths.cache_dir(self.streams.environ), base, _project(merged), self.profile)

    def ask_models(
        self, merged: Mapping[str, Sourced], key: Secret, *, patience: float, retries: int | None = None
    ) -> "Stored":
        """Return the server's model list; `patience` and `retries` as for `limits_of`. Raises NbxError."""
        from nebius_cli.api.fetch_json import ask_models  # brings urllib3

        limits = limits_of(merged, patience=patience, retries=retries)
        return ask_models(self.api(merged, key), _project(merged), limits, self.streams, self.note)

    @property
    def ledger(self) -> "Ledger":
        """The ledger, which opens its database when it is used."""
        from nebius_cli.ledger.store import NAME, Ledger

        return Ledger(paths.data_dir(self.streams.environ) / NAME)

    def recorder(self, merged: Mapping[str, Sourced]) -> "LedgerRecorder":
        """Return what records this run's requests in the ledger and checks the budgets."""
        from nebius_cli.ledger.recorder import LedgerRecorder

        if self._recorder is None:  # only one, because it warns once
            cache = self.models_cache(merged)
            self._recorder = LedgerRecorder(self.ledger, merged, cache, self.profile, self.streams, self.warn)
        return self._recorder

    def check_budget(self, merged: Mapping[str, Sourced], model: str, *, over: bool = False) -> None:
        """Check the budgets before a request. Raises CappedError if one is spent, unless `over`."""
        if any(name in merged for name in settings.BUDGETS):
            self.recorder(merged).check(model, over_budget=over)

    def batch_recorder(
        self, merged: Mapping[str, Sourced], prices: "PriceList", host: str, *, over: bool, here: str
    ) -> "BatchRecorder":
        """Return what records a bulk run's requests; without a `host` the local model `here` runs."""
        from nebius_cli.ledger.batch_recorder import BatchRecorder

        recorder = self.recorder(merged) if merged["ledger"].value is True else None
        return BatchRecorder(
            recorder, prices, self.profile, host, self.streams, over_budget=over, local_model=here
        )

    @contextlib.contextmanager
    def recorded(self, exchange: "Exchange", merged: Mapping[str, Sourced], *, local: bool) -> Iterator[None]:
        """Write the rows of an exchange into the ledger when the block has ended, however it ends."""
        stop: BaseException | None = None
        try:
            yield
        except BaseException as error:
            stop = error
            raise
        finally:
            if exchange.sent and merged["ledger"].value is True:
                self.recorder(merged).write_exchange(exchange, exit_code(stop), local=local)

    def api(self, merged: Mapping[str, Sourced], key: Secret, *, base_url: str = "", pool: int = 10) -> "Api":
        """Return the API at `base_url`, else the configured one; `pool` is how many connections stay open."""
        from nebius_cli.api.client import Api

        api = Api(
            base_url or str(merged["base_url"].value),
            key,
            connect_timeout=number(merged, "connect_timeout"),
            now=self.streams.now,
            log=self.log,
            cacert=self.cacert(merged),
            # Proxies are for the way out; the embedded engine is on this machine.
            trust_env=not base_url,
            pool=pool,
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

    def weights(self, model: "LocalModel", *, force: bool = False) -> Path:
        """Return where a known model's file is, after fetching it if need be, with its progress on stderr."""
        from nebius_cli.local.fetch_weights import fetch
        from nebius_cli.terminal.download_progress import DownloadProgress

        quiet, color = self.flags.quiet, self.color_err
        show = DownloadProgress(model.name, self.streams, drawn=self.draws_err, color=color, quiet=quiet)
        with show as on_progress:
            return fetch(model, self.weights_dir, self.streams.environ, on_progress, force=force)

    def local_model(self, file: str | None, asked: Value | None = None) -> str:
        """Return the name of the model that runs here: the file's, else the embedded one's, not one asked."""
        from nebius_cli.local.weights import DEFAULT_MODEL

        name = DEFAULT_MODEL.name if file is None else Path(file).stem
        if asked not in (None, name):
            self.warn(f"-m {asked} is ignored: with --local it is {name} that runs")
        return name

    @contextlib.contextmanager
    def engine(
        self, file: str | None, *, parallel: int, caches: int = 1, port: int = 0
    ) -> "Iterator[Engine]":
        """Run a GGUF file, the embedded model's where none is named, while the block runs."""
        from nebius_cli.local import engine, weights

        engine.require_engine()
        path = Path(file) if file is not None else self.weights(weights.DEFAULT_MODEL)
        with engine.Engine(path, port=port, parallel=parallel, caches=caches) as running:
            # The model loads in a process of its own; this takes as long, and happens meanwhile.
            import nebius_cli.api.exchange  # noqa: F401

            yield running


def _project(merged: Mapping[str, Sourced]) -> str:
    return str(merged["ai_project_id"].value) if "ai_project_id" in merged else ""
