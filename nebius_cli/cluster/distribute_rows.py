"""Runs the pipeline of Ray Data: reads rows, skips finished ones, and completes and writes the others."""

import functools
from typing import Any

import ray
import ray.data
from ray.data import ActorPoolStrategy, DataContext
from ray.util.client import ray as client

from nebius_cli.cluster.checkpoint_folder import delete_pending, done_keys
from nebius_cli.cluster.completion_actor import Complete
from nebius_cli.cluster.job_for_actors import BLOCK_ROWS, Job
from nebius_cli.cluster.ray_session import beside_driver
from nebius_cli.cluster.read_input import RowsDatasource
from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.system.thread_with_timeout import Task, begin

TASK_CPUS = 0.1  # our tasks mostly wait; with a whole CPU each, Ray's own tasks might get none
MIN_CPUS = 2  # of the cluster: Ray itself needs a whole one to split blocks
ACTORS_PER_NODE = 2


def begin_pass(job: Job, coordinator: Any) -> Task[None]:
    """Begin to read the whole input once, in a thread, and to complete the rows that are not written.

    Raises ConfigError for a cluster that is too small.
    """
    return begin(functools.partial(_pass, job, coordinator, actor_count()), "nbx-ray")


def _pass(job: Job, coordinator: Any, actors: int) -> None:
    if not client.is_connected():
        complete_rows(job, coordinator, actors)
        return
    # Ray Data does not run in a process outside the cluster, so a task on the cluster runs it.
    task = ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=beside_driver())(complete_rows)
    ray.get(task.remote(job, coordinator, actors))


def complete_rows(job: Job, coordinator: Any, actors: int) -> None:
    """Complete and write the rows that are not written."""
    context = DataContext.get_current()
    context.enable_progress_bars = False
    # If a node is lost, only its blocks fail, not the run: another pass completes their rows.
    context.max_errored_blocks = -1
    delete_pending(job)
    source = RowsDatasource(job, coordinator, ray.put(done_keys(job)))
    rows = ray.data.read_datasource(source, override_num_blocks=len(job.files), num_cpus=TASK_CPUS)
    # Without this, Ray makes few large blocks, and nothing is written before the end.
    blocks = rows.repartition(target_num_rows_per_block=BLOCK_ROWS)
    # The actors also write: a kill would lose blocks that wait for Ray's own write tasks.
    written = blocks.map_batches(
        Complete,
        fn_constructor_kwargs={"job": job, "coordinator": coordinator},
        compute=ActorPoolStrategy(size=actors),
        batch_size=None,
        batch_format="pyarrow",
        num_cpus=TASK_CPUS,
        scheduling_strategy="SPREAD",
        max_task_retries=0,  # sent requests may be billed: only missing rows are sent again
    )
    for _ in written.iter_internal_ref_bundles():
        pass


def actor_count() -> int:
    """Return how many actors a run has: two on each node, so that one is busy while the other one waits.

    Raises ConfigError for a cluster that is too small: its tasks would wait forever.
    """
    cpus = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    if sum(cpus) < MIN_CPUS:
        why = f"it has {sum(cpus):g}, but a run needs {MIN_CPUS}"
        raise ConfigError("the cluster has too few CPUs", why, "add a node, or use --ray without an address")
    return ACTORS_PER_NODE * sum(1 for count in cpus if count)
