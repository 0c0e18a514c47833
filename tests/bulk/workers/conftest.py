"""Fixtures for the tests of the worker pool."""

import ssl
from pathlib import Path

import pytest
import trustme


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """The TLS context of a server, and the file of the certificate authority that signed it."""
    made, bundle = trustme.CA(), tmp_path / "authorities.pem"
    made.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("127.0.0.1").configure_cert(context)
    return context, str(bundle)
