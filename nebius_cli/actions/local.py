"""`nbx local`: downloads, lists and deletes model files, and serves one with the embedded engine."""

from dataclasses import dataclass

from nebius_cli.actions.app import App
from nebius_cli.core.errors_and_exit_codes import ExitCode, ServerError, UsageError
from nebius_cli.local import prepare_local_model, weights
from nebius_cli.local.weights import DEFAULT_MODEL, MODELS
from nebius_cli.terminal.download_progress import megabytes


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """The arguments and flags of `nbx local`."""

    name: str | None = None
    force: bool = False
    json: bool = False
    port: str = "0"
    model_file: str | None = None


def run_pull(options: LocalOptions, app: App) -> ExitCode:
    """Fetch a model unless it is installed; print its path."""
    model = weights.find_known(options.name or DEFAULT_MODEL.name)
    path = prepare_local_model.fetch(model, app, force=options.force)
    app.write(f"{path}\n")
    return ExitCode.DONE


def run_list(options: LocalOptions, app: App) -> ExitCode:
    """List the installed models and those that nbx can fetch."""
    folder = prepare_local_model.weights_dir(app.streams.environ)
    installed = {entry.name: entry for entry in weights.installed(folder)}
    licences = {model.name: model.licence for model in MODELS}
    sizes = {model.name: model.size for model in MODELS} | {name: installed[name].size for name in installed}
    paths = {name: str(installed[name].path) if name in installed else None for name in sorted(sizes)}
    if options.json:
        entries = [
            {"name": name, "size": sizes[name], "path": path, "licence": licences.get(name)}
            for name, path in paths.items()
        ]
        app.write_json({"models": entries})
        return ExitCode.DONE
    rows = [
        (name, megabytes(sizes[name]) if app.draws_out else str(sizes[name]), path or "not downloaded")
        for name, path in paths.items()
    ]
    app.write_table(("model", "size", "file"), rows, numbers=("size",), stacked=True)
    if None in paths.values():
        app.note(f"downloaded models are stored in {folder}")
    return ExitCode.DONE


def run_rm(options: LocalOptions, app: App) -> ExitCode:
    """Delete a model."""
    name = options.name
    if not name:
        raise UsageError("no model given", "", "nbx local rm NAME; nbx local list shows the names")
    freed = weights.remove(name, prepare_local_model.weights_dir(app.streams.environ))
    app.note(f"removed {name}, {megabytes(freed)}")
    return ExitCode.DONE


def run_serve(options: LocalOptions, app: App) -> ExitCode:
    """Serve a model until Ctrl-C or SIGTERM; print the variables that make another nbx use it."""
    port = options.port
    number = int(port) if port.isascii() and port.isdecimal() and len(port) < 10 else -1
    if not 0 <= number <= 65535:
        raise UsageError(
            f"--port {port}", "must be a number from 0 to 65535", "leave it out to use any free port"
        )
    # Room for two contexts: several prompts at once would fill one.
    with prepare_local_model.running(options.model_file, app, parallel=16, caches=2, port=number) as engine:
        lines = {
            "NEBIUS_BASE_URL": engine.base_url,
            "NEBIUS_API_KEY": engine.key.reveal(),
            "NEBIUS_MODEL": engine.model,
        }
        app.write("".join(f"export {name}={_quoted(value)}\n" for name, value in lines.items()))
        app.note(f"serving {engine.model}; run these lines in another shell; Ctrl-C stops the engine")
        code = engine.wait()
    raise ServerError("the local engine stopped unexpectedly", f"exit code {code}", "run the command again")


def _quoted(value: str) -> str:
    """Quote a value for a POSIX shell."""
    return "'" + value.replace("'", "'\\''") + "'"
