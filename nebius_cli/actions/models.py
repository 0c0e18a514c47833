"""`nbx models`: lists, searches and shows models, and sets the default; from the server or the cache."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nebius_cli.actions.app import App
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.config.settings_table import BY_NAME as SETTINGS_BY_NAME
from nebius_cli.config.settings_table import parse
from nebius_cli.core import similar_names
from nebius_cli.core.errors_and_exit_codes import (
    AuthError,
    ExitCode,
    NbxError,
    NetworkError,
    RateLimitError,
    RejectedError,
    ServerError,
    UsageError,
)
from nebius_cli.core.secret import Secret
from nebius_cli.core.short_text import age as age_of
from nebius_cli.core.short_text import counted
from nebius_cli.models import format_models, model_details, search_and_sort
from nebius_cli.models import model as models
from nebius_cli.models.model import Model
from nebius_cli.models.model_and_price_cache import ModelList, ModelsCache
from nebius_cli.models.search_and_sort import SORTS

FIRST_BYTE_TIMEOUT_S = 60.0  # for the list, unless first_byte_timeout is set
MIN_NOTED_AGE_S = 60  # the age of a younger list is not mentioned


@dataclass(frozen=True, slots=True)
class ModelsOptions:
    """The arguments and flags of `nbx models`."""

    query: tuple[str, ...] = ()
    id: str = ""
    json: bool = False
    sort: str = "id"
    reverse: bool = False
    refresh: bool = False
    force: bool = False
    api_key_file: str | None = None
    api_key: Secret | None = None
    connection: Mapping[str, str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """A model list. `fetched`: it was fetched in this run; `failed`: fetching a newer list failed."""

    models: list[Model]
    fetched_at: float
    fetched: bool
    failed: bool = False

    @property
    def ids(self) -> list[str]:
        """The ids of all models."""
        return [model.id for model in self.models]


def run_list(options: ModelsOptions, app: App) -> ExitCode:
    """List the models whose id, name or features contain every word of the query."""
    if options.sort not in SORTS:
        raise UsageError(f"--sort {options.sort}", f"must be one of {', '.join(SORTS)}")
    listing = _listing(options, app.settings(options.connection), app, refresh=options.refresh)
    if not (listing.fetched or listing.failed) and _age(listing, app) >= MIN_NOTED_AGE_S:
        app.note(_age_text(listing, app) + "; --refresh fetches a new one")
    found = search_and_sort.matching(listing.models, options.query)
    found = search_and_sort.ordered(found, options.sort, reverse=options.reverse)
    if options.json:
        records = {"models": [model_details.to_json(model) for model in found], **_origin(listing, app)}
        app.write_json(records)
    else:
        _write_rows(found, app)
    if not found:
        app.note(
            f"none of {counted(len(listing.models), 'model')} matches {' '.join(options.query)}".rstrip()
        )
    return ExitCode.DONE


def run_show(options: ModelsOptions, app: App) -> ExitCode:
    """Show everything known about one model. Raises RejectedError if it is not in the list."""
    wanted = _named(options, "show")
    listing = _listing_for(wanted, options, app)
    model = next((model for model in listing.models if model.id == wanted), None)
    if model is None:
        raise _missing(wanted, listing, app)
    if options.json:
        app.write_json({**model_details.to_json(model), **_origin(listing, app)})
        return ExitCode.DONE
    app.write_table(("name", "value"), model_details.rows(model))
    return ExitCode.DONE


def run_use(options: ModelsOptions, app: App) -> ExitCode:
    """Make a model the default. Raises RejectedError if it is not in the list, unless forced."""
    wanted = str(parse(SETTINGS_BY_NAME["model"], _named(options, "use")))
    if not options.force:
        _check_listed(wanted, options, app)
    profile = app.profile
    app.config.set("model", wanted, profile)
    app.note(f"set model to {wanted} in {app.config.path if profile is None else f'profile {profile}'}")
    stronger = app.settings()
    if stronger.model != wanted:
        app.warn(f"{stronger.origins.model} overrides the new value with {stronger.model}")
    return ExitCode.DONE


def _check_listed(wanted: str, options: ModelsOptions, app: App) -> None:
    try:
        listing = _listing_for(wanted, options, app)
    except NbxError as error:
        if not _can_use_old_list(error):
            raise
        app.warn(f"cannot check whether {wanted} exists: {error.what}")
        return
    if wanted not in listing.ids:
        missing = _missing(wanted, listing, app)
        missing.hint = f"{missing.hint}; --force sets it anyway"
        raise missing


def _named(options: ModelsOptions, command: str) -> str:
    if not options.id:
        raise UsageError("no model given", "", f"nbx models {command} ID; nbx models lists the IDs")
    return options.id


def _missing(wanted: str, listing: Listing, app: App) -> RejectedError:
    age = "" if listing.fetched else f", as of {age_of(_age(listing, app))} ago"
    hint = similar_names.did_you_mean(wanted, listing.ids) or "nbx models lists the IDs"
    return RejectedError(
        f"no model {wanted}", f"the list has {counted(len(listing.models), 'model')}{age}", hint
    )


def _listing_for(wanted: str, options: ModelsOptions, app: App) -> Listing:
    """Return the list; if the cached list lacks the model, fetch a new one from the server."""
    settings = app.settings(options.connection)
    listing = _listing(options, settings, app, refresh=options.refresh)
    if wanted in listing.ids or listing.fetched or listing.failed:
        return listing
    return _listing(options, settings, app, refresh=True, fallback=listing)


def _listing(
    options: ModelsOptions, settings: RunSettings, app: App, *, refresh: bool, fallback: Listing | None = None
) -> Listing:
    """Return a fresh list from the cache, else the server's, else an old one from the cache.

    With `refresh` the cache is not used. `fallback` is returned if the server cannot be reached. Raises
    NbxError.
    """
    cache = app.models_cache(settings)
    stored = None if refresh else cache.read()
    listing = _decoded(stored)
    if stored is not None and listing is not None and stored.is_fresh(app.streams.now()):
        app.log(f"{_age_text(listing, app)}, from the cache")
        return _store_ids(listing, app, cache)
    listing = listing or fallback
    try:
        stored = _fetch(options, settings, app, retry=listing is None)
    except NbxError as error:
        if listing is None or not _can_use_old_list(error):
            raise
        app.note(f"{error.line}; {_age_text(listing, app)}")
        return _store_ids(replace(listing, failed=True), app, cache)
    try:
        cache.write(stored)
    except OSError as error:
        app.warn(f"cannot cache the list: {error.strerror or error}")
    return _store_ids(Listing(models.decode(stored.value), stored.fetched_at, fetched=True), app, cache)


def _fetch(options: ModelsOptions, settings: RunSettings, app: App, *, retry: bool) -> ModelList:
    """Return the server's list. Retries only if there is no other list to show."""
    key = app.key(settings, options.api_key, options.api_key_file, local=False).secret
    retries = None if retry else 0
    return app.ask_models(settings, key, first_byte_timeout_s=FIRST_BYTE_TIMEOUT_S, retries=retries)


def _decoded(stored: ModelList | None) -> Listing | None:
    if stored is None:
        return None
    try:
        return Listing(models.decode(stored.value), stored.fetched_at, fetched=False)
    except ServerError:
        return None


def _can_use_old_list(error: NbxError) -> bool:
    """Return whether an old list, or none, will do: no usable key, no connection, or a server failure."""
    if isinstance(error, AuthError):
        return not error.status
    return isinstance(error, NetworkError | ServerError | RateLimitError)


def _store_ids(listing: Listing, app: App, cache: ModelsCache) -> Listing:
    """Store the ids for shell completion and return the list; a failure is only logged."""
    try:
        cache.write_ids(models.completable(listing.ids))
    except OSError as error:
        app.log(f"shell completion will not offer these models: {error.strerror or error}")
    return listing


def _age(listing: Listing, app: App) -> float:
    return max(0.0, app.streams.now() - listing.fetched_at)


def _age_text(listing: Listing, app: App) -> str:
    return f"this list is {age_of(_age(listing, app))} old"


def _origin(listing: Listing, app: App) -> dict[str, object]:
    age = _age(listing, app)
    return {"fetched_at": int(listing.fetched_at), "age_seconds": int(age), "cached": not listing.fetched}


def _write_rows(found: list[Model], app: App) -> None:
    if not app.draws_out:
        app.write_table((), format_models.lines(found))
        return
    header, rows = format_models.table(found, app.streams.width)
    app.write_table(header, rows, numbers=format_models.NUMBERS)
