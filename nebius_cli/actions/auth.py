"""`nbx auth`: stores the API key, removes it, shows where keys are, and prints the key for scripts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.api.endpoint import Endpoint
from nebius_cli.api.request_limits_from_settings import limits_of
from nebius_cli.config import find_api_key, run_settings
from nebius_cli.config.find_api_key import FoundKey, KeyOrigin, KeySource
from nebius_cli.config.merge_settings_layers import NONE
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.config.system_keyring import Keyring, forget
from nebius_cli.core.errors_and_exit_codes import AuthError, ConfigError, ExitCode, NbxError
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import CONSOLE_URL

CHECK_TIMEOUT_S = 30.0  # for the first byte of --check, unless first_byte_timeout is set
FALSE = ("", "0", "false")  # values of the variable CI that mean: not in CI


@dataclass(frozen=True, slots=True)
class AuthOptions:
    """The flags of `nbx auth`; `keyring` is None without --keyring and --no-keyring."""

    with_token: bool = False
    keyring: bool | None = None
    verify: bool = True
    all: bool = False
    check: bool = False
    json: bool = False
    api_key: Secret | None = None
    api_key_file: str | None = None
    connection: Mapping[str, str | bool] = field(default_factory=dict)


def run_login(options: AuthOptions, app: App) -> ExitCode:
    """Check a key with the server, then store it in the keyring if one works, else in the config file."""
    profile = app.profile  # a mistyped profile name fails before the user types a key
    key = _ask_for_key(app, with_token=options.with_token)
    if options.verify:
        _verify(app, key)
    source = _store(key, app, profile, keyring=options.keyring)
    # The key is stored, so other problems in the config file are ignored here.
    first = next(iter(app.key_sources(app.effective_settings())), None)
    if first is not None and first.kind is not source:
        app.warn(f"{first.kind.value} {first.where} overrides the stored key")
    return ExitCode.DONE


def _verify(app: App, key: Secret) -> None:
    """Check a key with the server before it is stored. Raises NbxError."""
    try:
        _check(app, run_settings.resolve(app.effective_settings()), key)
    except AuthError as error:
        error.hint = f"the key was not stored; create a new one at {CONSOLE_URL}"
        raise
    except NbxError as error:
        error.hint = "the key was not stored; --no-verify stores it without asking the server"
        raise
    app.note("the server accepts the key")


def _ask_for_key(app: App, *, with_token: bool) -> Secret:
    streams = app.streams
    unattended = streams.environ.get("CI", "").lower() not in FALSE
    if not with_token and (unattended or not streams.stdin_tty):
        why = "CI is set, so nbx does not ask" if unattended else "stdin is not a terminal"
        raise AuthError("no key was given", why, "nbx auth login --with-token < FILE")
    if streams.stdin_tty:
        app.note(f"create a key at {CONSOLE_URL}")
    return find_api_key.ask(streams)


def _store(key: Secret, app: App, profile: str | None, *, keyring: bool | None) -> KeyOrigin:
    """Store the key in the keyring or the config file, and remove it from the other. Raises ConfigError."""
    config = app.config
    why = ""
    if keyring is not False:
        try:
            return _store_in_keyring(key, app)
        except ConfigError as error:
            if keyring:
                raise
            why = f"{error.line}, so "
    account = _table(app, profile).get("api_key_keyring")
    config.set("api_key", key.reveal(), profile)
    config.unset("api_key_keyring", profile)
    (app.warn if why else app.note)(
        f"{why}key {key.tail} is stored as plain text in {config.path}, readable only by you"
    )
    if account:
        _forget(str(account), app)
    return KeyOrigin.CONFIG


def _store_in_keyring(key: Secret, app: App) -> KeyOrigin:
    account = app.profile or "default"
    # A user with several config directories has one keyring entry for each.
    if app.streams.environ.get("NBX_CONFIG_DIR"):
        account += f" of {app.config.path.parent}"
    keyring = Keyring()
    keyring.write(account, key)
    app.config.set("api_key_keyring", account, app.profile)
    app.config.unset("api_key", app.profile)
    app.note(f"key {key.tail} is stored in the keyring ({keyring.name}) as {account}")
    return KeyOrigin.KEYRING


def _forget(account: str, app: App) -> None:
    try:
        forget(account)
    except ConfigError as error:
        app.warn(f"the old key is still in the keyring, as {account}: {error.what}")


def run_logout(options: AuthOptions, app: App) -> ExitCode:
    """Remove the stored key, with --all those of all profiles; warn about keys from other sources."""
    stored, failures = False, list[ConfigError]()
    for profile in (None, *app.config.read().profiles) if options.all else (app.profile,):
        stored = stored or bool({"api_key", "api_key_keyring"} & set(_table(app, profile)))
        try:
            _remove(app, profile)
        except ConfigError as error:
            failures.append(error)
    if not stored:
        app.note(f"no key{_of_profile(app.profile)} was stored")
    for draft in app.config.drafts_with_key():
        app.warn(f"{draft}, a draft of nbx config edit, may still contain a key: delete it")
    for place in app.key_sources(app.effective_settings()):
        if not (failures and place.kind is KeyOrigin.KEYRING):  # its error is reported below
            app.warn(f"{place.where} still provides a key; to remove it, run {_removal_command(place)}")
    app.report(failures)
    return ExitCode.CONFIG if failures else ExitCode.DONE


def _remove(app: App, profile: str | None) -> None:
    """Remove the key of one profile from the file and the keyring. Raises ConfigError."""
    table = _table(app, profile)
    if "api_key" in table:
        app.config.unset("api_key", profile)
        app.note(f"removed the key{_of_profile(profile)} from {app.config.path}")
    if account := table.get("api_key_keyring"):
        chosen = f"--profile {profile or NONE} " if profile or app.profile else ""
        forget(str(account), f"nbx config unset {chosen}api_key_keyring")
        app.config.unset("api_key_keyring", profile)
        app.note(f"removed the key {account} from the keyring")


def _removal_command(place: KeySource) -> str:
    """Return the command that removes a key that logout does not remove."""
    if place.kind is KeyOrigin.ENVIRONMENT:
        return f"unset {place.where}"
    if place.kind is KeyOrigin.COMMAND:
        return "nbx config unset api_key_command"
    return "nbx auth logout --all"


def run_token(options: AuthOptions, app: App) -> ExitCode:
    """Print the key itself, for scripts. No other command prints it."""
    found = app.key(app.settings(), options.api_key, options.api_key_file, local=False)
    app.streams.write_out(found.secret.reveal().encode() + b"\n")
    return ExitCode.DONE


def run_status(options: AuthOptions, app: App) -> ExitCode:
    """Show where keys are and which one is used; with --check, whether the server accepts it."""
    settings = app.settings(options.connection)
    places = app.key_sources(settings, options.api_key, options.api_key_file)
    failure: NbxError | None = None
    found: FoundKey | None = None
    try:
        found = app.key(settings, options.api_key, options.api_key_file, local=False)
        if options.check:
            _check(app, settings, found.secret)
    except NbxError as error:
        failure = error
    # app.key has already warned about the first source.
    for mend in dict.fromkeys(
        place.chmod_command for place in places[1:] if place.chmod_command != places[0].chmod_command
    ):
        if mend:
            app.warn(f"other users of this machine can read an unused key; run {mend}")
    entries = [_entry(place, found if number == 0 else None) for number, place in enumerate(places)]
    _show(app, entries, json=options.json, accepted=(failure is None) if options.check and found else None)
    if failure is not None:
        raise failure
    if options.check:
        app.note("the server accepts the key")
    return ExitCode.DONE


def _check(app: App, settings: RunSettings, key: Secret) -> None:
    """Make a request with the key. Raises NbxError."""
    from nebius_cli.api.fetch_json import fetch_json  # imports urllib3

    limits = limits_of(settings, first_byte_timeout_s=CHECK_TIMEOUT_S, retries=0)
    api = app.api(settings, Endpoint(settings.base_url, key))
    fetch_json(api, "/models", "", limits, app.streams, app.note)


def _entry(place: KeySource, used: FoundKey | None) -> dict[str, Any]:
    """Describe a source of a key; a source that may ask for a password is read only if it is used."""
    key = None
    if used is not None:
        key = used.secret.tail
    elif not place.asks and place.where != "stdin":
        try:
            key = place.read().tail
        except NbxError:
            key = None
    mode = None if place.mode is None else f"{place.mode:04o}"
    return {
        "source": place.kind.value,
        "where": place.where,
        "origin": place.origin or place.kind.value,
        "mode": mode,
        "key": key,
        "used": used is not None,
    }


def _show(app: App, entries: list[dict[str, Any]], *, json: bool, accepted: bool | None) -> None:
    if json:
        app.write_json({"sources": entries, "accepted": accepted})
        return
    rows = [
        (
            "used" if e["used"] else "not used",
            e["source"],
            e["where"],
            e["mode"] or "-",
            e["key"] or "-",
            e["origin"],
        )
        for e in entries
    ]
    if rows:
        app.write_table(("state", "source", "where", "mode", "key", "set by"), rows)


def _table(app: App, profile: str | None) -> Mapping[str, Any]:
    """Return the table of a profile in the config file; without a profile, the top-level table."""
    source = app.config.read()
    return source.table if profile is None else source.profiles.get(profile, {})


def _of_profile(profile: str | None) -> str:
    return f" of profile {profile}" if profile else ""
