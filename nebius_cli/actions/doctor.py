"""`nbx doctor`: checks everything that a completion needs, and shows the results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from nebius_cli.actions.app import App
from nebius_cli.api.endpoint import Endpoint
from nebius_cli.api.http_client import Api
from nebius_cli.api.redaction import Redactor
from nebius_cli.config import run_settings
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.core.secret import Secret
from nebius_cli.doctor import check_results, ledger_checks, machine_checks, probes
from nebius_cli.doctor.check_results import Check, State
from nebius_cli.doctor.connection_checks import ConnectionChecks
from nebius_cli.doctor.server_checks import ServerChecks
from nebius_cli.doctor.skip_dependent_checks import CheckList
from nebius_cli.local import prepare_local_model

MIN_PASSWORD_CHARS = 4  # a shorter proxy password is not hidden: it may be part of an ordinary word
STATE_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red", "skipped": "dim"}


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """The flags of `nbx doctor`."""

    live: bool = False
    json: bool = False
    api_key: Secret | None = None
    api_key_file: str | None = None
    connection: Mapping[str, str | bool] = field(default_factory=dict)


def run(options: DoctorOptions, app: App) -> ExitCode:
    """Run all checks, show them, and return the exit code of the first one that failed."""
    results = _run_checks(options, app)
    if options.json:
        app.write_json(check_results.to_json(results))
    else:
        rows = [row for check in results for row in _rows(check, drawn=app.draws_out)]
        app.write_table(("check", "state", "details"), rows, styles=STATE_STYLES)
    return check_results.exit_code(results)


def _rows(check: Check, *, drawn: bool) -> list[tuple[str, ...]]:
    """Return the rows of a check in the table; on a terminal the hint has a row of its own."""
    row = (check.name, check.state.value, check.text)
    if not drawn:
        return [(*row, check.hint)]
    return [row, ("", "", f"→ {check.hint}")] if check.hint else [row]


def _run_checks(options: DoctorOptions, app: App) -> list[Check]:
    """Return the results of every check, in order, without secrets."""
    effective = app.effective_settings(options.connection)
    settings, streams = run_settings.resolve(effective), app.streams
    quiet_app = App(streams, app.flags._replace(quiet=True))  # the checks report its warnings

    def show_status(name: str) -> None:
        if app.draws_err and not app.flags.quiet:
            streams.write_status(f"checking {name}")

    key = Secret("")

    def find_key() -> Check:
        nonlocal key
        key, check = machine_checks.find_key(
            quiet_app.key_sources(settings, options.api_key, options.api_key_file), streams.environ
        )
        return check

    def connect() -> Api:
        return quiet_app.api(settings, Endpoint(settings.base_url, key))

    results = CheckList(show_status)
    results.checks += [Check(name, State.OK, text) for name, text in probes.describe_system()]
    results.checks += machine_checks.check_config(app.config, effective, streams.environ)
    connection = ConnectionChecks(effective, settings, settings.ca_file(streams.environ))
    results.run("base_url", (), connection.base_url)
    results.run("proxy", ("base_url",), connection.proxy)
    results.run("ca", ("base_url",), connection.authorities)
    results.run("key", (), find_key)
    results.run("dns", ("proxy",), connection.resolve)
    results.run("tcp", ("dns",), connection.connect)
    results.run("tls", ("tcp", "ca"), lambda: connection.handshake(streams.now()))
    server = ServerChecks(settings, streams, app.log, live=options.live)
    results.run("api", ("tls", "key"), lambda: server.list_models(connect()))
    results.run("clock", ("api",), server.clock)
    results.run("model", ("api",), server.model)
    results.run("live", ("api",), lambda: _complete(server, connect, settings, quiet_app, live=options.live))
    results.run(
        "engine",
        (),
        lambda: machine_checks.check_engine(
            prepare_local_model.weights_dir(streams.environ), streams.monotonic, live=options.live
        ),
    )
    _check_ledger(results, settings, quiet_app)
    streams.write_status("")
    passwords = [Secret(text) for one in connection.passwords for text in (one, unquote(one))]
    redactor = Redactor(key, *passwords, min_chars=MIN_PASSWORD_CHARS)
    return [check_results.redacted(check, redactor) for check in results.checks]


def _complete(
    server: ServerChecks, connect: Callable[[], Api], settings: RunSettings, app: App, *, live: bool
) -> Check:
    """Complete one token, if `live`; the request is billed, budgeted and recorded like any other."""
    if live and settings.model:
        app.check_budget(settings, settings.model)
    return server.complete(connect, lambda exchange: app.recorded(exchange, settings))


def _check_ledger(results: CheckList, settings: RunSettings, app: App) -> None:
    """Check the ledger, and the budgets if there are any."""
    is_on = settings.ledger
    results.run("ledger", (), lambda: ledger_checks.check_ledger(app.ledger, on=is_on))
    if settings.has_budget:
        budgets = app.recorder(settings).budgets.read
        results.run("budget", (), lambda: ledger_checks.check_budgets(budgets(), on=is_on))
