"""`nbx auth`: the key, stored, removed, shown by its end, and printed for scripts."""

from collections.abc import Mapping
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.api.limits import limits_of
from nebius_cli.config import keys
from nebius_cli.config.keyring_store import Keychain, forget
from nebius_cli.config.keys import Found, KeyOrigin, Place
from nebius_cli.config.layers import NONE
from nebius_cli.config.settings import parse_connection
from nebius_cli.core.errors import AuthError, ConfigError, ExitCode, NbxError
from nebius_cli.core.secret import Secret

PATIENCE = 30.0  # seconds for --check, unless first_byte_timeout is configured
FALSE = ("", "0", "false")  # what CI=... may say when it is none


def run_login(app: App, *, with_token: bool = False, keyring: bool | None = None) -> ExitCode:
    """Take a key and store it: in the keyring where one works, else in the config file, and say where."""
    profile = app.profile  # a mistyped one is told before a key is typed
    source = _store(_asked(app, with_token=with_token), app, profile, keyring=keyring)
    # What else is wrong in the file is not login's business: the key is stored.
    first = next(iter(app.key_places(in_force=app.in_force())), None)
    if first is not None and first.source is not source:
        app.warn(f"{first.source.value} {first.where} beats the stored key")
    return ExitCode.DONE


def _asked(app: App, *, with_token: bool) -> Secret:
    streams = app.streams
    unattended = streams.environ.get("CI", "").lower() not in FALSE
    if not with_token and (unattended or not streams.stdin_tty):
        why = "CI is set, so nobody is asked" if unattended else "stdin is not a terminal"
        raise AuthError("no key was given", why, "nbx auth login --with-token < FILE")
    return keys.ask(streams)


def _store(key: Secret, app: App, profile: str, *, keyring: bool | None) -> KeyOrigin:
    """Put the key where it is to live, and nowhere else. Raises ConfigError."""
    config = app.config
    why = ""
    if keyring is not False:
        try:
            return _store_in_keyring(key, app)
        except ConfigError as error:
            if keyring:
                raise
            why = f"{error.what} ({error.why}); "
    account = _table(app, profile).get("api_key_keyring")
    config.set("api_key", key.reveal(), profile)
    config.unset("api_key_keyring", profile)
    (app.warn if why else app.note)(
        f"{why}key {key.tail} is stored as plain text in {config.path}, mode 0600"
    )
    if account:
        _forget(str(account), app)
    return KeyOrigin.CONFIG


def _store_in_keyring(key: Secret, app: App) -> KeyOrigin:
    # The name of an entry is free; this one tells apart the config directories of one person.
    directory = app.streams.environ.get("NBX_CONFIG_DIR", "")
    account = (app.profile or "default") + (f" of {app.config.path.parent}" if directory else "")
    chain = Keychain()
    chain.write(account, key)
    app.config.set("api_key_keyring", account, app.profile)
    app.config.unset("api_key", app.profile)
    app.note(f"key {key.tail} is stored in the keyring ({chain.name}) as {account}")
    return KeyOrigin.KEYRING


def _forget(account: str, app: App) -> None:
    try:
        forget(account, "")
    except ConfigError as error:
        app.warn(f"the old key is still in the keyring, as {account}: {error.what}")


def run_logout(app: App, *, all: bool = False) -> ExitCode:  # noqa: A002 - the flag's name
    """Remove the stored key, of every profile with `all`; say what still gives one."""
    stored, failures = False, list[ConfigError]()
    for profile in ("", *_profiles(app)) if all else (app.profile,):
        stored = stored or bool({"api_key", "api_key_keyring"} & set(_table(app, profile)))
        try:
            _remove(app, profile)
        except ConfigError as error:
            failures.append(error)
    if not stored:
        app.note(f"no key{_of(app.profile)} was stored")
    for draft in app.config.drafts_with_key():
        app.warn(f"{draft}, a text of nbx config edit, may still hold a key: delete it")
    for place in app.key_places(in_force=app.in_force()):
        if not (failures and place.source is KeyOrigin.KEYRING):  # of which there is more to say
            app.warn(f"{place.where} still gives a key: {_end(place)}")
    app.report(failures)
    return ExitCode.CONFIG if failures else ExitCode.DONE


def _remove(app: App, profile: str) -> None:
    """Remove the keys of one profile from file and keyring. Raises ConfigError."""
    table = _table(app, profile)
    if "api_key" in table:
        app.config.unset("api_key", profile)
        app.note(f"removed the key{_of(profile)} from {app.config.path}")
    if account := table.get("api_key_keyring"):
        chosen = f"--profile {profile or NONE} " if profile or app.profile else ""
        forget(str(account), f"nbx config unset {chosen}api_key_keyring")
        app.config.unset("api_key_keyring", profile)
        app.note(f"removed the key {account} from the keyring")


def _end(place: Place) -> str:
    """Return the command that ends a place which is not logout's to remove."""
    if place.source is KeyOrigin.ENVIRONMENT:
        return f"unset {place.where}"
    if place.source is KeyOrigin.COMMAND:
        return "nbx config unset api_key_command"
    return "nbx auth logout --all"


def run_token(app: App, *, api_key: Secret | None = None, api_key_file: str | None = None) -> ExitCode:
    """Print the key itself, for scripts. Nothing else does."""
    found = app.key(api_key, api_key_file, local=False)
    app.streams.write_out(found.secret.reveal().encode() + b"\n")
    return ExitCode.DONE


def run_status(
    app: App,
    *,
    json: bool = False,
    check: bool = False,
    api_key: Secret | None = None,
    api_key_file: str | None = None,
    connection: Mapping[str, str] | None = None,
) -> ExitCode:
    """Show where keys are and which one is used; with `check`, what the server thinks of it."""
    merged = app.settings(parse_connection(connection or {}))
    places = app.key_places(api_key, api_key_file)
    failure: NbxError | None = None
    found: Found | None = None
    try:
        found = app.key(api_key, api_key_file, local=False)
        if check:
            _check(app, merged, found.secret)
    except NbxError as error:
        failure = error
    # Of the first one app.key has warned.
    for mend in dict.fromkeys(place.mend for place in places[1:] if place.mend != places[0].mend):
        if mend:
            app.warn(f"others on this machine can read a key that is not used: {mend}")
    entries = [_entry(place, found if number == 0 else None) for number, place in enumerate(places)]
    _show(app, entries, json=json, checked=(failure is None) if check and found else None)
    if failure is not None:
        raise failure
    if check:
        app.note("the server takes the key")
    return ExitCode.DONE


def _check(app: App, merged: Mapping[str, Any], key: Secret) -> None:
    from nebius_cli.api.fetch_json import fetch_json  # brings urllib3

    limits = limits_of(merged, patience=PATIENCE, retries=0)
    fetch_json(app.api(merged, key), "/models", "", limits, app.streams, app.note)


def _entry(place: Place, used: Found | None) -> dict[str, Any]:
    """Return what may be told of one place. What may ask somebody is left alone unless it is used."""
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
        "source": place.source.value,
        "where": place.where,
        "origin": place.origin or place.source.value,
        "mode": mode,
        "key": key,
        "used": used is not None,
    }


def _show(app: App, entries: list[dict[str, Any]], *, json: bool, checked: bool | None) -> None:
    if json:
        app.write_json({"sources": entries, "accepted": checked})
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


def _profiles(app: App) -> list[str]:
    source = app.config.read()
    return list(source.profiles) if source else []


def _table(app: App, profile: str) -> Mapping[str, Any]:
    """Return what the file says of one profile, outside of them where it is empty."""
    source = app.config.read()
    if source is None:
        return {}
    return source.profiles.get(profile, {}) if profile else source.table


def _of(profile: str) -> str:
    return f" of profile {profile}" if profile else ""
