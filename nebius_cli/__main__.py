"""`python -m nebius_cli` is `nbx`."""

import sys

from nebius_cli.main import main

sys.exit(main())
