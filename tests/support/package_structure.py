"""The structure of the package: its folders, which modules do I/O, and the third-party packages they import.

tests/test_shape.py enforces it. `python -m tests.support.package_structure` prints the pure modules as
patterns for `coverage report --include`.
"""

import sys

from tests.support.sources import MODULES

# A module imports only from its own folder and from folders further down in this list.
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
    "bulk.export",
    "bulk.output",
    "bulk.input",
    "scoring",
    "ledger",
    "render",
    "api",
    "shell_completion",
    "command_tree",
    "local",
    "models",
    "config",
    "terminal",
    "request",
    "response",
    "system",
    "core",
)
# Folders of one group do not import each other; code that two of them need is further down.
INDEPENDENT_FOLDERS = (("render", "api", "shell_completion"), ("scoring", "bulk", "ledger"))

# Modules of actions/ that are not actions: code that several actions share.
SHARED_ACTIONS = ("app", "report_run", "run_rows", "score_file", "choose_row_sender")

PURE_FOLDERS = ("core", "request", "response")
# Modules and folders that use files, sockets, processes, threads, the clock, the environment, random numbers
# or a terminal, themselves or through a package. The tests cover every branch of all other modules.
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
    "doctor.probes",
    "cluster.completion_actor",
    "cluster.find_input",
    "cluster.coordinator_actor",
    "cluster.key_handover",
    "cluster.request_permits",
    "cluster.distribute_rows",
    "cluster.check_output_folder",
    "cluster.prepare_run",
    "cluster.ray_driver",
    "cluster.checkpoint_folder",
    "cluster.ray_session",
    "cluster.write_answers",
    "cluster.read_input",
    "bulk.senders",
    "bulk.progress_display",
    "bulk.result_writer",
    "bulk.check_rows_before_sending",
    "bulk.workers",
    "bulk.input.byte_source",
    "bulk.input.several_files",
    "bulk.input.read_parquet",
    "bulk.input.open_input",
    "bulk.output.read_answers_in_order",
    "bulk.output.append_records",
    "bulk.output.order_and_compact_file",
    "bulk.output.failed_rows_file",
    "bulk.output.join_results_of_row",
    "bulk.output.journal",
    "bulk.export.parquet_file",
    "bulk.output.read_records",
    "bulk.output.merge_shards",
    "ledger.bulk_recorder",
    "ledger.sqlite_file",
    "ledger.pending_rows_file",
    "ledger.budget_reservations",
    "ledger.usage_plot",
    "ledger.schema",
    "ledger.ledger_database",
    "render.answer_writer",
    "render.heat_view",
    "render.export_heat_view",
    "render.live_choices",
    "render.token_table_view",
    "api.tls_authorities",
    "api.connection_with_deadline",
    "api.deadlines",
    "api.connect_during_import",
    "api.http_response",
    "api.connection_pool",
    "api.read_until_deadline",
    "api.network_errors",
    "api.large_answer_slots",
    "api.choose_pool_and_headers",
    "api.choose_proxy",
    "shell_completion.install_locations",
    "local",
    "models.model_and_price_cache",
    "config.read_and_write_config_file",
    "config.system_keyring",
    "config.find_api_key",
    "config.project_file",
    "terminal",
    "system",
)
# Modules that may use the process's own streams; all others receive streams as arguments.
STREAM_USERS = (
    "__main__",
    "main",
    "gen.__main__",
    "local.llama_cpp_engine_process",
    "local.llama_cpp_scoring_script",
    "system",
)
STREAM_NAMES = ("input", "print", "sys.argv", "sys.exit", "sys.stderr", "sys.stdin", "sys.stdout")

THIRD_PARTY = {
    "backports": ("bulk.input.byte_source",),
    "certifi": ("api.tls_authorities",),
    "compression": ("bulk.input.byte_source",),  # in the standard library from Python 3.14 on
    "keyring": ("config.system_keyring",),
    "platformdirs": ("system.paths",),
    "plotille": ("ledger.usage_plot",),
    "numpy": ("cluster.read_input", "cluster.checkpoint_folder"),
    "pyarrow": (
        "bulk.input.read_parquet",
        "bulk.export.parquet_file",
        "cluster.completion_actor",
        "cluster.find_input",
        "cluster.check_output_folder",
        "cluster.checkpoint_folder",
        "cluster.write_answers",
        "cluster.read_input",
    ),
    "ray": (
        "cluster.completion_actor",
        "cluster.coordinator_actor",
        "cluster.distribute_rows",
        "cluster.ray_driver",
        "cluster.ray_session",
        "cluster.write_answers",
        "cluster.read_input",
    ),
    "requests": ("local.fetch_weights",),
    "rich": (
        "bulk.progress_display",
        "render.heat_view",
        "render.svg_and_html",
        "render.export_heat_view",
        "render.live_choices",
        "render.token_table_view",
        "render.usage_display",
        "terminal.download_progress",
        "terminal.rich_console",
        "terminal.spinner",
        "terminal.write_table",
    ),
    "tomli_w": ("config.find_toml_entry",),
    "typer": ("commands", "gen.__main__"),
    "urllib3": (
        "api.tls_authorities",
        "api.connection_with_deadline",
        "api.http_response",
        "api.connection_pool",
        "api.network_errors",
        "api.choose_pool_and_headers",
        "api.choose_proxy",
    ),
    "xllamacpp": ("local.llama_cpp_engine_process",),
}


# Modules that import Ray at import time; only a run on Ray imports them.
ON_RAY = tuple(module for module in THIRD_PARTY["ray"] if module != "cluster.ray_session")


def below(module: str, entries: tuple[str, ...]) -> bool:
    """Return whether a module is one of these modules or in one of these folders."""
    return any(module == entry or module.startswith(f"{entry}.") for entry in entries)


def folder_of(module: str) -> str:
    """Return the entry of FOLDERS that a module belongs to."""
    return max((folder for folder in FOLDERS if below(module, (folder,))), key=len, default="")


PURE = tuple(module for module in MODULES if not below(module, OUTSIDE))

if __name__ == "__main__":
    sys.stdout.write(",".join(f"nebius_cli/{module.replace('.', '/')}.py" for module in PURE) + "\n")
