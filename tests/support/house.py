"""The plan of the house: its folders, who may touch the outside world, who may import which package.

tests/test_shape.py keeps it. `python -m tests.support.house` prints the pure modules as patterns for
`coverage report --include`.
"""

import sys

from tests.support.sources import MODULES

# Top floor first: a module imports from its own folder and from folders further down.
FOLDERS = (
    "__main__",
    "main",
    "gen",
    "commands",
    "actions",
    "doctor",
    "cluster",
    "bulk.senders",
    "bulk",
    "bulk.output",
    "bulk.input",
    "scoring",
    "ledger",
    "render",
    "api",
    "shell_completion",
    "local",
    "models",
    "config",
    "terminal",
    "request",
    "response",
    "system",
    "core",
)
# Folders of one group do not import each other; what two of them need is further down.
STRANGERS = (("render", "api", "shell_completion"), ("scoring", "bulk", "ledger"))

# Modules of actions/ that are no action: what several of them do.
SHARED_ACTIONS = ("app", "ray_run", "row_run", "row_scores", "row_server")

PURE_FOLDERS = ("core", "request", "response")
# Modules, or whole folders, that touch files, sockets, processes, threads, the clock, the environment, random
# numbers or a terminal, by themselves or through a package. The tests cover every branch of all others.
OUTSIDE = (
    "__main__",
    "main",
    "gen.__main__",
    "commands",
    "actions.bulk_export",
    "actions.bulk_merge",
    "actions.completion",
    "actions.config",
    "doctor.ledger_checks",
    "doctor.machine_checks",
    "doctor.probe",
    "cluster.complete",
    "cluster.folders",
    "cluster.gate",
    "cluster.handover",
    "cluster.leased",
    "cluster.pipeline",
    "cluster.prepare",
    "cluster.run",
    "cluster.session",
    "cluster.sink",
    "cluster.source",
    "bulk.senders",
    "bulk.display",
    "bulk.results",
    "bulk.check_input",
    "bulk.workers",
    "bulk.input.byte_source",
    "bulk.input.joined_files",
    "bulk.input.parquet",
    "bulk.input.open_input",
    "bulk.output.appender",
    "bulk.output.compaction",
    "bulk.output.failed_rows",
    "bulk.output.join_parts",
    "bulk.output.journal",
    "bulk.output.parquet_file",
    "bulk.output.record_file",
    "bulk.output.shards",
    "system.output_checks",
    "ledger.batch_recorder",
    "ledger.database",
    "ledger.pending",
    "ledger.reservations",
    "ledger.plot",
    "ledger.schema",
    "ledger.store",
    "render.answer_writer",
    "render.heat_view",
    "render.heat_export",
    "render.live_choices",
    "render.token_table",
    "api.authorities",
    "api.connections",
    "api.deadlines",
    "api.early_connection",
    "api.http_response",
    "api.timed_pool",
    "api.timed_reader",
    "api.network_errors",
    "api.large_answers",
    "api.pools",
    "api.proxies",
    "shell_completion.install",
    "local",
    "models.cache",
    "config.file",
    "config.keyring_store",
    "config.keys",
    "config.project_file",
    "terminal",
    "system",
)
# Modules that may speak to the process's own streams; everybody else gets them handed in.
SPEAKERS = ("__main__", "main", "gen.__main__", "local.engine_process", "local.library_process", "system")
SPEECH = ("input", "print", "sys.argv", "sys.exit", "sys.stderr", "sys.stdin", "sys.stdout")

THIRD_PARTY = {
    "backports": ("bulk.input.byte_source",),
    "certifi": ("api.authorities",),
    "compression": ("bulk.input.byte_source",),  # in the standard library from Python 3.14 on
    "keyring": ("config.keyring_store",),
    "platformdirs": ("system.paths",),
    "plotille": ("ledger.plot",),
    "numpy": ("cluster.folders", "cluster.source"),
    "pyarrow": (
        "bulk.input.parquet",
        "bulk.output.parquet_file",
        "cluster.complete",
        "cluster.folders",
        "cluster.sink",
        "cluster.source",
    ),
    "ray": (
        "cluster.complete",
        "cluster.gate",
        "cluster.pipeline",
        "cluster.run",
        "cluster.session",
        "cluster.sink",
        "cluster.source",
    ),
    "requests": ("api.proxies", "doctor.probe", "local.fetch_weights", "local.weights"),
    "rich": (
        "bulk.display",
        "render.heat_view",
        "render.svg_and_html",
        "render.heat_export",
        "render.live_choices",
        "render.token_table",
        "render.usage_summary",
        "terminal.download_progress",
        "terminal.rich_console",
        "terminal.spinner",
        "terminal.tables",
    ),
    "tomli_w": ("config.toml",),
    "typer": ("commands", "gen.__main__"),
    "urllib3": (
        "api.authorities",
        "api.connections",
        "api.http_response",
        "api.timed_pool",
        "api.network_errors",
        "api.pools",
        "api.proxies",
    ),
    "xllamacpp": ("local.engine_process",),
}


# Modules that import Ray when they are imported themselves; only a run on Ray does that.
ON_RAY = tuple(module for module in THIRD_PARTY["ray"] if module != "cluster.session")


def below(module: str, entries: tuple[str, ...]) -> bool:
    """Return whether a module is one of these modules or in one of these folders."""
    return any(module == entry or module.startswith(f"{entry}.") for entry in entries)


def folder_of(module: str) -> str:
    """Return the floor that a module lives on."""
    return max((folder for folder in FOLDERS if below(module, (folder,))), key=len, default="")


PURE = tuple(module for module in MODULES if not below(module, OUTSIDE))

if __name__ == "__main__":
    sys.stdout.write(",".join(f"nebius_cli/{module.replace('.', '/')}.py" for module in PURE) + "\n")
