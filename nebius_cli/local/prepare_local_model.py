"""Runs the embedded engine for a command: fetches weights, names the model, starts and stops the engine."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.local import fetch_weights, start_llama_cpp_server
from nebius_cli.local.start_llama_cpp_server import Engine, ModelFileError
from nebius_cli.local.weights import DEFAULT_MODEL, LocalModel
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.system import paths
from nebius_cli.terminal.console import Console

if TYPE_CHECKING:
    from nebius_cli.local.llama_cpp_library_logprobs import LibraryScoring
    from nebius_cli.local.llama_cpp_server_logprobs import EngineScoring

MAX_CHOICES = 64  # the most sequences that nbx sizes the engine's cache for


def weights_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder of fetched weights."""
    return paths.cache_dir(environ) / "weights"


def fetch(model: LocalModel, console: Console, *, force: bool = False) -> Path:
    """Return the file of a known model, fetched if missing or with `force`; shows progress on stderr.

    Raises NbxError.
    """
    from nebius_cli.terminal.download_progress import DownloadProgress

    streams = console.streams
    drawn, color, quiet = console.draws_err, console.color_err, console.quiet
    with DownloadProgress(model.name, streams, drawn=drawn, color=color, quiet=quiet) as on_progress:
        return fetch_weights.fetch(
            model, weights_dir(streams.environ), streams.environ, on_progress, force=force
        )


def model_name(file: str | None, asked: Value | None, console: Console) -> str:
    """Return the name of the local model: that of `file`, or the default model.

    Warns that another model, `asked` for with -m, is ignored.
    """
    name = DEFAULT_MODEL.name if file is None else Path(file).stem
    if asked not in (None, name):
        console.warn(f"-m {asked} is ignored: --local runs {name}")
    return name


def check_request(n: int, *, as_curl: bool) -> None:
    """Raise UsageError for a request that the engine cannot answer: too many choices, or sent by curl."""
    if as_curl:
        why = "the embedded engine stops when nbx exits"
        raise UsageError(
            "--curl cannot be used with a local model",
            why,
            "nbx local serve starts an engine that keeps running",
        )
    if n > MAX_CHOICES:
        why = f"the embedded engine generates at most {MAX_CHOICES} answers at once"
        raise UsageError(f"-n {n} is too many for a local model", why)


@contextlib.contextmanager
def _weights(file: str | None, console: Console) -> Iterator[Path]:
    """Yield the GGUF file to run, the default model's for None. Raises NbxError.

    If the block cannot load weights that nbx fetched, the hint of its error says how to repair them.
    """
    start_llama_cpp_server.require_engine()
    path = Path(file) if file is not None else fetch(DEFAULT_MODEL, console)
    try:
        yield path
    except ModelFileError as error:
        # With two models, it can be the error of the other one's file.
        if file is None and error.path == path:
            error.hint = "the file is damaged: nbx local pull --force downloads it again"
        raise


@contextlib.contextmanager
def running(
    file: str | None, console: Console, *, parallel: int, caches: int = 1, port: int = 0
) -> Iterator[Engine]:
    """Run a GGUF file, or the default model, while the block runs. Raises NbxError.

    `parallel` sequences run at once, with memory for `caches` full contexts; port 0 means any free port.
    """
    with (
        _weights(file, console) as path,
        Engine(path, port=port, parallel=parallel, caches=caches) as started,
    ):
        yield started


@contextlib.contextmanager
def scoring(file: str | None, console: Console) -> "Iterator[tuple[str, LibraryScoring | EngineScoring]]":
    """Yield the name of the model and an object that scores texts with it. Raises NbxError.

    The object uses the engine's library, or its slower server if the library cannot be used.
    """
    from nebius_cli.local.llama_cpp_library_logprobs import LibraryScoring, LibraryUnavailableError
    from nebius_cli.local.llama_cpp_server_logprobs import EngineScoring

    with _weights(file, console) as path, contextlib.ExitStack() as stack:
        started: LibraryScoring | EngineScoring
        try:
            started = stack.enter_context(LibraryScoring(path))
        except LibraryUnavailableError as error:
            console.log(f"scoring with the engine's server, token by token: {error}")
            server = stack.enter_context(Engine(path, parallel=1, for_scoring=True))
            started = stack.enter_context(EngineScoring(server))
        yield path.stem, started
