"""The requests session of an API: the key on each request, and redirects left alone."""

import requests
from requests.auth import AuthBase

from nebius_cli import __version__
from nebius_cli.core.errors import AuthError
from nebius_cli.core.secret import Secret


class _Bearer(AuthBase):
    """Puts the key on a request. An AuthBase, because requests lets ~/.netrc replace a plain header."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return request


class Session(requests.Session):
    """A session that leaves redirects alone; requests reads and follows one in its head even unasked."""

    def __init__(self, key: Secret, *, trust_env: bool) -> None:
        super().__init__()
        self.trust_env = trust_env
        self.auth = _Bearer(key)
        self.headers["User-Agent"] = f"nbx/{__version__}"

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return that there is none: redirect.py decides."""


def check_key(key: Secret) -> Secret:
    """Return a key that can stand in a header. Raises AuthError, without showing it."""
    value = key.reveal().strip()
    if not value.isascii() or not value.isprintable() or not value:
        why = "it holds characters that no key has" if value else "it is empty"
        raise AuthError("the API key cannot be sent", why, "copy it once more")
    return Secret(value)
