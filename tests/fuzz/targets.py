"""The table of fuzz targets: a module that has some is one name here."""

from tests.fuzz import config, rows, shown_again, typed, wire

TARGETS = {
    name: target
    for module in (wire, typed, config, rows, shown_again)
    for name, target in module.TARGETS.items()
}
