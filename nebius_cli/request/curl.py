"""A request as a curl command that anybody can run, with the key left to the environment."""

import shlex

# Linux takes 128 KiB for one argument; a longer body goes through a here-document.
LONGEST_ARGUMENT = 100_000


def command(url: str, body: bytes, *, streamed: bool, cacert: str = "") -> str:
    """Return a command for a POSIX shell that sends `body` to `url`; the key is `$NEBIUS_API_KEY`."""
    text = body.decode("utf-8")
    parts = ["curl -N" if streamed else "curl", shlex.quote(url)]
    parts += ['-H "Authorization: Bearer $NEBIUS_API_KEY"', "-H 'Content-Type: application/json'"]
    if cacert:
        parts.append(f"--cacert {shlex.quote(cacert)}")
    if len(body) <= LONGEST_ARGUMENT:
        return " \\\n  ".join([*parts, f"--data-raw {shlex.quote(text)}"])
    # The body is one line of JSON, so a line of letters alone cannot be in it.
    return " \\\n  ".join([*parts, "--data-binary @- <<'NBX_BODY'"]) + f"\n{text}\nNBX_BODY"
