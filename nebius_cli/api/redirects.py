"""Decides which redirects are followed: only those that keep the key and the prompt on the same host."""

from nebius_cli.core.errors_and_exit_codes import RejectedError
from nebius_cli.core.urls import join_url, parse_url, strip_credentials_and_query


def follow(status: int, location: str, url: str) -> str:
    """Return the URL that a redirect from `url` leads to. Raises RejectedError if it must not be followed.

    The key is sent only to the same host, and never over plain HTTP after HTTPS. 303 would drop the body. The
    URL has the form that `parse_url` returns, so the host compared here is the one that gets the request.
    """
    target = location
    try:
        target = join_url(url, location)
        old, new = parse_url(url), parse_url(target)
        same = (new.scheme, new.netloc) == (old.scheme, old.netloc)
        upgrade = new.hostname == old.hostname and (old.scheme, new.scheme) == ("http", "https")
    except ValueError:  # not a URL that nbx can use
        same = upgrade = False
    if status in (301, 302, 307, 308) and location and (same or upgrade):
        return target
    to = f"to {strip_credentials_and_query(target)}" if location else "without a Location header"
    why = "nbx does not send the key and the prompt to this URL" if location else ""
    raise RejectedError(f"the server answered {status}, a redirect {to}", why, "check base_url")


def too_many(limit: int, url: str) -> RejectedError:
    """Return the error for a request that was redirected more than `limit` times, the last time to `url`."""
    return RejectedError(
        f"more than {limit} redirects", f"the last one led to {strip_credentials_and_query(url)}"
    )
