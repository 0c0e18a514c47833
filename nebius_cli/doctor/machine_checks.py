"""Checks the set-up of this machine: config files, the key, the embedded engine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nebius_cli.config import merge_settings_layers
from nebius_cli.config.find_api_key import KeySource, missing_key
from nebius_cli.config.merge_settings_layers import EffectiveSettings
from nebius_cli.config.read_and_write_config_file import ConfigFile
from nebius_cli.core.errors_and_exit_codes import ConfigError, NbxError
from nebius_cli.core.secret import Secret
from nebius_cli.doctor import check_results, probes
from nebius_cli.doctor.check_results import Check, State
from nebius_cli.local import start_llama_cpp_server, weights
from nebius_cli.system.thread_with_timeout import run_with_timeout

KEY_TIMEOUT_S = 35.0  # api_key_command or a keyring may ask the user for a password
LOAD_TIMEOUT_S = 60.0
OTHERS_WRITE = 0o022  # permission bits of group and others


def check_config(
    file: ConfigFile, effective: EffectiveSettings, environ: Mapping[str, str]
) -> Iterator[Check]:
    """Check the config file, the settings, the environment variables, the profile and the project file."""
    problems: list[NbxError] = [*effective.problems]
    unused: list[NbxError] = []  # problems in profiles that are not active
    try:
        unused = [*merge_settings_layers.problems_of(file.read())]
        yield _check_config_file(file.path)
    except ConfigError as error:
        problems = [error, *(problem for problem in problems if problem.what != error.what)]
    yield from (check_results.failed_check("config", problem) for problem in problems)
    reported = {problem.what for problem in problems}
    for problem in unused:
        if problem.what not in reported:
            yield replace(check_results.failed_check("config", problem), state=State.WARN)
    for name in sorted(environ):
        if close := merge_settings_layers.misspelled(name):
            yield Check("config", State.WARN, f"nbx does not read {name}", f"did you mean {close}?")
    if chosen := effective.profile:
        yield Check("profile", State.OK, f"{chosen.value}, from {chosen.origin}")
    if effective.project:
        yield Check("project file", State.OK, effective.project)


def _check_config_file(path: Path) -> Check:
    if not path.exists():
        return Check("config", State.OK, f"no file {path}")
    for place in (path, path.parent):
        if (mode := probes.permissions(place)) is not None and mode & OTHERS_WRITE:
            text = f"other users of this machine can write to {place} (mode {mode:04o})"
            return Check("config", State.WARN, text, f"chmod go-w {place}")
    mode = probes.permissions(path)
    return Check("config", State.OK, f"{path}" if mode is None else f"{path} (mode {mode:04o})")


def find_key(places: Sequence[KeySource], environ: Mapping[str, str]) -> tuple[Secret, Check]:
    """Read the key from the first source. Raises NbxError, AuthError if there is no source."""
    if not places:
        raise missing_key(environ, "nbx complete --local needs no key")
    first = places[0]
    # A typed key is read in this thread: after a timeout, another thread would leave echo turned off.
    key = run_with_timeout(KEY_TIMEOUT_S, first.read) if first.asks else first.read()
    others = ", ".join(f"{place.kind.value}: {place.where}" for place in places[1:])
    text = f"{key.tail} from {first.kind.value}: {first.where}"
    text += f"; not used: {others}" if others else ""
    if mends := list(dict.fromkeys(place.chmod_command for place in places if place.chmod_command)):
        what = "it" if first.chmod_command else "one that is not used"
        text += f"; other users of this machine can read {what}"
        return key, Check("key", State.WARN, text, "; ".join(mends))
    return key, Check("key", State.OK, text)


def check_engine(directory: Path, monotonic: Callable[[], float], *, live: bool) -> Check:
    """Check the embedded engine and its default model in `directory`; `live` loads the model."""
    try:
        start_llama_cpp_server.require_engine()
    except ConfigError as error:
        return Check("engine", State.SKIPPED, error.what, error.hint)
    installed = {model.name: model for model in weights.installed(directory)}
    name = weights.DEFAULT_MODEL.name
    if name not in installed:
        return Check("engine", State.SKIPPED, f"{name} is not downloaded", "nbx local pull downloads it")
    if not live:
        return Check("engine", State.OK, f"installed, {name} is downloaded; --live loads it")
    started = monotonic()
    with start_llama_cpp_server.Engine(installed[name].path) as running:
        run_with_timeout(LOAD_TIMEOUT_S, running.ready)
    return Check("engine", State.OK, f"loaded {name} in {monotonic() - started:.1f} s")
