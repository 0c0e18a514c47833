"""Generates the completion script for Windows PowerShell 5.1 and PowerShell 7, `completions/nbx.ps1`."""

from collections.abc import Iterator

from nebius_cli.command_tree.commands_as_data import Argument, Command, Flag, ValueKind

HEAD = r"""# nbx completion for PowerShell: dot-source this file from $PROFILE.
# Made by `python -m nebius_cli.gen --write`; do not edit. Completion does not start Python or nbx.

Register-ArgumentCompleter -Native -CommandName nbx -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # A flag, command or operand: its command path, its name (for an operand its number, or * for all of
    # them), the kind of its value, the choices, and its help text.
    function New-Entry($Path, $Name, $Takes, $Choices, $Help) {
        [pscustomobject]@{ Path = $Path; Name = $Name; Takes = $Takes; Choices = $Choices; Help = $Help }
    }
    $entries = @(
"""

TAIL = r"""    )

    function Write-Offer($Text, $Kind, $Help) {
        [System.Management.Automation.CompletionResult]::new($Text, $Text, $Kind, $Help)
    }
    # The ids of the models that `nbx models` listed last. The file is read, never executed; lines with
    # characters that are special in a shell are left out.
    function Get-ModelId {
        $places = @("$HOME/.cache/nbx", "$HOME/Library/Caches/nbx", "$env:LOCALAPPDATA/nbx/Cache")
        if ("$env:XDG_CACHE_HOME" -match '^([A-Za-z]:)?[/\\]') { $places = @("$env:XDG_CACHE_HOME/nbx") }
        if ($env:NBX_CACHE_DIR) { $places = @($env:NBX_CACHE_DIR) }
        foreach ($place in $places) {
            $file = "$place/models/ids.txt"
            if (-not (Test-Path -LiteralPath $file -PathType Leaf)) { continue }
            Get-Content -LiteralPath $file -Encoding UTF8 | Where-Object {
                $_ -cmatch '^[A-Za-z0-9][A-Za-z0-9._/:@+-]*$'
            }
            return
        }
    }
    # The names of the profiles in the config file.
    function Get-ProfileName {
        $places = @("$HOME/.config/nbx", "$HOME/Library/Application Support/nbx", "$env:LOCALAPPDATA/nbx")
        if ("$env:XDG_CONFIG_HOME" -match '^([A-Za-z]:)?[/\\]') { $places = @("$env:XDG_CONFIG_HOME/nbx") }
        if ($env:NBX_CONFIG_DIR) { $places = @($env:NBX_CONFIG_DIR) }
        foreach ($place in $places) {
            $file = "$place/config.toml"
            if (-not (Test-Path -LiteralPath $file -PathType Leaf)) { continue }
            Get-Content -LiteralPath $file -Encoding UTF8 | ForEach-Object {
                if ($_ -cmatch '^\s*\[profile\.([A-Za-z0-9_][A-Za-z0-9_-]*)\]\s*(#.*)?$') { $Matches[1] }
            }
            return
        }
    }
    function Write-Values($Entry, $Lead, $Typed) {
        $choices = @($Entry.Choices)
        if ($Entry.Takes -ceq 'model') { $choices = @(Get-ModelId) }
        if ($Entry.Takes -ceq 'profile') { $choices = @(Get-ProfileName) }
        foreach ($choice in $choices) {
            if (-not $choice.StartsWith($Typed, 'Ordinal')) { continue }
            Write-Offer ($Lead + $choice) 'ParameterValue' $Entry.Help
        }
        if ($Entry.Takes -cne 'file' -and $Entry.Takes -cne 'dir') { return }
        foreach ($found in [System.Management.Automation.CompletionCompleters]::CompleteFilename($Typed)) {
            if ($Entry.Takes -ceq 'dir' -and $found.ResultType -ne 'ProviderContainer') { continue }
            $text = $Lead + $found.CompletionText
            # CompleteFilename quotes a name if necessary; the quotes must then enclose the flag too.
            if ($Lead -and $found.CompletionText -clike "'*'") { $text = "'" + $text.Replace("='", '=') }
            [System.Management.Automation.CompletionResult]::new(
                $text, $found.ListItemText, $found.ResultType, $found.ToolTip)
        }
    }
    function Get-Entry($Path, $Name) {
        $entries | Where-Object { $_.Path -ceq $Path -and $_.Name -ceq $Name } | Select-Object -First 1
    }

    # Follow the words in front of the cursor.
    $path = 'nbx'
    $operand = 1
    $ended = $false
    $waiting = $null
    foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -ge $cursorPosition -and $wordToComplete) { break }
        if ($element.Extent.StartOffset -ge $cursorPosition) { break }
        $word = $element.Extent.Text
        $entry = Get-Entry $path $word
        if ($waiting) {
            $waiting = $null
        } elseif (-not $ended -and $word -ceq '--') {
            $ended = $true
        } elseif (-not $ended -and $word -clike '--*') {
            if ($entry -and $entry.Takes) { $waiting = $entry }
        } elseif (-not $ended -and $word -match '^-.') {
            # Short flags may be combined; the first that takes a value takes the rest of the word.
            for ($index = 1; $index -lt $word.Length; $index++) {
                $entry = Get-Entry $path ('-' + $word[$index])
                if ($entry -and $entry.Takes) {
                    if ($index -eq $word.Length - 1) { $waiting = $entry }
                    break
                }
            }
        } elseif ($entry -and $entry.Takes -ceq 'command') {
            $path = "$path $word"
            $operand = 1
            $ended = $false
        } else {
            $operand++
        }
    }

    if ($waiting) {
        Write-Values $waiting '' $wordToComplete
    } elseif (-not $ended -and $wordToComplete -match '^--[^=]+=') {
        $name, $typed = $wordToComplete -split '=', 2
        $entry = Get-Entry $path $name
        if ($entry) { Write-Values $entry "$name=" $typed }
    } else {
        $dash = $wordToComplete -clike '-*' -and -not $ended
        foreach ($entry in $entries) {
            if ($entry.Path -cne $path) { continue }
            if (-not $entry.Name.StartsWith($wordToComplete, 'Ordinal')) { continue }
            if ($dash) {
                Write-Offer $entry.Name 'ParameterName' $entry.Help
            } elseif ($entry.Takes -ceq 'command') {
                Write-Offer $entry.Name 'Command' $entry.Help
            }
        }
        if (-not $dash) {
            $entry = Get-Entry $path "$operand"
            if (-not $entry) { $entry = Get-Entry $path '*' }
            if ($entry) { Write-Values $entry '' $wordToComplete }
        }
    }
}
"""


def script(root: Command) -> str:
    """Return the script for the command tree `root`."""
    return HEAD + "".join(f"        {line}\n" for command in root.walk() for line in _entries(command)) + TAIL


def _entries(command: Command) -> Iterator[str]:
    for below in command.subcommands:
        yield _entry(command, below.path[-1], "command", (), below.summary)
    for flag in command.flags:
        for name, help_text in flag.spellings:
            takes = _takes(flag) if name in flag.names else ""
            yield _entry(command, name, takes, flag.choices if takes else (), help_text)
    for number, argument in enumerate(command.arguments, 1):
        name = "*" if argument.repeatable else str(number)
        yield _entry(command, name, _takes(argument), argument.choices, argument.help)


def _entry(command: Command, name: str, takes: str, choices: tuple[str, ...], help_text: str) -> str:
    listed = f"@({', '.join(_quoted(choice) for choice in choices)})"
    words = (_quoted(command.name), _quoted(name), _quoted(takes), listed, _quoted(help_text or name))
    return f"New-Entry {' '.join(words)}"


def _takes(taker: Flag | Argument) -> str:
    if isinstance(taker, Flag) and not taker.takes_value:
        return ""
    kinds = {
        ValueKind.FILE: "file",
        ValueKind.DIRECTORY: "dir",
        ValueKind.MODEL: "model",
        ValueKind.PROFILE: "profile",
    }
    return kinds.get(taker.values, "value")


def _quoted(text: str) -> str:
    """Quote a text for PowerShell, which treats typographic quotation marks as quotes, too."""
    for mark in "'\u2018\u2019\u201a\u201b":
        text = text.replace(mark, mark * 2)
    return f"'{text}'"
