"""Defines `App`, which gives each action its streams, shared flags, settings, API and ledger."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from nebius_cli.api.endpoint import Endpoint, check_key
from nebius_cli.api.request_limits_from_settings import limits_of
from nebius_cli.config import merge_settings_layers, run_settings, settings_table
from nebius_cli.config.merge_settings_layers import ConfigSource, EffectiveSettings, gather
from nebius_cli.config.read_and_write_config_file import ConfigFile
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.config.settings_table import Setting, Sourced
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import is_plain_http, parse_base_url
from nebius_cli.request import read_prompt
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.system import paths
from nebius_cli.system.read_and_replace_files import read_bytes
from nebius_cli.system.streams import Streams
from nebius_cli.system.system_errors import exit_code
from nebius_cli.terminal.console import Console

if TYPE_CHECKING:
    from nebius_cli.api.http_client import Api
    from nebius_cli.api.send_completion import Exchange
    from nebius_cli.config.find_api_key import FoundKey, KeySource
    from nebius_cli.core.prices_and_costs import Price, PriceList
    from nebius_cli.ledger.bulk_recorder import BulkRecorder
    from nebius_cli.ledger.ledger_database import Ledger
    from nebius_cli.ledger.request_recorder import LedgerRecorder
    from nebius_cli.models.model_and_price_cache import ModelList, ModelsCache, PriceSource

MODEL_LIST_TIMEOUT_S = 30.0  # until the first byte, when a run waits for prices

Given = Mapping[str, str | bool | list[str]]  # settings that were given as flags, by name


class SharedFlags(NamedTuple):
    """The flags that every command takes."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    color: str = "auto"
    profile: str | None = None


class App(Console):
    """One run of nbx. Nothing is read from disk before an action asks for it."""

    def __init__(self, streams: Streams, flags: SharedFlags, argv: tuple[str, ...] = ()) -> None:
        verbose = flags.verbose or flags.debug
        super().__init__(streams, flags.color, quiet=flags.quiet, verbose=verbose)
        self.flags = flags
        self.argv = argv  # as typed; it may hold a key
        self.key_source: KeySource | None = None  # where the key in use was found
        self._recorder: LedgerRecorder | None = None
        self._caches: dict[tuple[str, str | None, str | None], ModelsCache] = {}

    # Settings and keys.

    @cached_property
    def config(self) -> ConfigFile:
        """The config file."""
        return ConfigFile(paths.config_dir(self.streams.environ) / "config.toml", self.warn)

    @property
    def profile(self) -> str | None:
        """The active profile, or None. Raises ConfigError if the config file does not define it."""
        chosen, source = self._chosen_profile(), self.config.read()
        if chosen is not None and chosen.value not in source.profiles:
            raise merge_settings_layers.no_profile(chosen, source)
        return None if chosen is None else str(chosen.value)

    @property
    def profile_name(self) -> str | None:
        """The name of the chosen profile, or None; the profile need not exist. Raises ConfigError."""
        chosen = self._chosen_profile()
        return None if chosen is None else str(chosen.value)

    def _chosen_profile(self) -> Sourced | None:
        flag, environ = self.flags.profile, self.streams.environ
        return merge_settings_layers.choose_profile(flag, environ, self.config.read())

    def effective_settings(self, given: Given | None = None) -> EffectiveSettings:
        """Return all layers of settings and the problems in them. Raises UsageError only for a wrong flag."""

        def find_project() -> ConfigSource | None:
            from nebius_cli.config import project_file

            return project_file.read(self.streams.environ)

        flags = {
            name: Sourced(value, settings_table.BY_NAME[name].field.flag)
            for name, value in settings_table.parse_flags(given or {}).items()
        }
        return gather(flags, self.streams.environ, self.flags.profile, self.config.read, find_project)

    def settings(self, given: Given | None = None) -> RunSettings:
        """Return the settings of this run. Raises UsageError for a wrong flag, else ConfigError.

        Precedence, highest first: flags, environment, project file, profile, config file, defaults.
        """
        effective = self.effective_settings(given)
        for problem in effective.problems:
            raise problem
        return run_settings.resolve(effective)

    def read_value(self, setting: Setting, text: str) -> Value:
        """Return the value typed for a setting; `-` is stdin without its final newline. Raises UsageError."""
        if text == "-" and setting.secret and self.streams.stdin_tty:
            from nebius_cli.system.ask_password import read_password

            text = read_password(self.streams, f"{setting.field.name} (not shown): ")
        elif text == "-":
            reading = read_prompt.DecodeOptions(strip_final_newline=True)
            text = read_prompt.decode(self.streams.read_stdin(), "stdin", reading)
        elif setting.secret:
            self.warn(f"the {setting.field.name} is now in the shell history; use - to read it from stdin")
        return settings_table.parse(setting, text)

    def key_sources(
        self,
        found: RunSettings | EffectiveSettings,
        api_key: Secret | None = None,
        api_key_file: str | None = None,
    ) -> "list[KeySource]":
        """Return every configured source of a key, in order of precedence, without reading the keys."""
        from nebius_cli.config import find_api_key

        return find_api_key.sources(api_key, api_key_file, found.key_layers, self.config.path, self.streams)

    def key(
        self,
        settings: RunSettings,
        api_key: Secret | None = None,
        api_key_file: str | None = None,
        *,
        local: bool = True,
    ) -> "FoundKey":
        """Return the API key and where it was found. Raises AuthError or ConfigError if there is no key.

        With `local` the error mentions --local, for commands that have that flag.
        """
        from nebius_cli.config import find_api_key

        sources = self.key_sources(settings, api_key, api_key_file)
        if not sources:
            raise find_api_key.missing_key(self.streams.environ, "--local needs no key" if local else "")
        for warning in find_api_key.warnings(sources, self.flags.profile):
            self.warn(warning)
        self.key_source = sources[0]
        self.log(f"key from {sources[0].kind.value}: {sources[0].where}")
        return find_api_key.FoundKey(sources[0].read(), sources[0])

    # Input.

    def read(self, path: str) -> bytes:
        """Return the bytes of a file; `-` is stdin."""
        return self.streams.read_stdin() if path == "-" else read_bytes(path)

    def read_text(self, path: str) -> str:
        """Return the exact text of a file; `-` is stdin. Raises BadInputError for invalid UTF-8."""
        name = "stdin" if path == "-" else path
        return read_prompt.decode(self.read(path), name, read_prompt.DecodeOptions())

    # The server and its models.

    def endpoint(self, settings: RunSettings, api_key: Secret | None, api_key_file: str | None) -> Endpoint:
        """Return the configured server with its key. Raises AuthError or ConfigError."""
        return Endpoint(settings.base_url, self.key(settings, api_key, api_key_file).secret)

    def api(
        self, settings: RunSettings, endpoint: Endpoint, *, pool: int = 10, begin_now: bool = False
    ) -> "Api":
        """Return the API at `endpoint`; at most `pool` connections stay open.

        With `begin_now`, it connects at once, for a request that will follow; the caller must close the API.
        """
        cacert, early = settings.ca_file(self.streams.environ) or "", None
        trust_env = not endpoint.is_local
        if begin_now:
            from nebius_cli.api.connect_during_import import connect_early

            check_key(endpoint.key)
            early = connect_early(
                endpoint.base_url, settings.connect_timeout or None, cacert=cacert, trust_env=trust_env
            )
        from nebius_cli.api.http_client import Api  # imports urllib3

        api = Api(
            endpoint.base_url,
            endpoint.key,
            connect_timeout=settings.connect_timeout,
            now=self.streams.now,
            log=self.log,
            cacert=cacert,
            headers={} if endpoint.is_local else settings.headers,
            trust_env=trust_env,
            pool=pool,
            early=early,
        )
        if is_plain_http(api.base):
            host, proxy = api.base.hostname, api.proxy
            who = f" through the proxy {proxy}, which" if proxy else ": anyone on the network"
            self.warn(f"requests to {host} are sent over plain http{who} can read the key and the prompt")
        return api

    def models_cache(self, settings: RunSettings) -> "ModelsCache":
        """Return the cached model list of the server, project and profile in `settings`."""
        from nebius_cli.models.model_and_price_cache import ModelsCache

        asked = parse_base_url(settings.base_url).geturl(), settings.ai_project_id, settings.profile
        return self._caches.setdefault(asked, ModelsCache(paths.cache_dir(self.streams.environ), *asked))

    def ask_models(
        self, settings: RunSettings, key: Secret, *, first_byte_timeout_s: float, retries: int | None = None
    ) -> "ModelList":
        """Return the server's model list; timeout and `retries` as for `limits_of`. Raises NbxError."""
        from nebius_cli.api.fetch_json import ask_models  # imports urllib3

        limits = limits_of(settings, first_byte_timeout_s=first_byte_timeout_s, retries=retries)
        api = self.api(settings, Endpoint(settings.base_url, key))
        return ask_models(api, settings.ai_project_id or "", limits, self.streams, self.note)

    def price_source(self, settings: RunSettings, key: Callable[[], Secret]) -> "PriceSource":
        """Return a source of prices: the cached list, or the server's, which is requested with `key()`."""
        from nebius_cli.models.model_and_price_cache import PriceSource

        fetch = partial(self.ask_models, settings, first_byte_timeout_s=MODEL_LIST_TIMEOUT_S)
        return PriceSource(self.models_cache(settings), lambda: fetch(key()))

    # The ledger.

    @property
    def ledger(self) -> "Ledger":
        """The ledger; its database is opened on first use."""
        from nebius_cli.ledger.ledger_database import NAME, Ledger

        return Ledger(paths.data_dir(self.streams.environ) / NAME)

    def recorder(self, settings: RunSettings) -> "LedgerRecorder":
        """Return the recorder that writes this run's ledger rows and checks its budgets."""
        from nebius_cli.ledger.request_recorder import LedgerRecorder

        if self._recorder is None:  # one per run, so that each warning is printed once
            cache = self.models_cache(settings)
            self._recorder = LedgerRecorder(self.ledger, settings, cache, self.streams, self.warn)
        return self._recorder

    def check_budget(
        self,
        settings: RunSettings,
        model: str,
        key: Secret | None = None,
        *,
        price: "Price | None" = None,
        over: bool = False,
    ) -> None:
        """Check the budgets; only warn if `over`. With `key`, look up a missing price. Raises CappedError."""
        if not settings.has_budget:
            return
        recorder = self.recorder(settings)
        price = price or recorder.price(model)
        if key is not None and not over and not price.known:
            price = self.price_source(settings, lambda: key).look_up(model, self.streams.now())
        recorder.budgets.check(model, price, over_budget=over)

    def batch_recorder(
        self, settings: RunSettings, prices: "PriceList", *, over: bool, **where: str | None
    ) -> "BulkRecorder":
        """Return the recorder of a bulk run's requests; `where` gives their `host` and `local_model`."""
        from nebius_cli.ledger.bulk_recorder import BulkRecorder

        recorder = self.recorder(settings) if settings.ledger else None
        return BulkRecorder(recorder, prices, settings.profile, self.streams, over_budget=over, **where)

    @contextlib.contextmanager
    def recorded(
        self, exchange: "Exchange", settings: RunSettings, *, local: bool = False, over_budget: bool = False
    ) -> Iterator[None]:
        """Write the ledger rows of an exchange when the block ends, even with an exception.

        Raises CappedError, without running the block, if the request could exceed a budget.
        """
        reserves = settings.ledger and settings.has_budget and not local and not over_budget
        if reserves:
            self.recorder(settings).budgets.reserve_for(exchange.request)
        stop: BaseException | None = None
        try:
            yield
        except BaseException as error:
            stop = error
            raise
        finally:
            if settings.ledger and (exchange.sent or reserves):
                self.recorder(settings).write_exchange(exchange, exit_code(stop), local=local)
