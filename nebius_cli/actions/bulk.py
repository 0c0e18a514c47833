"""`nbx bulk`: a file of prompts, each completed once: what to send, and what becomes of it."""

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nebius_cli.actions.app import App
from nebius_cli.api.endpoint import Endpoint
from nebius_cli.api.limits import limits_of
from nebius_cli.bulk import options as bulk
from nebius_cli.bulk import resume
from nebius_cli.bulk.budget import Charge
from nebius_cli.bulk.counts import RunCounts, capped, price_records
from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.display import FIGURES, BulkDisplay, figures
from nebius_cli.bulk.input.row_files import RowFile, open_rows
from nebius_cli.bulk.input.row_reader import FIRST_BAD, BadRow, RowReader
from nebius_cli.bulk.input.row_source import RowSource
from nebius_cli.bulk.options import BulkOptions, BulkPlan
from nebius_cli.bulk.output.journal import Journal, Sink, is_file
from nebius_cli.bulk.output.record_file import answered
from nebius_cli.bulk.rate_control import MOST
from nebius_cli.bulk.results import ResultWriter, open_output, opened
from nebius_cli.bulk.summary import open_summary
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core import jsontext
from nebius_cli.core.digest_set import DigestSet
from nebius_cli.core.errors import BadInputError, ExitCode, Interrupted, NbxError, ReaderGone, Terminated
from nebius_cli.core.money import PriceList
from nebius_cli.core.secret import Secret
from nebius_cli.models.cache import PriceSource
from nebius_cli.request import request
from nebius_cli.system.files import OutputFile

if TYPE_CHECKING:
    from nebius_cli.bulk.workers import WorkerPool
    from nebius_cli.ledger.batch_recorder import BatchRecorder

SHORT_HELP = """usage: nbx bulk [OPTIONS] FILE
  nbx bulk prompts.jsonl -o answers.jsonl --max-tokens 64
  nbx bulk questions.csv --template "Q: {question}\\nA:" -o answers.jsonl
  nbx bulk run --help  shows every flag
"""

MOST_CACHES = 4  # whole contexts that the local engine has room for
PRICES_TIMEOUT_S = 30.0  # for the first byte of the model list, unless first_byte_timeout is set
DRAIN = 10.0  # seconds for what is on its way when the run is stopped
SIGNALS = {KeyboardInterrupt: "Ctrl-C", Interrupted: "Ctrl-C", Terminated: "SIGTERM"}


def run(options: BulkOptions, app: App) -> ExitCode:
    """Complete every row that has no answer yet. Raises NbxError for what ends the run before its end."""
    if options.input == "-" and app.streams.stdin_has_no_input:
        app.streams.write_err(SHORT_HELP)
        return ExitCode.USAGE
    asked = bulk.read(options, app.read_text)
    settings = app.settings(options.connection)
    reader = _reader(asked, settings, app)

    def open_file() -> RowFile:
        stdin = app.streams.take_stdin() if options.input == "-" else None
        return open_rows(options.input, options.format, nul=options.null, reading=asked.reading, stdin=stdin)

    with RowSource(open_file, reader) as source:
        if options.dry_run:
            return _show_first(source, app)
        if options.estimate:
            return _estimate(asked, settings, reader, source, app)
        if asked.shard.of > 1 and asked.limited:
            app.note(f"limits and caps are for all {asked.shard.of} shards; this one keeps to its part")
        if not options.runs_here:
            app.check_budget(settings, reader.model, over=options.over_budget)
        summary = open_summary(options)
        with _server(asked, settings, app) as (endpoint, key):
            price_source = _price_source(settings, app, lambda: key)
            if asked.max_cost is not None and asked.prices is None and reader.model:
                price_source.require(reader.model)
                bulk.check_price(reader.model, price_source.prices)
            prices = asked.prices or price_source.prices
            with opened(asked, source, reader, prices, lambda: _output(options, app)) as (journal, total):
                if journal.unasked and 0 in (source.left_out or ()):
                    app.note(bulk.other_requests(journal.unasked, options.output))
                going = _Run(asked, prices, source, journal, app, total, summary)
                return going.go(settings, reader, endpoint())


def _reader(asked: BulkPlan, settings: RunSettings, app: App) -> RowReader:
    """Return what makes the rows; say what is doubtful about those that set nothing themselves."""
    options = asked.options
    local_model: str | None = None
    if options.runs_here:
        from nebius_cli.local import embedded

        local_model = embedded.model_name(options.model_file, asked.given.get("model"), app)
    reader = asked.reader(settings, local_model)
    for warning in request.warnings(reader.bare, local=options.runs_here):
        app.warn(warning)
    return reader


def _show_first(source: RowSource, app: App) -> ExitCode:
    """Print the body of the first request. Raises BadInputError where the first row has none."""
    row = next(iter(source), None)
    if row is None:
        raise BadInputError(f"{source.name} has no rows", "", "--format says what it is")
    if isinstance(row, BadRow):
        raise source.refuse([row], 1)
    app.put_json(row.body + b"\n")
    return ExitCode.DONE


def _estimate(
    asked: BulkPlan, settings: RunSettings, reader: RowReader, source: RowSource, app: App
) -> ExitCode:
    """Say what the rows that have no answer yet would take; nothing is sent but the question for prices."""
    options = asked.options
    price_source = _price_source(
        settings, app, lambda: app.key(settings, options.api_key, options.api_key_file).secret
    )
    if asked.prices is None and reader.model:
        try:
            price_source.require(reader.model)
        except NbxError as error:
            app.note(f"prices are unknown: {error.what}")
    prices = asked.prices or price_source.prices
    done = DigestSet() if options.restart or not is_file(options.output) else answered(Path(options.output))
    found, bad = source.estimate(done, prices, skips=options.on_bad_row == "skip")
    rpm, tpm = (None, None) if options.runs_here else price_source.limits(reader.model)
    seconds = found.seconds(
        asked.rpm or bulk.shared_out(rpm, asked.shard.of),
        asked.tpm or bulk.shared_out(tpm, asked.shard.of),
        asked.group,
    )
    if found.completion is None:
        app.note("rows without max_tokens have no longest answer, and no cost: --max-tokens N sets one")
    if bad:
        app.note(f"bad rows, which are left out: {bad:,}")
    if options.json:
        app.write_json(found.to_json(seconds))
    else:
        rows = figures(found.to_rows(seconds), found.to_json(seconds), drawn=app.draws_out)
        app.write_table(FIGURES, rows)
    return ExitCode.DONE


def _price_source(settings: RunSettings, app: App, key: Callable[[], Secret]) -> PriceSource:
    return PriceSource(
        app.models_cache(settings),
        lambda: app.ask_models(settings, key(), first_byte_timeout_s=PRICES_TIMEOUT_S),
    )


@contextlib.contextmanager
def _server(
    asked: BulkPlan, settings: RunSettings, app: App
) -> Iterator[tuple[Callable[[], Endpoint], Secret]]:
    """Give what returns the endpoint, and the key: the configured ones, or an engine's while it runs.

    An engine has its URL when the model is loaded; the input is looked through meanwhile.
    """
    options = asked.options
    if not options.runs_here:
        configured = app.endpoint(settings, options.api_key, options.api_key_file)
        yield lambda: configured, configured.key
        return
    from nebius_cli.local import embedded

    slots = max(asked.concurrency or bulk.LOCAL_CONCURRENCY, asked.choices)
    caches = min(MOST_CACHES, slots)
    with embedded.running(options.model_file, app, parallel=slots, caches=caches) as engine:
        # Its process takes a while to load the model; this import happens meanwhile.
        import nebius_cli.bulk.workers  # noqa: F401

        yield lambda: Endpoint(engine.base_url, engine.key, is_local=True), engine.key


def _output(options: BulkOptions, app: App) -> Journal | Sink:
    if options.output == "-" and app.streams.stdout_tty:
        app.note("answers on a terminal are kept nowhere; -o FILE keeps them")
    return open_output(options, app.put_json, app.note)


class _Run:
    """One run from its first request to its summary; `total` rows, None where they are not counted."""

    def __init__(
        self,
        asked: BulkPlan,
        prices: PriceList,
        source: RowSource,
        journal: Journal | Sink,
        app: App,
        total: int | None,
        summary: OutputFile | None,
    ) -> None:
        self._asked = asked
        self._prices = prices
        self._source = source
        self._journal = journal
        self._app = app
        self._summary = summary
        self._tally = RunCounts(total)
        self._began = app.streams.monotonic()

    def go(self, settings: RunSettings, reader: RowReader, endpoint: Endpoint) -> ExitCode:
        """Send what has no answer. Raises what ended the run early, after saying how to go on."""
        from nebius_cli.bulk.workers import WorkerPool  # brings urllib3

        app, options = self._app, self._asked.options
        limits = limits_of(settings)
        outbox = ResultWriter(self._journal, self._asked, json.loads(reader.defaults), self._tally)
        dispatcher = self._asked.dispatcher(
            self._prices,
            self._spent(reader.model),
            limits.retries,
            now=self._began,
            chance=app.streams.random,
            taking=outbox.room,
            model=reader.model,
        )
        api = app.api(settings, endpoint, pool=self._asked.concurrency or MOST)
        host, local_model = (None, reader.model) if endpoint.is_local else (api.host, None)
        recorder = app.batch_recorder(
            settings, self._prices, over=options.over_budget, host=host, local_model=local_model
        )
        check = functools.partial(self._asked.check, prices=self._prices)
        try:
            with self._board() as board, contextlib.closing(recorder):
                rows = outbox.sieve(self._source, check, board.post)
                clock, seekable = app.streams.monotonic, self._source.seekable
                crew = WorkerPool(
                    api, dispatcher, rows, outbox.put, recorder.add, clock, limits, at_once=seekable
                )
                try:
                    self._work(crew, dispatcher, board, recorder)
                except BaseException:
                    with contextlib.suppress(NbxError):
                        outbox.leave(crew.abandon())
                    raise
            outbox.finish(whole=True)
            left_over = self._journal.left_over
            self._journal.close()
        except BaseException as stop:
            with contextlib.suppress(NbxError):  # what stopped the run is what counts
                outbox.finish(whole=False)
                self._journal.close()
            if not isinstance(stop, ReaderGone):
                self._tell_end(dispatcher, stop)
            raise
        if left_over:
            app.note(f"answers in {options.output} of rows that are not in this input: {left_over:,}")
        self._tell(dispatcher, "")
        if not self._tally.failed:
            return ExitCode.DONE
        if app.flags.quiet:
            app.report([self._tally.failure()])
        return ExitCode.ROWS_FAILED

    def _spent(self, model: str) -> Charge:
        before = self._journal.scanned
        spent = Charge(before.prompt_tokens, before.completion_tokens, before.cost)
        if not before.unpriced or self._asked.max_cost is None:
            return spent
        more, note = price_records(before.unpriced, before.unpriced_tokens, self._prices.of_model(model))
        self._app.note(note)
        return Charge(spent.prompt, spent.completion, before.cost + more)

    def _board(self) -> BulkDisplay:
        app = self._app
        shared = app.streams.stdout_tty and isinstance(self._journal, Sink)
        drawn = app.draws_err and not shared and not app.flags.verbose
        return BulkDisplay(app.streams, drawn=drawn, color=app.color_err, quiet=app.flags.quiet)

    def _work(
        self, crew: "WorkerPool", dispatcher: Dispatcher, board: BulkDisplay, recorder: "BatchRecorder"
    ) -> None:
        """Return when every row has its end. Raises what ended the run before."""

        def show() -> None:
            now = self._app.streams.monotonic()
            board.show(self._tally.snapshot(dispatcher, now, self._source.share))
            recorder.tick(dispatcher.stop)

        try:
            crew.run(show)
        except tuple(SIGNALS):
            if count := dispatcher.in_flight:
                board.note(
                    f"waiting {DRAIN:.0f} s at most for {count} on the way; Ctrl-C again leaves at once"
                )
            if not crew.drain(DRAIN):
                board.note(f"{dispatcher.in_flight} did not come back; their rows will be sent again")
            raise
        if self._tally.bad > FIRST_BAD:
            board.post(f"{self._tally.bad:,} bad rows are left out in all")
        if dispatcher.fatal is not None:
            raise dispatcher.fatal
        if dispatcher.capped:
            raise capped(dispatcher)

    def _tell_end(self, dispatcher: Dispatcher, stop: BaseException) -> None:
        """Say what the run came to before its end, and in what ended it how to go on."""
        try:
            self._tell(dispatcher, SIGNALS.get(type(stop), str(stop)))
        except NbxError as error:
            self._app.warn(error.line)
        if isinstance(self._journal, Journal):
            resume.point(stop, self._app.argv)

    def _tell(self, dispatcher: Dispatcher, stopped: str) -> None:
        """Say what the run came to."""
        app = self._app
        seconds = app.streams.monotonic() - self._began
        summary = self._tally.summary(dispatcher, seconds, stopped)
        plain = summary.to_json()
        if not app.flags.quiet:
            told = {name: value for name, value in plain.items() if name != "stopped"}  # the message says it
            app.write_table(FIGURES, figures(summary.to_rows(), told, drawn=app.draws_err), err=True)
        if self._summary is not None:
            self._summary.write(jsontext.encode(plain) + b"\n")
            self._summary.finish()
