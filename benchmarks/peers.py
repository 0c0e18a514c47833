"""The programs and libraries that nbx is compared with, each in an environment of its own.

    python benchmarks/peers.py DIR        installs what is not there yet

The other scripts do so themselves where they are given `--peers DIR`.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

PEERS = {
    "llm": ("llm",),
    "openai": ("openai<2.35",),
    "aiohttp": ("aiohttp",),
    "pycurl": ("pycurl",),
}
DEFAULT = Path(tempfile.gettempdir()) / "nbx-peers"


def install(folder: Path, *names: str) -> None:
    """Install peers, unless they are in `folder` already."""
    for name in names:
        place = folder / name
        if not (place / "installed").exists():
            subprocess.run([sys.executable, "-m", "venv", place], check=True)
            subprocess.run([place / "bin" / "pip", "install", "-qq", *PEERS[name]], check=True)
            (place / "installed").touch()


def program(folder: Path, peer: str, name: str = "python") -> str:
    """Return the path of a program in the environment of a peer."""
    return str(folder / peer / "bin" / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Installs the programs that nbx is compared with.")
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT, help=f"{DEFAULT} unless given")
    install(parser.parse_args().folder, *PEERS)
