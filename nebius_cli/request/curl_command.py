"""Writes a request as a curl command."""

import shlex
from collections.abc import Iterable

# Linux limits one argument to 128 KiB; a longer body goes into a here-document.
MAX_ARGUMENT_BYTES = 100_000


def curl_command(
    url: str, body: bytes, *, streamed: bool, trusted: tuple[str, str] = ("", ""), headers: Iterable[str] = ()
) -> str:
    """Return a curl command for a POSIX shell that sends `body` to `url`.

    `trusted` is a file and the folders of certificate authorities; either may be empty. The key is read from
    `$NEBIUS_API_KEY`, and `headers` are names without values, so the command can be shared.
    """
    text = body.decode("utf-8")
    parts = ["curl -N" if streamed else "curl", shlex.quote(url)]
    parts += ['-H "Authorization: Bearer $NEBIUS_API_KEY"', "-H 'Content-Type: application/json'"]
    parts += [f"-H {shlex.quote(f'{name}: ***')}" for name in headers]
    flags = zip(("--cacert", "--capath"), trusted, strict=True)
    parts += [f"{flag} {shlex.quote(path)}" for flag, path in flags if path]
    if len(body) <= MAX_ARGUMENT_BYTES:
        return " \\\n  ".join([*parts, f"--data-raw {shlex.quote(text)}"])
    # The body is one line of JSON, so it cannot contain the delimiter as a line.
    return " \\\n  ".join([*parts, "--data-binary @- <<'NBX_BODY'"]) + f"\n{text}\nNBX_BODY"
