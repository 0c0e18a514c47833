"""`nbx doctor`: one look at each thing a completion needs, in the order in which it needs them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, unquote, urlencode

from nebius_cli.actions.app import App
from nebius_cli.api.client import Head
from nebius_cli.api.exchange import Exchange, Hooks
from nebius_cli.api.fetch_json import fetch_json
from nebius_cli.api.limits import Limits
from nebius_cli.config import layers
from nebius_cli.config.settings import parse_connection
from nebius_cli.core import suggest, urls
from nebius_cli.core.errors import AuthError, ConfigError, ExitCode, NbxError
from nebius_cli.core.format import counted
from nebius_cli.core.secret import Secret
from nebius_cli.doctor import checks, probe
from nebius_cli.doctor.checks import Check, State
from nebius_cli.doctor.probe import check_ledger
from nebius_cli.local import engine, weights
from nebius_cli.models import model as models
from nebius_cli.request.fields import Value
from nebius_cli.request.request import CompletionRequest
from nebius_cli.system.timeout import run_with_timeout

# Seconds for each probe: on the wire; for the list; for a token, which may wait in a queue; for a key that
# somebody must type a password for; for the local model to load.
PROBE, LIST, LIVE, KEY, LOAD = 5.0, 20.0, 120.0, 35.0, 60.0
OTHERS_WRITE = 0o022

Work = Callable[[], Check]


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """What was typed after `nbx doctor`."""

    live: bool = False
    json: bool = False
    api_key: Secret | None = None
    api_key_file: str | None = None
    connection: Mapping[str, str] = field(default_factory=dict)


def run(options: DoctorOptions, app: App) -> ExitCode:
    """Look at everything, show it, and return the code of the first check that failed."""
    found = _Examination(options, app).run()
    if options.json:
        app.write_json(checks.to_json(found))
    else:
        rows = [row for check in found for row in _rows(check, drawn=app.draws_out)]
        app.write_table(("check", "state", "seen, and what to do"), rows)
    return checks.exit_code(found)


def _rows(check: Check, *, drawn: bool) -> list[tuple[str, ...]]:
    """Return a line of the table; on a terminal, what to do has a line of its own."""
    row = (check.name, check.state.value, check.text)
    if not drawn:
        return [(*row, check.hint)]
    return [row, ("", "", f"→ {check.hint}")] if check.hint else [row]


class _Examination:
    """The checks so far, and what those to come need of them."""

    def __init__(self, options: DoctorOptions, app: App) -> None:
        self._options = options
        self._app = app
        # What is doubtful is said in a line of the answer, not beside it.
        self._still = App(app.streams, app.flags._replace(quiet=True))
        self._in_force = app.in_force(parse_connection(options.connection))
        self._settings = self._in_force.values
        self._found: list[Check] = []
        self._passed: set[str] = set()
        self._key = Secret("")
        self._base = SplitResult("", "", "", "", "")
        self._route = probe.Route("", "")
        self._hop = ("", 0)
        self._head = Head(0, "", "")
        self._ids: list[str] = []

    def run(self) -> list[Check]:
        """Return every check, in order."""
        self._found += [Check(name, State.OK, text) for name, text in probe.describe_system()]
        self._config()
        self._step("base_url", (), self._base_url)
        self._step("proxy", ("base_url",), self._proxy)
        self._step("ca", ("base_url",), self._authorities)
        self._step("key", (), self._find_key)
        self._step("dns", ("proxy",), self._resolve)
        self._step("tcp", ("dns",), self._connect)
        self._step("tls", ("tcp", "ca"), self._handshake)
        self._step("api", ("tls", "key"), self._ask)
        self._step("clock", ("api",), lambda: checks.check_clock(self._head.date, self._app.streams.now()))
        self._step("model", ("api",), self._model)
        self._step("live", ("api",), self._complete)
        self._step("engine", (), self._engine)
        self._step(
            "ledger", (), lambda: check_ledger(self._app.ledger, on=self._settings["ledger"].value is True)
        )
        self._app.streams.write_status("")
        secrets = self._secrets()
        return [checks.redacted(check, secrets) for check in self._found]

    def _step(self, name: str, needs: tuple[str, ...], work: Work) -> None:
        """Add one check; it is skipped where one that it needs did not pass."""
        missing = next((need for need in needs if need not in self._passed), "")
        if missing:
            self._found.append(Check(name, State.SKIPPED, f"needs {missing}"))
            return
        if self._app.draws_err and not self._app.flags.quiet:
            self._app.streams.write_status(f"checking {name}")
        try:
            check = work()
        except NbxError as error:
            check = checks.failed_check(name, error)
        self._found.append(check)
        if check.state is not State.FAIL:
            self._passed.add(name)

    def _secrets(self) -> list[str]:
        parts = [self._base.password or "", self._route.proxy.rpartition("@")[0].rpartition(":")[2]]
        return [self._key.reveal(), *parts, *map(unquote, parts)]

    def _text(self, name: str) -> str:
        return str(self._settings[name].value) if name in self._settings else ""

    # What is set.

    def _config(self) -> None:
        problems = self._in_force.problems
        try:
            source = self._app.config.read()
            beside = [] if source is None else layers.problems_of(source)
            self._found.append(self._config_file(exists=source is not None))
        except ConfigError as error:
            problems = [error, *(p for p in problems if p.what != error.what)]
            beside = []
        self._found += [checks.failed_check("config", problem) for problem in problems]
        said = {problem.what for problem in problems}
        for problem in beside:
            if problem.what not in said:
                self._found.append(replace(checks.failed_check("config", problem), state=State.WARN))
        if chosen := self._in_force.profile:
            self._found.append(Check("profile", State.OK, f"{chosen.value}, by {chosen.origin}"))
        if self._in_force.project:
            self._found.append(Check("project file", State.OK, self._in_force.project))

    def _config_file(self, *, exists: bool) -> Check:
        path = self._app.config.path
        if not exists:
            return Check("config", State.OK, f"no file {path}")
        for place in (path, path.parent):
            if (mode := probe.permissions(place)) is not None and mode & OTHERS_WRITE:
                words = f"others on this machine can write {place} (mode {mode:04o})"
                return Check("config", State.WARN, words, f"chmod go-w {place}")
        mode = probe.permissions(path)
        return Check("config", State.OK, f"{path}" if mode is None else f"{path} (mode {mode:04o})")

    def _base_url(self) -> Check:
        # In the place of a wrong one no weaker one is asked: it would be handed the key.
        for layer in self._in_force.layers:
            if "base_url" in layer.values:
                break
            for problem in layer.problems:
                if "base_url" in f"{problem.what} {problem.why}".split():
                    raise problem
        setting = self._settings["base_url"]
        self._base = urls.parse_base_url(str(setting.value))
        text = f"{urls.strip_credentials(self._base.geturl())} ({setting.origin})"
        if urls.is_plain_http(self._base):
            return Check("base_url", State.WARN, text, "plain http: others can read the key and the prompt")
        return Check("base_url", State.OK, text)

    def _proxy(self) -> Check:
        self._route = probe.route(self._base.geturl(), self._app.cacert(self._settings))
        proxy = self._route.proxy
        self._hop = probe.endpoint(proxy or self._base.geturl())
        return Check("proxy", State.OK, urls.strip_credentials(proxy) if proxy else "none")

    def _authorities(self) -> Check:
        if self._base.scheme == "http":
            return Check("ca", State.SKIPPED, "plain http needs none")
        path = self._route.authorities
        count = probe.authorities(path)
        whose = "those that come with nbx"
        if "cacert" in self._settings:
            whose = f"{path} ({self._settings['cacert'].origin})"
        elif self._route.own:
            variable = "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE"
            whose = f"{path} ({'SSL_CERT_FILE' if self._app.cacert(self._settings) else variable})"
        return Check("ca", State.OK, f"{whose}, {count} authorities" if count else whose)

    def _find_key(self) -> Check:
        options = self._options
        places = self._still.key_places(options.api_key, options.api_key_file, self._in_force)
        if not places:
            hint = "nbx auth login, NEBIUS_API_KEY or --api-key-file FILE; nbx complete --local needs no key"
            raise AuthError("no API key", "", hint)
        first = places[0]
        # What is typed is read here: a thread that is given up leaves the terminal without its echo.
        self._key = run_with_timeout(KEY, first.read) if first.asks else first.read()
        others = ", ".join(f"{place.source.value}: {place.where}" for place in places[1:])
        text = f"{self._key.tail} from {first.source.value}: {first.where}"
        text += f"; not used: {others}" if others else ""
        if mends := list(dict.fromkeys(place.mend for place in places if place.mend)):
            what = "it" if first.mend else "one that is not used"
            text += f"; others on this machine can read {what}"
            return Check("key", State.WARN, text, "; ".join(mends))
        return Check("key", State.OK, text)

    # The way there.

    def _resolve(self) -> Check:
        host, port = self._hop
        addresses = probe.resolve(host, port, PROBE)
        more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
        whose = "the proxy " if self._route.proxy else ""
        return Check("dns", State.OK, f"{whose}{host} is {', '.join(addresses[:3])}{more}")

    def _connect(self) -> Check:
        host, port = self._hop
        seconds = probe.connect(host, port, PROBE)
        whose = "the proxy " if self._route.proxy else ""
        return Check("tcp", State.OK, f"{whose}{host}:{port} in {seconds * 1000:.0f} ms")

    def _handshake(self) -> Check:
        if self._base.scheme == "http":
            return Check("tls", State.SKIPPED, "plain http has none")
        if self._route.proxy:
            return Check("tls", State.SKIPPED, "behind the proxy; api says whether it works")
        tls = probe.handshake(*self._hop, self._route.authorities, PROBE)
        return checks.check_certificate(tls.version, tls.ends, self._app.streams.now())

    # The server.

    def _ask(self) -> Check:
        streams = self._app.streams
        query = {"ai_project_id": project} if (project := self._text("ai_project_id")) else {}
        started = streams.monotonic()
        api = self._still.api(self._settings, self._key)
        limits = Limits(first_byte=LIST, stall=LIST, total=LIST, retries=0)
        reply = fetch_json(api, "/models", urlencode(query), limits, streams, self._app.log)
        self._head = reply.head
        self._ids = [model.id for model in models.decode(reply.value)]
        seconds = streams.monotonic() - started
        return Check(
            "api", State.OK, f"takes the key, lists {counted(len(self._ids), 'model')}, in {seconds:.1f} s"
        )

    def _model(self) -> Check:
        name = self._text("model")
        if not name:
            return Check("model", State.WARN, "no default model", "nbx models lists them, nbx models use ID")
        text = f"{name} ({self._settings['model'].origin})"
        if name in self._ids:
            return Check("model", State.OK, text)
        hint = suggest.did_you_mean(name, self._ids) or "nbx models lists them"
        if self._options.live:  # which tells for certain: what is your own need not be in the list
            return Check("model", State.WARN, f"{text} is not in the list", hint)
        hint = f"{hint}; --live tries it"
        return Check("model", State.FAIL, f"{text} is not in the list", hint, ExitCode.REJECTED)

    def _complete(self) -> Check:
        if not self._options.live:
            return Check("live", State.SKIPPED, "--live completes one token")
        if not (name := self._text("model")):
            return Check("live", State.SKIPPED, "needs a model")
        fields: dict[str, Value] = {"model": name, "max_tokens": 1}
        if project := self._text("ai_project_id"):
            fields["ai_project_id"] = project
        streams = self._app.streams
        api = self._still.api(self._settings, self._key)
        limits = Limits(first_byte=LIVE, stall=LIVE, total=LIVE, retries=0)
        hooks = Hooks(lambda _: None, lambda: None, self._app.log, lambda: True)
        exchange = Exchange(api, CompletionRequest("1 2 3", fields), limits, streams, hooks)
        exchange.run()
        seconds = streams.monotonic() - exchange.sent_at
        return Check("live", State.OK, f"one token of {name} in {seconds:.1f} s")

    # This machine.

    def _engine(self) -> Check:
        try:
            engine.require_engine()
        except ConfigError as error:
            return Check("engine", State.SKIPPED, error.what, error.hint)
        here = {entry.name: entry for entry in weights.installed(self._app.weights_dir)}
        name = weights.DEFAULT_MODEL.name
        if name not in here:
            return Check("engine", State.SKIPPED, f"{name} is not here", "nbx local pull fetches it")
        if not self._options.live:
            return Check("engine", State.OK, f"installed, {name} is here; --live loads it")
        started = self._app.streams.monotonic()
        with engine.Engine(here[name].path) as running:
            run_with_timeout(LOAD, running.ready)
        seconds = self._app.streams.monotonic() - started
        return Check("engine", State.OK, f"{name} is loaded in {seconds:.1f} s")
