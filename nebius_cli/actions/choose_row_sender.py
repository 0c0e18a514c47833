"""Chooses where the rows of a run are sent: to the server, or to a model on this machine."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from nebius_cli.actions.app import App
from nebius_cli.api.endpoint import Endpoint
from nebius_cli.bulk import options as bulk
from nebius_cli.bulk.input.non_prompt_row_protocol import ItemRows, RowKind
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.limit_concurrency_and_rate import MAX_CONCURRENCY
from nebius_cli.bulk.options import BulkPlan
from nebius_cli.bulk.output.input_index_by_id import InputRows
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.core.secret import Secret
from nebius_cli.system import file_descriptor_limit

if TYPE_CHECKING:
    from nebius_cli.bulk.senders.api_sender import ApiSender
    from nebius_cli.bulk.senders.local_scoring_sender import LocalScoringSender
    from nebius_cli.bulk.workers.sender_protocol import Sender

MAX_LOCAL_CACHES = 4  # requests whose whole context fits into the local engine's memory


@dataclass(frozen=True, slots=True)
class ItemRun:
    """A run whose rows are items, such as texts to score.

    `open_local_sender` opens the sender on this machine. With --local, it evaluates every row; otherwise,
    only the parts of rows for which `is_here` returns true, and none without `is_here`. `local_model` is the
    name of its model.

    `rows` returns the kind of the rows and their fields. `write_to_stdout` writes records. When every row
    has its result, `totals` returns the summary members for the records of the given input rows, or for all
    records if it gets None. Then `on_finished` is called.
    """

    rows: Callable[[RunSettings], ItemRows]
    open_local_sender: Callable[[], AbstractContextManager["LocalScoringSender"]]
    write_to_stdout: Callable[[bytes], None]
    totals: Callable[[InputRows | None], Mapping[str, Any]]
    on_finished: Callable[[], None]
    is_here: Callable[[Row], bool] | None = None
    local_model: str | None = None


class RowServer(NamedTuple):
    """The server of a run. `exit_error` returns the error if the server has ended, else None.

    `generating` returns how many tokens it has generated for incomplete answers, 0 if that is unknown.
    `open_sender` takes the maximum number of connections, and returns a sender and the host. It waits until
    the server is ready, so it is called late: nbx checks the input while a local model is loading.
    """

    open_sender: Callable[[int], tuple["Sender", str]]
    key: Secret
    exit_error: Callable[[], NbxError | None]
    generating: Callable[[], int] = int


@contextlib.contextmanager
def row_server(
    plan: BulkPlan, settings: RunSettings, kind: RowKind | None, app: App, items: ItemRun | None
) -> Iterator[RowServer]:
    """Yield the server. With --local, a model runs on this machine until the block ends."""
    options = plan.options

    def api_sender(endpoint: Callable[[], Endpoint], pool: int) -> tuple["ApiSender", str]:
        from nebius_cli.bulk.senders.api_sender import ApiSender  # imports urllib3

        api = app.api(settings, endpoint(), pool=pool)
        return ApiSender(api, kind), api.host

    if not options.runs_locally:
        configured = app.endpoint(settings, options.api_key, options.api_key_file)
        open_sender = partial(api_sender, lambda: configured)
        if items is None or items.is_here is None:
            yield RowServer(open_sender, configured.key, lambda: None)
            return
        is_here = items.is_here
        with items.open_local_sender() as local:

            def mixed_sender(pool: int) -> tuple["Sender", str]:
                from nebius_cli.bulk.senders.local_and_api_sender import MixedSender

                api, host = open_sender(pool)
                return MixedSender(api, local, is_here), host

            yield RowServer(mixed_sender, configured.key, lambda: local.exit_error)
        return
    if items is not None:
        with items.open_local_sender() as sender:
            yield RowServer(lambda _: (sender, ""), Secret(""), lambda: sender.exit_error)
        return
    from nebius_cli.local import prepare_local_model
    from nebius_cli.local.count_tokens_in_progress import TokensInProgress

    slots = max(plan.concurrency or bulk.LOCAL_CONCURRENCY, plan.choices)
    caches = min(MAX_LOCAL_CACHES, slots)
    with prepare_local_model.running(options.model_file, app, parallel=slots, caches=caches) as engine:
        # The engine takes a while to load the model; use the time for this import.
        import nebius_cli.bulk.workers.send_and_receive  # noqa: F401

        def ready() -> Endpoint:
            return Endpoint(engine.base_url, engine.key, is_local=True)

        generating = TokensInProgress(engine, app.streams.monotonic)
        yield RowServer(partial(api_sender, ready), engine.key, engine.exit_error, generating)


def connections(plan: BulkPlan, app: App) -> int:
    """Return how many connections the run may open; print a note if it asked for more."""
    wanted = plan.concurrency or MAX_CONCURRENCY
    allowed = file_descriptor_limit.allowed_requests()
    if wanted <= allowed:
        return wanted
    if plan.concurrency is not None:
        app.note(
            f"at most {allowed:.0f} requests at once: the limit on open files is low; ulimit -n raises it"
        )
    return int(allowed)
