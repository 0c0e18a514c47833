"""THE config module: config.toml, read and written. Nothing else knows the file."""

from pathlib import Path
from typing import Any

from nebius_cli.adapters.files import write_atomically
from nebius_cli.core.errors import ConfigError
from nebius_cli.core.settings import PROFILES

FILE_MODE = 0o600  # it may hold a key


class ConfigFile:
    """The config file at `path`: top-level keys are settings, `[profile.NAME]` tables override them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """Return the file's tables, empty where there is no file. Raises ConfigError."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(f"cannot read {self.path}", error.strerror or str(error)) from None
        import tomllib  # 15 ms that a run without a config file does not pay

        try:
            return tomllib.loads(data.decode("utf-8"))
        except ValueError as error:
            raise ConfigError(
                f"{self.path} is not valid TOML", str(error), "mend the file, or move it away"
            ) from None

    def profile(self, name: str) -> dict[str, Any]:
        """Return one profile's table. Raises ConfigError where there is none of that name."""
        profiles = self.read().get(PROFILES, {})
        if not isinstance(profiles, dict) or not isinstance(profiles.get(name), dict):
            raise ConfigError(
                f"there is no profile {name!r}", f"{self.path} has no table [{PROFILES}.{name}]"
            )
        return dict(profiles[name])

    def top_level(self) -> dict[str, Any]:
        """Return the settings outside of profiles."""
        return {name: value for name, value in self.read().items() if name != PROFILES}

    def set(self, name: str, value: Any, profile: str = "") -> None:
        """Write one setting. Raises ConfigError where the file cannot be read or written."""
        table = self.read()
        target = self._target(table, profile)
        target[name] = value
        self._write(table)

    def unset(self, name: str, profile: str = "") -> bool:
        """Remove one setting; return whether it was there. Raises ConfigError."""
        table = self.read()
        target = self._target(table, profile)
        whole = target is table and name == PROFILES  # all profiles at once is no setting
        if name not in target or (whole and isinstance(target[name], dict)):
            return False
        del target[name]
        self._write(table)
        return True

    def _target(self, table: dict[str, Any], profile: str) -> dict[str, Any]:
        for name in (PROFILES, profile) if profile else ():
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{self.path}: {name} is not a table", "", "mend the file")
        return table

    def _write(self, table: dict[str, Any]) -> None:
        import tomli_w

        try:
            write_atomically(self.path, tomli_w.dumps(table).encode("utf-8"), mode=FILE_MODE)
        except OSError as error:
            raise ConfigError(f"cannot write {self.path}", error.strerror or str(error)) from None
        except TypeError as error:  # a JSON null, which TOML does not have
            raise ConfigError(f"cannot write {self.path}", str(error)) from None
