"""python -m tests.fuzz.guided TARGET FOLDER [OPTION]…: a coverage-guided run with atheris.

Atheris is not a dependency of the tests, as it does not support every platform. New inputs are written to
FOLDER; the options are those of libFuzzer, for example -max_total_time=60.
"""

import sys

import atheris

with atheris.instrument_imports(include=["nebius_cli"]):
    from tests.fuzz.target import CORPUS
    from tests.fuzz.targets import TARGETS


def main(name: str, folder: str, *options: str) -> None:
    """Run until libFuzzer ends the process."""
    atheris.Setup([sys.argv[0], *options, folder, str(CORPUS / name)], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
