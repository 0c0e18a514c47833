"""`nbx models`: the list of models, from the server or from the cache, shown, searched and chosen from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nebius_cli.actions.app import App
from nebius_cli.config.settings import BY_NAME as SETTINGS_BY_NAME
from nebius_cli.config.settings import Sourced, parse, parse_connection
from nebius_cli.core import suggest
from nebius_cli.core.errors import (
    AuthError,
    ExitCode,
    NbxError,
    NetworkError,
    RateLimitError,
    RejectedError,
    ServerError,
    UsageError,
)
from nebius_cli.core.format import UNKNOWN, compact
from nebius_cli.core.format import age as age_of
from nebius_cli.core.secret import Secret
from nebius_cli.models import model as models
from nebius_cli.models.cache import ModelsCache, Stored
from nebius_cli.models.model import SORTS, Model
from nebius_cli.terminal.tables import BETWEEN

FRESH = 6 * 3600  # seconds in which a list is not asked for again
PATIENCE = 60.0  # seconds for the first byte of a list, unless somebody set first_byte_timeout
HEADER = ("id", "ctx", "$ in", "$ out", "rpm", "tpm", "status", "features")
NUMBERS = HEADER[1:6]
NARROWEST_FEATURES = 18  # characters, as many as structured_outputs has


@dataclass(frozen=True, slots=True)
class ModelsOptions:
    """What was typed after `nbx models`."""

    query: tuple[str, ...] = ()
    id: str = ""
    json: bool = False
    sort: str = "id"
    reverse: bool = False
    refresh: bool = False
    force: bool = False
    api_key_file: str | None = None
    api_key: Secret | None = None
    connection: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list, when it came, and whether it came just now; `tried`: the server could not be asked."""

    models: list[Model]
    fetched_at: float
    asked_now: bool
    tried: bool = False

    @property
    def ids(self) -> list[str]:
        """The ids of all models."""
        return [model.id for model in self.models]


def run_list(options: ModelsOptions, app: App) -> ExitCode:
    """List the models that hold every word of the query in id, name or features."""
    if options.sort not in SORTS:
        raise UsageError(f"--sort {options.sort}", f"it takes {', '.join(SORTS)}")
    listing = _listing(options, app, refresh=options.refresh)
    if not (listing.asked_now or listing.tried):
        app.note(_words(listing, app) + "; --refresh asks again")
    found = models.matching(listing.models, options.query)
    found = models.ordered(found, options.sort, reverse=options.reverse)
    if options.json:
        records = {"models": [models.record(model) for model in found], **_origin(listing, app)}
        app.write_json(records)
    else:
        _write_rows(found, app)
    if not found:
        app.note(f"no model of {len(listing.models)} matches {' '.join(options.query)}".rstrip())
    return ExitCode.DONE


def run_show(options: ModelsOptions, app: App) -> ExitCode:
    """Show everything that is known of one model. Raises RejectedError where it is not in the list."""
    wanted = _named(options, "show")
    listing = _listing_for(wanted, options, app)
    model = next((model for model in listing.models if model.id == wanted), None)
    if model is None:
        raise _missing(wanted, listing, app)
    if options.json:
        app.write_json({**models.record(model), **_origin(listing, app)})
        return ExitCode.DONE
    app.write_table(("member", "value"), models.details(model))
    return ExitCode.DONE


def run_use(options: ModelsOptions, app: App) -> ExitCode:
    """Make a model the default. Raises RejectedError for one that is not in the list, unless forced."""
    wanted = str(parse(SETTINGS_BY_NAME["model"], _named(options, "use")))
    if not options.force:
        _check_listed(wanted, options, app)
    app.config.set("model", wanted, app.profile)
    where = f"profile {app.profile}" if app.profile else str(app.config.path)
    app.note(f"model is {wanted} in {where}")
    stronger = app.settings()["model"]
    if stronger.value != wanted:
        app.warn(f"{stronger.origin} is stronger, and says {stronger.value}")
    return ExitCode.DONE


def _check_listed(wanted: str, options: ModelsOptions, app: App) -> None:
    try:
        listing = _listing_for(wanted, options, app)
    except NbxError as error:
        if not _excusable(error):
            raise
        app.warn(f"there is no list to check {wanted} with: {error.what}")
        return
    if wanted not in listing.ids:
        missing = _missing(wanted, listing, app)
        missing.hint = f"{missing.hint}; --force writes it anyway"
        raise missing


def _named(options: ModelsOptions, command: str) -> str:
    if not options.id:
        raise UsageError("no model named", "", f"nbx models {command} ID; nbx models lists the ids")
    return options.id


def _missing(wanted: str, listing: Listing, app: App) -> RejectedError:
    age = "" if listing.asked_now else f", as of {age_of(_age(listing, app))} ago"
    hint = suggest.did_you_mean(wanted, listing.ids) or "nbx models lists the ids"
    return RejectedError(f"there is no model {wanted}", f"the list has {len(listing.models)}{age}", hint)


def _listing_for(wanted: str, options: ModelsOptions, app: App) -> Listing:
    """Return the list; where a kept one lacks the model that is wanted, the server is asked for its own."""
    listing = _listing(options, app, refresh=options.refresh)
    if wanted in listing.ids or listing.asked_now or listing.tried:
        return listing
    return _listing(options, app, refresh=True, fallback=listing)


def _listing(options: ModelsOptions, app: App, *, refresh: bool, fallback: Listing | None = None) -> Listing:
    """Return the list: a fresh one from the cache, else the server's, else an old one from the cache.

    With `refresh` only the server's will do, unless there is a `fallback`. Raises NbxError.
    """
    merged = app.settings(parse_connection(options.connection))
    cache = app.models_cache(merged)
    stored = None if refresh else cache.read()
    listing = _decoded(stored)
    if stored is not None and listing is not None and 0 <= app.streams.now() - stored.fetched_at < FRESH:
        app.log(f"{_words(listing, app)}, from the cache")
        return _offered(listing, app, cache)
    listing = listing or fallback
    try:
        stored = _fetch(options, app, merged, patient=listing is None)
    except NbxError as error:
        if listing is None or not _excusable(error):
            raise
        app.note(f"{error.line}; {_words(listing, app)}")
        return _offered(replace(listing, tried=True), app, cache)
    try:
        cache.write(stored)
    except OSError as error:
        app.warn(f"the list cannot be kept: {error.strerror or error}")
    return _offered(Listing(models.decode(stored.value), stored.fetched_at, asked_now=True), app, cache)


def _fetch(options: ModelsOptions, app: App, merged: Mapping[str, Sourced], *, patient: bool) -> Stored:
    """Return the server's list; only who is `patient`, having no other, tries again."""
    key = app.key(options.api_key, options.api_key_file, local=False).secret
    return app.ask_models(merged, key, patience=PATIENCE, retries=None if patient else 0)


def _decoded(stored: Stored | None) -> Listing | None:
    if stored is None:
        return None
    try:
        return Listing(models.decode(stored.value), stored.fetched_at, asked_now=False)
    except ServerError:
        return None


def _excusable(error: NbxError) -> bool:
    """Return whether an old list will do, or none: nobody could be asked, and nobody said no."""
    if isinstance(error, AuthError):
        return not error.status
    return isinstance(error, NetworkError | ServerError | RateLimitError)


def _offered(listing: Listing, app: App, cache: ModelsCache) -> Listing:
    """Make TAB offer the ids of this list; whether it can is no matter."""
    try:
        cache.offer(models.completable(listing.ids))
    except OSError as error:
        app.log(f"TAB will not know the models: {error.strerror or error}")
    return listing


def _age(listing: Listing, app: App) -> float:
    return max(0.0, app.streams.now() - listing.fetched_at)


def _words(listing: Listing, app: App) -> str:
    return f"this is the list of {age_of(_age(listing, app))} ago"


def _origin(listing: Listing, app: App) -> dict[str, object]:
    age = _age(listing, app)
    return {
        "fetched_at": int(listing.fetched_at),
        "age_seconds": int(age),
        "cached": not listing.asked_now,
    }


def _write_rows(found: list[Model], app: App) -> None:
    drawn = app.draws_out
    count = compact if drawn else lambda n: UNKNOWN if n is None else str(n)
    rows = [
        (
            model.id,
            count(model.context),
            models.per_million(model.input_price),
            models.per_million(model.output_price),
            count(model.requests),
            count(model.tokens),
            model.status or UNKNOWN,
            (", " if drawn else ",").join(model.features) or UNKNOWN,
        )
        for model in found
    ]
    header = HEADER
    if drawn:
        if not any(model.status for model in found):
            header, *rows = [(*row[:6], row[7]) for row in (header, *rows)]  # type: ignore[assignment]
        header, *rows = _fitting([header, *rows], app.streams.width)  # type: ignore[assignment]
    app.write_table(header, rows, numbers=NUMBERS)


def _fitting(rows: list[tuple[str, ...]], width: int) -> list[tuple[str, ...]]:
    """Return rows with as many columns, from the left, as a terminal can show."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    widths[-1] = min(widths[-1], NARROWEST_FEATURES)  # it may wrap
    fit = len(widths)
    while fit > 1 and sum(widths[:fit]) + BETWEEN * (fit - 1) > width:
        fit -= 1
    return [row[:fit] for row in rows]
