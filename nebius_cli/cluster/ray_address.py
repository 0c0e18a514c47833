"""Defines the addresses of clusters, to distinguish one after --ray from the input."""

import re

LOCAL, AUTO = "local", "auto"
CLIENT = "ray://"
ADDRESS = re.compile(rf"{LOCAL}|{AUTO}|{CLIENT}\S+|[\w.-]+:\d{{1,5}}|\[[0-9A-Fa-f:]+\]:\d{{1,5}}")
