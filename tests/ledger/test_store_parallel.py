"""Many processes write to one new ledger at once, and no row is lost.

Set NBX_TEST_PROCESSES=64 NBX_TEST_WRITES=100 to run the test at full size.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.ledger.periods import Period

PROCESSES = int(os.environ.get("NBX_TEST_PROCESSES", "16"))
WRITES = int(os.environ.get("NBX_TEST_WRITES", "50"))

# Each write opens the ledger, appends a row and closes it, as a run of nbx does.
WRITER = """
import sys
from pathlib import Path
from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.core.prices_and_costs import ZERO
from nebius_cli.ledger.entry import Entry
sys.stdin.read(1)
for number in range(int(sys.argv[2])):
    ledger = Ledger(Path(sys.argv[1]))
    ledger.append([Entry(number, sys.argv[3], 0, cost=ZERO)])
    ledger.close()
"""


def test_no_row_is_lost_or_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "data" / "ledger.db"
    names = [f"writer {number}" for number in range(PROCESSES)]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(WRITES), name],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name in names
    ]
    for writer in writers:  # every writer waits for this byte before it starts
        assert writer.stdin is not None
        writer.stdin.write(b"x")
        writer.stdin.flush()
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [(b"", 0)] * PROCESSES
    ledger = Ledger(path)
    ledger.write_pending()
    rows = Counter((row["model"], row["time"]) for row in ledger.rows(Period()))
    assert rows == {(name, number * 1000): 1 for name in names for number in range(WRITES)}
