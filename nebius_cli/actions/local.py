"""`nbx local`: fetch, list and delete model files, and serve one with the embedded engine."""

from collections.abc import Callable
from typing import TypeVar

from nebius_cli.actions.app import App
from nebius_cli.core.errors import ConfigError, ExitCode, ServerError, UsageError
from nebius_cli.local import weights
from nebius_cli.local.weights import DEFAULT_MODEL, MODELS
from nebius_cli.terminal.download_progress import megabytes

T = TypeVar("T")


def run_pull(app: App, name: str = DEFAULT_MODEL.name, *, force: bool = False) -> ExitCode:
    """Fetch a model unless it is installed; print its path."""
    model = _find(lambda: weights.find_known(name))
    path = app.weights(model, force=force)
    app.write(f"{path}\n")
    return ExitCode.DONE


def run_list(app: App, *, json: bool = False) -> ExitCode:
    """List the installed models and those that nbx can fetch."""
    installed = {entry.name: entry for entry in weights.installed(app.weights_dir)}
    licences = {model.name: model.licence for model in MODELS}
    sizes = {model.name: model.size for model in MODELS} | {name: installed[name].size for name in installed}
    paths = {name: str(installed[name].path) if name in installed else None for name in sorted(sizes)}
    if json:
        entries = [
            {"name": name, "size": sizes[name], "path": path, "licence": licences.get(name)}
            for name, path in paths.items()
        ]
        app.write_json({"models": entries})
        return ExitCode.DONE
    rows = [
        (name, megabytes(sizes[name]) if app.draws_out else str(sizes[name]), path or "not fetched")
        for name, path in paths.items()
    ]
    app.write_table(("model", "size", "file"), rows, numbers=("size",))
    if None in paths.values():
        app.note(f"what is fetched is kept in {app.weights_dir}")
    return ExitCode.DONE


def run_rm(app: App, name: str = "") -> ExitCode:
    """Delete a model."""
    if not name:
        raise UsageError("no model named", "", "nbx local rm NAME; nbx local list shows the names")
    freed = _find(lambda: weights.remove(name, app.weights_dir))
    app.note(f"removed {name}, {megabytes(freed)}")
    return ExitCode.DONE


def run_serve(app: App, *, port: str = "0", model_file: str | None = None) -> ExitCode:
    """Serve a model until Ctrl-C or SIGTERM; print the variables that make another nbx use it."""
    number = int(port) if port.isascii() and port.isdecimal() and len(port) < 10 else -1
    if not 0 <= number <= 65535:
        raise UsageError(
            f"--port {port}", "a port is a number from 0 to 65535", "leave it out for any free one"
        )
    # A second cache, so that several prompts at once do not fill it.
    with app.engine(model_file, parallel=16, caches=2, port=number) as running:
        lines = {
            "NEBIUS_BASE_URL": running.base_url,
            "NEBIUS_API_KEY": running.key.reveal(),
            "NEBIUS_MODEL": running.model,
        }
        app.write("".join(f"export {name}={_quoted(value)}\n" for name, value in lines.items()))
        app.note(f"serving {running.model}; give these lines to another shell, Ctrl-C ends it")
        code = running.wait()
    raise ServerError("the engine ended by itself", f"its exit code was {code}", "start it again")


def _find(find: Callable[[], T]) -> T:
    """Return the result of `find`; turn a ConfigError about a name on the command line into a UsageError."""
    try:
        return find()
    except ConfigError as error:
        raise UsageError(error.what, error.why, error.hint) from None


def _quoted(value: str) -> str:
    """Quote a value for a POSIX shell."""
    return "'" + value.replace("'", "'\\''") + "'"
