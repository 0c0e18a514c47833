"""Checks of the connection: the certificate's expiry."""

from nebius_cli.doctor import connection_checks
from nebius_cli.doctor.check_results import State

NOW, DAY = 1_795_000_000.0, 86_400


def test_a_certificate_that_expires_soon_is_a_warning() -> None:
    assert connection_checks.check_certificate("TLSv1.3", NOW + 90 * DAY, NOW).state is State.OK
    soon = connection_checks.check_certificate("TLSv1.3", NOW + 5.5 * DAY, NOW)
    assert (soon.state, soon.text[-13:]) == (State.WARN, ", 5 days left")
