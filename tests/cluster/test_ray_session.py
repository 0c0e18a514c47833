"""Without Ray, `nbx bulk --ray` says what to install, before it writes anything."""

import subprocess
import sys
from pathlib import Path

from tests.support.run import Runner

WITHOUT_RAY = "import sys; sys.modules['ray'] = None; from nebius_cli.main import main; sys.exit(main())"


def test_without_ray_the_error_says_how_to_install_it(nbx: Runner, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('"x"\n')
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RAY, "bulk", "in.jsonl", "-o", "out", "--ray"],
        cwd=tmp_path,
        env=nbx.process_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert done.stderr.startswith("nbx: cannot use --ray\n  the package ray is not installed\n")
    assert "pip install 'ray[data]>=" in done.stderr
    assert not (tmp_path / "out").exists()
