"""Reads and writes config.toml. No other module opens that file."""

import codecs
import contextlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nebius_cli.config import change_toml_entry, find_toml_entry
from nebius_cli.config.merge_settings_layers import EDIT, ConfigSource, no_profile
from nebius_cli.config.settings_table import PROFILES, SETTINGS, USE_PROFILE, Sourced, keys_of
from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.system.lock import hold_lock
from nebius_cli.system.read_and_replace_files import make_folder, read_if_exists, write_atomically
from nebius_cli.system.temporary_file import sibling

FILE_MODE = 0o600  # mode of a new file, and of every file that holds a key
GROUP_AND_OTHERS = 0o077
LOCK_TIMEOUT_S = 60.0  # how long to wait for other writers; each takes a few milliseconds
LOCK_RETRY_S = 0.02
PRIVATE = tuple(setting.field.name for setting in SETTINGS if setting.secret or setting.private)
SECRETS = tuple(setting.field.name for setting in SETTINGS if setting.secret)
# A draft may not be valid TOML yet, so a key in it is found by the name of the setting alone.
SECRET_IN_TEXT = rf"\b({'|'.join(SECRETS)})\b".encode()


def read_toml(path: Path, hint: str) -> ConfigSource | None:
    """Return the content of a TOML file, None if there is no file. Raises ConfigError with `hint`."""
    data = read_if_exists(path)
    return None if data is None else parse(data, path, hint)


def parse(data: bytes, path: Path, hint: str) -> ConfigSource:
    """Return the content of a file with these bytes. Raises ConfigError with file, line and `hint`."""
    try:
        text = data.decode("utf-8-sig")  # some editors put a byte order mark in front
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8", f"at byte {error.start}", hint) from None
    try:
        return ConfigSource(str(path), text, find_toml_entry.parse(text))
    except find_toml_entry.TomlError as error:
        where = f"{path}:{error.line}:{error.column}"
        raise ConfigError(f"{where}: not valid TOML", str(error), hint) from None


class ConfigFile:
    """The config file at `path`: top-level keys are settings, `[profile.NAME]` tables override them.

    A change locks the file, reads it again and replaces it in one step. `warn` is called for other changes
    to the file, such as a new mode.
    """

    def __init__(
        self, path: Path, warn: Callable[[str], None], lock_timeout_s: float = LOCK_TIMEOUT_S
    ) -> None:
        self.path = path
        self._warn = warn
        self._lock_timeout_s = lock_timeout_s
        self._last_read: ConfigSource | ConfigError | None = None

    def read(self) -> ConfigSource:
        """Return the content of the file, empty if there is no file. Raises ConfigError.

        The file is opened once, so that a run does not mix two versions of it. After a change, this returns
        the new content.
        """
        if self._last_read is None:
            try:
                self._last_read = read_toml(self.path, EDIT) or ConfigSource(str(self.path), "", {})
            except ConfigError as error:
                self._last_read = error
        if isinstance(self._last_read, ConfigError):
            raise self._last_read
        return self._last_read

    def content(self) -> bytes:
        """Return the bytes of the file as they are now, empty if there is none. Raises ConfigError."""
        return read_if_exists(self.path) or b""

    def set(self, name: str, value: Any, profile: str | None = None) -> None:
        """Write one setting. Raises ConfigError if there is no such profile or the file cannot be written."""

        def with_it(text: str, table: Mapping[str, Any]) -> str:
            # Only add_profile creates profiles: a mistyped name must not create one.
            source = ConfigSource(str(self.path), text, table)
            if profile and profile not in source.profiles and isinstance(table.get(PROFILES, {}), Mapping):
                raise no_profile(Sourced(profile, f"cannot write {self.path}"), source)
            return change_toml_entry.set_entry(text, _keys(name, profile), value)

        self._change(with_it)

    def unset(self, name: str, profile: str | None = None) -> bool:
        """Remove one setting; return whether it was set. Raises ConfigError."""
        parent = (PROFILES, profile) if profile else ()

        def without(text: str, table: Mapping[str, Any]) -> str:
            # A name with a dot may also be a single key, in quotes.
            for keys in ((*parent, *keys_of(name)), (*parent, name)):
                if find_toml_entry.holds(table, keys):
                    return _without_empty(
                        change_toml_entry.remove_entry(text, keys), keys[len(parent) : -1], parent
                    )
            return text

        return self._change(without)

    def add_profile(self, name: str, settings: Mapping[str, Any]) -> bool:
        """Write a new profile; return False, and change nothing, if it exists. Raises ConfigError."""
        keys = (PROFILES, name)

        def with_it(text: str, table: Mapping[str, Any]) -> str:
            return (
                text
                if find_toml_entry.holds(table, keys)
                else change_toml_entry.put_table(text, keys, _nested(settings))
            )

        return self._change(with_it)

    def remove_profile(self, name: str) -> dict[str, Any] | None:
        """Remove a profile, and use_profile if it names it; return the settings. Raises ConfigError."""
        removed: list[dict[str, Any]] = []

        def without(text: str, table: Mapping[str, Any]) -> str:
            if not find_toml_entry.holds(table, (PROFILES, name)):
                return text
            removed.append(table[PROFILES][name])
            text = change_toml_entry.remove_entry(text, (PROFILES, name))
            return (
                change_toml_entry.remove_entry(text, (USE_PROFILE,))
                if table.get(USE_PROFILE) == name
                else text
            )

        self._change(without)
        return removed[0] if removed else None

    def replace(self, old: bytes, new: bytes) -> bool:
        """Replace the bytes `old` by `new`; return False if the file has changed. Raises ConfigError."""
        with self._locked():
            if self.content() != old:
                return False
            source = parse(new, self.path, "")
            self._write(new, source.table)
            self._last_read = source
        return True

    @contextlib.contextmanager
    def editing(self) -> Iterator[None]:
        """Hold the lock of `nbx config edit` in the block. Raises ConfigError if another process holds it."""

        def refuse() -> None:
            raise ConfigError(
                f"{self.path} is being edited", "another nbx config edit is open", "close it first"
            )

        with self._mapping_errors():
            make_folder(self.path.parent)
            with hold_lock(self.path.with_name(f"{self.path.stem}.edit.lock"), refuse):
                yield

    def draft(self, old: bytes) -> Path:
        """Return the path of the draft that is to replace a file with the bytes `old`."""
        import hashlib

        digest = hashlib.sha256(old).hexdigest()[:12]
        return self.path.with_name(f"{self.path.stem}.edit-{digest}.toml")

    def drafts(self) -> list[Path]:
        """Return the drafts that were kept; their names contain a hash of the file that they are based on."""
        return sorted(self.path.parent.glob(f"{self.path.stem}.edit-*.toml"))

    def drafts_with_key(self) -> list[Path]:
        """Return the drafts that may hold a key."""
        found = []
        for path in self.drafts():
            with contextlib.suppress(OSError):
                if re.search(SECRET_IN_TEXT, path.read_bytes()):
                    found.append(path)
        return found

    def keep_private(self, draft: Path) -> None:
        """Make a draft private after an editor has saved it. Raises ConfigError."""
        # An editor that saves by renaming makes a new file, with another mode.
        with self._mapping_errors(), contextlib.suppress(FileNotFoundError):
            draft.chmod(FILE_MODE)

    def write_draft(self, path: Path, data: bytes) -> None:
        """Write a private draft. Raises ConfigError."""
        with self._mapping_errors():
            make_folder(path.parent)
            write_atomically(path, data, mode=FILE_MODE)

    def _change(self, change: Callable[[str, Mapping[str, Any]], str]) -> bool:
        with self._locked():
            data = self.content()
            old = parse(data, self.path, EDIT)
            try:
                new = change(old.text, old.table)
            except ValueError as error:
                raise ConfigError(f"cannot change {self.path}", str(error), EDIT) from None
            if changed := new != old.text:
                mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
                table = find_toml_entry.parse(new)
                self._write(mark + new.encode("utf-8"), table)
                self._last_read = ConfigSource(str(self.path), new, table)
            return changed

    def _write(self, data: bytes, table: Mapping[str, Any]) -> None:
        with self._mapping_errors():
            make_folder(Path(os.path.realpath(self.path)).parent)
            write_atomically(self.path, data, mode=self._mode(table))

    def _mode(self, table: Mapping[str, Any]) -> int:
        try:
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except FileNotFoundError:
            return FILE_MODE
        if not (mode & GROUP_AND_OTHERS and (name := _private_name(table))):
            return mode
        own = mode & ~GROUP_AND_OTHERS
        held = "a key" if name in SECRETS else name
        change = f"its mode is now {own:o} instead of {mode:o}"
        self._warn(f"{self.path} contains {held}: {change}, so that only its owner can read it")
        return own

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        path = Path(os.path.realpath(self.path))
        lock = sibling(path, ".lock")
        end = time.monotonic() + self._lock_timeout_s

        def wait() -> None:
            if time.monotonic() > end:
                raise ConfigError(
                    f"cannot write {self.path}", f"another program has locked {lock}", "close it first"
                )

        with self._mapping_errors():
            make_folder(path.parent)
            with hold_lock(lock, wait, LOCK_RETRY_S):
                yield

    @contextlib.contextmanager
    def _mapping_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = error.strerror or str(error)
            if error.filename not in (None, str(self.path)):  # the folder, or a lock of another user
                why = f"{error.filename}: {why}"
            raise ConfigError(f"cannot write {self.path}", why) from None


def _keys(name: str, profile: str | None) -> Sequence[str]:
    return (PROFILES, profile, *keys_of(name)) if profile else keys_of(name)


def _without_empty(text: str, keys: Sequence[str], parent: Sequence[str]) -> str:
    """Return `text` without the tables `keys` that are now empty; the profile `parent` stays."""
    for end in range(len(keys), 0, -1):
        shorter = change_toml_entry.drop_empty(text, (*parent, *keys[:end]))
        if not find_toml_entry.holds(find_toml_entry.parse(shorter), parent):
            break
        text = shorter
    return text


def _nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as nested tables: `budget.daily` is put into the table `budget`."""
    table: dict[str, Any] = {}
    for name, value in settings.items():
        *parent, last = keys_of(name)
        inner = table
        for key in parent:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return table


def _private_name(table: Mapping[str, Any]) -> str:
    """Return the name of a setting that only the owner of the file may read, empty if there is none."""
    for name, value in table.items():
        if name in PRIVATE:
            return name
        if isinstance(value, Mapping) and (inner := _private_name(value)):
            return inner
    return ""
