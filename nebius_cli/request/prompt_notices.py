"""Notices for a terminal user about a prompt that may not be what they meant."""

from collections.abc import Callable, Iterator, Sequence
from shlex import quote

from nebius_cli.request.prompt_options import PromptOptions
from nebius_cli.request.read_prompt import Prompt

MAX_NAMES = 3  # files that a notice lists


def notices(
    options: PromptOptions, sent: Prompt, *, unread: bool, is_file: Callable[[str], bool]
) -> Iterator[str]:
    """Yield notices for a terminal user about a prompt that may not be what they meant; `sent` is the prompt.

    `unread`: a pipe on stdin contains input that is not part of it. `is_file`: whether a path names a file.
    """
    count = len(options.prompt)
    names = [argument for argument in options.prompt if is_file(argument)]
    if names:
        yield _names_of_files(names, options)
    if unread and options.prompt:
        yield "piped input is not read; write {stdin} in the prompt to insert it"
    elif unread:
        yield "piped input is not read"
    if len(names) < count:  # otherwise all prompts were meant as file names
        if count > 1:
            yield f"{count} arguments are {count} prompts; quote them to make one"
        if options.file:
            join = 'nbx complete "{stdin} ..." < FILE'
            yield f"the file and the argument are separate prompts; to join them: {join}"
    yield from _literal_newlines(options)
    own = options.prompt or options.infill or options.continues
    if not own and isinstance(sent, str) and sent.endswith("\n"):
        yield "the prompt ends with a newline; -s drops it"


def _names_of_files(names: Sequence[str], options: PromptOptions) -> str:
    """Return the notice about arguments that are the names of files; shells expand `-f *.txt` to those."""
    texts = ", ".join(f"'{name}'" for name in names[:MAX_NAMES])
    files = [*options.file, *names]
    flags = " ".join(f"-f {quote(name)}" for name in files[:MAX_NAMES])
    if len(names) > MAX_NAMES:
        texts += ", …"
    if len(files) > MAX_NAMES:
        flags += " …"
    if len(names) == 1:
        which = "the prompt is" if options.prompt == (names[0],) and not options.file else "one prompt is"
        return f"{which} the text {texts}; {flags} sends the contents of the file{'s' * (len(files) > 1)}"
    return f"{len(names)} prompts are the texts {texts}; {flags} sends the contents of the files"


def _literal_newlines(options: PromptOptions) -> Iterator[str]:
    """Yield a notice for texts on the command line in which a newline was probably typed as an escape."""
    suffixes = () if options.suffix is None else (options.suffix,)
    for noun, texts in (("prompt", options.prompt), ("suffix", suffixes)):
        if any("\\n" in text and "\n" not in text for text in texts):
            way = f"$'...\\n...' in bash, or {'-f' if noun == 'prompt' else '--suffix-file'} FILE"
            yield f"the {noun} contains \\n, sent as a backslash and an n; for a newline use {way}"
