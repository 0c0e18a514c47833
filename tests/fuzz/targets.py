"""The table of fuzz targets: a module that has some is one name here."""

from tests.fuzz import config, rows, typed, wire

TARGETS = {name: target for module in (wire, typed, config, rows) for name, target in module.TARGETS.items()}
