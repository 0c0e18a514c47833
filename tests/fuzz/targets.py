"""The table of all fuzz targets, collected from the modules that define them."""

from tests.fuzz import config, rows, shown_again, typed, wire

TARGETS = {
    name: target
    for module in (wire, typed, config, rows, shown_again)
    for name, target in module.TARGETS.items()
}
