# nbx completion for PowerShell: dot-source this file from $PROFILE.
# Made by `python -m nebius_cli.gen --write`; do not edit. TAB starts neither Python nor nbx.

Register-ArgumentCompleter -Native -CommandName nbx -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # A flag, command or operand: the command path it belongs to, its name (an operand's is its number, or *
    # for all of them), what its value is, the choices, and what it does.
    function New-Entry($Path, $Name, $Takes, $Choices, $Help) {
        [pscustomobject]@{ Path = $Path; Name = $Name; Takes = $Takes; Choices = $Choices; Help = $Help }
    }
    $entries = @(
        New-Entry 'nbx' 'complete' 'command' @() 'Complete a prompt: send it as it is, print what the model writes.'
        New-Entry 'nbx' 'doctor' 'command' @() 'Look at everything a completion needs, and say what to do where something is wrong.'
        New-Entry 'nbx' 'auth' 'command' @() 'The API key: store it, see where it comes from, remove it.'
        New-Entry 'nbx' 'config' 'command' @() 'Read and write settings.'
        New-Entry 'nbx' 'profile' 'command' @() 'Sets of settings under a name: another account, another server, other defaults.'
        New-Entry 'nbx' 'models' 'command' @() 'The models of your account: listed, searched, shown, chosen.'
        New-Entry 'nbx' 'local' 'command' @() 'Models that run on this machine: no key, no network once they are here.'
        New-Entry 'nbx' '--version' '' @() 'Print the version.'
        New-Entry 'nbx' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx complete' '-f' 'file' @() 'A file as a prompt, whole; repeat for more. - is stdin.'
        New-Entry 'nbx complete' '--file' 'file' @() 'A file as a prompt, whole; repeat for more. - is stdin.'
        New-Entry 'nbx complete' '--prompts' 'file' @() 'A file of prompts, one a line; - is stdin.'
        New-Entry 'nbx complete' '--tokens' 'value' @() 'Token ids as the prompt: [1,2,3], [[1,2],[3]] or @file.'
        New-Entry 'nbx complete' '-0' '' @() 'NUL instead of newline: between --prompts, and between printed choices.'
        New-Entry 'nbx complete' '--null' '' @() 'NUL instead of newline: between --prompts, and between printed choices.'
        New-Entry 'nbx complete' '--strip-final-newline' '' @() 'Drop the newline at the end of stdin and files.'
        New-Entry 'nbx complete' '--encoding' 'value' @() 'Encoding of stdin and files. Default utf-8.'
        New-Entry 'nbx complete' '--invalid' 'value' @('strict', 'replace') 'What to do with bytes that are not text. Default strict.'
        New-Entry 'nbx complete' '--allow-empty' '' @() 'Send a prompt with nothing in it.'
        New-Entry 'nbx complete' '-m' 'model' @() 'ID of the model to use.'
        New-Entry 'nbx complete' '--model' 'model' @() 'ID of the model to use.'
        New-Entry 'nbx complete' '--max-tokens' 'value' @() 'Maximum number of tokens to generate for each choice.'
        New-Entry 'nbx complete' '--temperature' 'value' @() 'Sampling temperature; low is focused, 0 is greedy. Server default 1. Between 0 and 2.'
        New-Entry 'nbx complete' '--top-p' 'value' @() 'Nucleus sampling: only the tokens that make up this probability mass. Server default 1. Between 0 and 1.'
        New-Entry 'nbx complete' '-n' 'value' @() 'Completions for each prompt. Server default 1.'
        New-Entry 'nbx complete' '--n' 'value' @() 'Completions for each prompt. Server default 1.'
        New-Entry 'nbx complete' '--stop' 'value' @() 'Sequence that ends the answer and is left out of it; repeat for up to 4. A newline is $''\n''.'
        New-Entry 'nbx complete' '--presence-penalty' 'value' @() 'Push towards new topics (positive) or away from them. Server default 0. Between -2 and 2.'
        New-Entry 'nbx complete' '--frequency-penalty' 'value' @() 'Push against repeating the same tokens (positive) or towards it. Server default 0. Between -2 and 2.'
        New-Entry 'nbx complete' '--logit-bias' 'value' @() 'Bias added to a token id; repeat the flag, or give a JSON object or @file. Between -100 and 100.'
        New-Entry 'nbx complete' '--logprobs' 'value' @() 'Log probabilities of the N most likely tokens at each position; with --json or --ndjson.'
        New-Entry 'nbx complete' '--echo' '' @() 'Echo back the prompt in front of the completion.'
        New-Entry 'nbx complete' '--no-echo' '' @() 'The opposite of --echo.'
        New-Entry 'nbx complete' '--stream' '' @() 'Stream tokens as they are made (default, except with --json).'
        New-Entry 'nbx complete' '--no-stream' '' @() 'The opposite of --stream.'
        New-Entry 'nbx complete' '--stream-options' 'value' @() 'Options of a streamed answer; nbx asks for usage unless this is given. JSON object or @file.'
        New-Entry 'nbx complete' '--user' 'value' @() 'Identifier of your end user.'
        New-Entry 'nbx complete' '--service-tier' 'value' @('auto', 'default', 'over-limit', 'flex', 'no-limit') 'Service tier of the request. Server default auto.'
        New-Entry 'nbx complete' '--ai-project-id' 'value' @() 'Project the request belongs to.'
        New-Entry 'nbx complete' '--extra-body' 'value' @() 'The API''s own extra_body member, sent as it is. Use --param for an engine''s parameters.'
        New-Entry 'nbx complete' '--param' 'value' @() 'Any other top-level member, for the engine: top_k=40, seed=1. Repeatable.'
        New-Entry 'nbx complete' '--unset' 'value' @('model', 'max_tokens', 'temperature', 'top_p', 'n', 'stop', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs', 'echo', 'stream', 'stream_options', 'user', 'service_tier', 'ai_project_id', 'extra_body') 'Leave out a field that the configuration sets.'
        New-Entry 'nbx complete' '--validate' '' @() 'Check values against their documented bounds.'
        New-Entry 'nbx complete' '--no-validate' '' @() 'The opposite of --validate.'
        New-Entry 'nbx complete' '--json' '' @() 'The API''s response as one JSON object; not streamed unless --stream is given.'
        New-Entry 'nbx complete' '--ndjson' '' @() 'Each object of the stream on a line, as it arrives.'
        New-Entry 'nbx complete' '-o' 'file' @() 'Write the answer to a file, which appears when it is whole.'
        New-Entry 'nbx complete' '--output' 'file' @() 'Write the answer to a file, which appears when it is whole.'
        New-Entry 'nbx complete' '--newline' '' @() 'End piped output with a newline (default).'
        New-Entry 'nbx complete' '-N' '' @() 'The opposite of --newline.'
        New-Entry 'nbx complete' '--no-newline' '' @() 'The opposite of --newline.'
        New-Entry 'nbx complete' '--usage' '' @() 'Token usage and timing on stderr. Default on a terminal.'
        New-Entry 'nbx complete' '--no-usage' '' @() 'The opposite of --usage.'
        New-Entry 'nbx complete' '--fail-on' 'value' @() 'Exit 8 when finish_reason is this: length means that max_tokens cut the answer.'
        New-Entry 'nbx complete' '--dry-run' '' @() 'Print the request''s body and send nothing.'
        New-Entry 'nbx complete' '--curl' '' @() 'Print the request as a curl command and send nothing.'
        New-Entry 'nbx complete' '--local' '' @() 'Run the embedded model on this machine: no key, no network, 256 tokens by default.'
        New-Entry 'nbx complete' '--model-file' 'file' @() 'Run this GGUF file instead; means --local.'
        New-Entry 'nbx complete' '--api-key-file' 'file' @() 'Read the API key from a file; - is stdin.'
        New-Entry 'nbx complete' '--api-key' 'value' @() 'The API key itself, which ps and the shell''s history show.'
        New-Entry 'nbx complete' '--base-url' 'value' @() 'Where the API is, with or without /v1.'
        New-Entry 'nbx complete' '--cacert' 'file' @() 'File of certificate authorities to trust.'
        New-Entry 'nbx complete' '--retries' 'value' @() 'How often to try again after a failure.'
        New-Entry 'nbx complete' '--connect-timeout' 'value' @() 'Longest wait for a connection. Between 0 and 604800.'
        New-Entry 'nbx complete' '--first-byte-timeout' 'value' @() 'Longest wait for the first byte of the answer. Between 0 and 604800.'
        New-Entry 'nbx complete' '--stall-timeout' 'value' @() 'Longest silence between two pieces of a stream. Between 0 and 604800.'
        New-Entry 'nbx complete' '--timeout' 'value' @() 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
        New-Entry 'nbx complete' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx complete' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx complete' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx complete' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx complete' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx complete' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx complete' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx complete' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx complete' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx complete' '*' 'value' @() 'The prompt; several are one request. - is stdin, {stdin} its text; --file takes both as they are.'
        New-Entry 'nbx doctor' '--live' '' @() 'Also complete one token with the default model, and load the local one.'
        New-Entry 'nbx doctor' '--json' '' @() 'One JSON object.'
        New-Entry 'nbx doctor' '-m' 'model' @() 'ID of the model to use.'
        New-Entry 'nbx doctor' '--model' 'model' @() 'ID of the model to use.'
        New-Entry 'nbx doctor' '--ai-project-id' 'value' @() 'Project the request belongs to.'
        New-Entry 'nbx doctor' '--api-key-file' 'file' @() 'Read the API key from a file; - is stdin.'
        New-Entry 'nbx doctor' '--api-key' 'value' @() 'The API key itself, which ps and the shell''s history show.'
        New-Entry 'nbx doctor' '--base-url' 'value' @() 'Where the API is, with or without /v1.'
        New-Entry 'nbx doctor' '--cacert' 'file' @() 'File of certificate authorities to trust.'
        New-Entry 'nbx doctor' '--retries' 'value' @() 'How often to try again after a failure.'
        New-Entry 'nbx doctor' '--connect-timeout' 'value' @() 'Longest wait for a connection. Between 0 and 604800.'
        New-Entry 'nbx doctor' '--first-byte-timeout' 'value' @() 'Longest wait for the first byte of the answer. Between 0 and 604800.'
        New-Entry 'nbx doctor' '--stall-timeout' 'value' @() 'Longest silence between two pieces of a stream. Between 0 and 604800.'
        New-Entry 'nbx doctor' '--timeout' 'value' @() 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
        New-Entry 'nbx doctor' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx doctor' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx doctor' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx doctor' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx doctor' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx doctor' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx doctor' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx doctor' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx doctor' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth' 'login' 'command' @() 'Store a key, typed unseen or from stdin.'
        New-Entry 'nbx auth' 'logout' 'command' @() 'Remove the stored key, of the chosen profile if there is one.'
        New-Entry 'nbx auth' 'status' 'command' @() 'Show which key is used, and which others there are, by their ends.'
        New-Entry 'nbx auth' 'token' 'command' @() 'Print the key, for scripts.'
        New-Entry 'nbx auth' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth login' '--with-token' '' @() 'Read the key from stdin instead of asking for it.'
        New-Entry 'nbx auth login' '--keyring' '' @() 'Store it in the keyring or fail; or in the config file. Default: the keyring if one works.'
        New-Entry 'nbx auth login' '--no-keyring' '' @() 'The opposite of --keyring.'
        New-Entry 'nbx auth login' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx auth login' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx auth login' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx auth login' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx auth login' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx auth login' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx auth login' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx auth login' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth login' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth logout' '--all' '' @() 'The keys of every profile.'
        New-Entry 'nbx auth logout' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx auth logout' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx auth logout' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx auth logout' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx auth logout' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx auth logout' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx auth logout' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx auth logout' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth logout' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth status' '--check' '' @() 'Ask the server whether it takes the key.'
        New-Entry 'nbx auth status' '--json' '' @() 'One JSON object.'
        New-Entry 'nbx auth status' '--api-key-file' 'file' @() 'Read the API key from a file; - is stdin.'
        New-Entry 'nbx auth status' '--api-key' 'value' @() 'The API key itself, which ps and the shell''s history show.'
        New-Entry 'nbx auth status' '--base-url' 'value' @() 'Where the API is, with or without /v1.'
        New-Entry 'nbx auth status' '--cacert' 'file' @() 'File of certificate authorities to trust.'
        New-Entry 'nbx auth status' '--retries' 'value' @() 'How often to try again after a failure.'
        New-Entry 'nbx auth status' '--connect-timeout' 'value' @() 'Longest wait for a connection. Between 0 and 604800.'
        New-Entry 'nbx auth status' '--first-byte-timeout' 'value' @() 'Longest wait for the first byte of the answer. Between 0 and 604800.'
        New-Entry 'nbx auth status' '--stall-timeout' 'value' @() 'Longest silence between two pieces of a stream. Between 0 and 604800.'
        New-Entry 'nbx auth status' '--timeout' 'value' @() 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
        New-Entry 'nbx auth status' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx auth status' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx auth status' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx auth status' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx auth status' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx auth status' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx auth status' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx auth status' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth status' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth token' '--api-key-file' 'file' @() 'Read the API key from a file; - is stdin.'
        New-Entry 'nbx auth token' '--api-key' 'value' @() 'The API key itself, which ps and the shell''s history show.'
        New-Entry 'nbx auth token' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx auth token' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx auth token' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx auth token' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx auth token' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx auth token' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx auth token' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx auth token' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx auth token' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx config' 'set' 'command' @() 'Write a setting into the config file, or into the chosen profile.'
        New-Entry 'nbx config' 'get' 'command' @() 'Print the value in force.'
        New-Entry 'nbx config' 'unset' 'command' @() 'Take a setting out of the config file, or out of the chosen profile.'
        New-Entry 'nbx config' 'list' 'command' @() 'List the settings that have a value, with where each came from.'
        New-Entry 'nbx config' 'edit' 'command' @() 'Edit the config file with $VISUAL or $EDITOR; it is checked before it replaces the old one.'
        New-Entry 'nbx config' 'path' 'command' @() 'Print where the config file is.'
        New-Entry 'nbx config' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx config' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx config set' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config set' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config set' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config set' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config set' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx config set' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx config set' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx config set' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx config set' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx config set' '1' 'value' @('api_key', 'api_key_command', 'api_key_keyring', 'base_url', 'cacert', 'retries', 'connect_timeout', 'first_byte_timeout', 'stall_timeout', 'timeout', 'model', 'max_tokens', 'temperature', 'top_p', 'n', 'stop', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs', 'echo', 'stream', 'stream_options', 'user', 'service_tier', 'ai_project_id', 'extra_body', 'use_profile', 'project_file') 'Name of the setting, such as model.'
        New-Entry 'nbx config set' '2' 'value' @() 'Its value; - reads it from stdin, which keeps keys out of sight.'
        New-Entry 'nbx config get' '--show-origin' '' @() 'Print where it comes from, too, after a tab.'
        New-Entry 'nbx config get' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config get' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config get' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config get' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config get' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx config get' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx config get' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx config get' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx config get' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx config get' '1' 'value' @('api_key', 'api_key_command', 'api_key_keyring', 'base_url', 'cacert', 'retries', 'connect_timeout', 'first_byte_timeout', 'stall_timeout', 'timeout', 'model', 'max_tokens', 'temperature', 'top_p', 'n', 'stop', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs', 'echo', 'stream', 'stream_options', 'user', 'service_tier', 'ai_project_id', 'extra_body', 'use_profile', 'project_file') 'Name of the setting, such as model.'
        New-Entry 'nbx config unset' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config unset' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config unset' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config unset' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config unset' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx config unset' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx config unset' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx config unset' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx config unset' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx config unset' '1' 'value' @('api_key', 'api_key_command', 'api_key_keyring', 'base_url', 'cacert', 'retries', 'connect_timeout', 'first_byte_timeout', 'stall_timeout', 'timeout', 'model', 'max_tokens', 'temperature', 'top_p', 'n', 'stop', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs', 'echo', 'stream', 'stream_options', 'user', 'service_tier', 'ai_project_id', 'extra_body', 'use_profile', 'project_file') 'Name of the setting, such as model.'
        New-Entry 'nbx config list' '--json' '' @() 'One JSON object.'
        New-Entry 'nbx config list' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config list' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config list' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config list' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config list' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx config list' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx config list' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx config list' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx config list' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx config edit' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config edit' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config edit' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config edit' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config edit' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx config edit' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx config edit' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx config edit' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx config edit' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx config path' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config path' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx config path' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config path' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx config path' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx config path' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx config path' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx config path' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx config path' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile' 'list' 'command' @() 'List the profiles: what put one in force, and what each sets.'
        New-Entry 'nbx profile' 'use' 'command' @() 'Choose the profile of every run from now on.'
        New-Entry 'nbx profile' 'add' 'command' @() 'Make a profile.'
        New-Entry 'nbx profile' 'rm' 'command' @() 'Delete a profile and what it sets.'
        New-Entry 'nbx profile' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile list' '--json' '' @() 'One JSON object.'
        New-Entry 'nbx profile list' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx profile list' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx profile list' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx profile list' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx profile list' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx profile list' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx profile list' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx profile list' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile list' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile use' '--none' '' @() 'Use none.'
        New-Entry 'nbx profile use' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx profile use' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx profile use' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx profile use' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx profile use' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx profile use' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx profile use' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx profile use' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile use' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile use' '1' 'value' @() 'Name of the profile, - for none.'
        New-Entry 'nbx profile add' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx profile add' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx profile add' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx profile add' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx profile add' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx profile add' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx profile add' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx profile add' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile add' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile add' '1' 'value' @() 'Name of the profile.'
        New-Entry 'nbx profile add' '*' 'value' @() 'What it sets; a value of - is read from stdin.'
        New-Entry 'nbx profile rm' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx profile rm' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx profile rm' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx profile rm' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx profile rm' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx profile rm' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx profile rm' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx profile rm' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile rm' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx profile rm' '1' 'value' @() 'Name of the profile.'
        New-Entry 'nbx models' 'list' 'command' @() 'List the models that hold every word of the query in id, name or features.'
        New-Entry 'nbx models' 'show' 'command' @() 'Show everything that is known of one model.'
        New-Entry 'nbx models' 'use' 'command' @() 'Make a model the default, in the config file or in the chosen profile.'
        New-Entry 'nbx models' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx models' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx models' '--json' '' @() 'One JSON object.'
        New-Entry 'nbx models' '--sort' 'value' @('id', 'context', 'price', 'created') 'Cheapest, largest context or newest first. Default id.'
        New-Entry 'nbx models' '--reverse' '' @() 'The other way round.'
        New-Entry 'nbx models' '--refresh' '' @() 'Ask the server, even if the list that is here is fresh.'
        New-Entry 'nbx models' '--api-key-file' 'file' @() 'Read the API key from a file; - is stdin.'
        New-Entry 'nbx models' '--api-key' 'value' @() 'The API key itself, which ps and the shell''s history show.'
        New-Entry 'nbx models' '--ai-project-id' 'value' @() 'Project the request belongs to.'
        New-Entry 'nbx models' '--base-url' 'value' @() 'Where the API is, with or without /v1.'
        New-Entry 'nbx models' '--cacert' 'file' @() 'File of certificate authorities to trust.'
        New-Entry 'nbx models' '--retries' 'value' @() 'How often to try again after a failure.'
        New-Entry 'nbx models' '--connect-timeout' 'value' @() 'Longest wait for a connection. Between 0 and 604800.'
        New-Entry 'nbx models' '--first-byte-timeout' 'value' @() 'Longest wait for the first byte of the answer. Between 0 and 604800.'
        New-Entry 'nbx models' '--stall-timeout' 'value' @() 'Longest silence between two pieces of a stream. Between 0 and 604800.'
        New-Entry 'nbx models' '--timeout' 'value' @() 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
        New-Entry 'nbx models' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx models' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx models' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx models' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx models' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx models' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx models' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx models list' '--json' '' @() 'One JSON object.'
        New-Entry 'nbx models list' '--sort' 'value' @('id', 'context', 'price', 'created') 'Cheapest, largest context or newest first. Default id.'
        New-Entry 'nbx models list' '--reverse' '' @() 'The other way round.'
        New-Entry 'nbx models list' '--refresh' '' @() 'Ask the server, even if the list that is here is fresh.'
        New-Entry 'nbx models list' '--api-key-file' 'file' @() 'Read the API key from a file; - is stdin.'
        New-Entry 'nbx models list' '--api-key' 'value' @() 'The API key itself, which ps and the shell''s history show.'
        New-Entry 'nbx models list' '--ai-project-id' 'value' @() 'Project the request belongs to.'
        New-Entry 'nbx models list' '--base-url' 'value' @() 'Where the API is, with or without /v1.'
        New-Entry 'nbx models list' '--cacert' 'file' @() 'File of certificate authorities to trust.'
        New-Entry 'nbx models list' '--retries' 'value' @() 'How often to try again after a failure.'
        New-Entry 'nbx models list' '--connect-timeout' 'value' @() 'Longest wait for a connection. Between 0 and 604800.'
        New-Entry 'nbx models list' '--first-byte-timeout' 'value' @() 'Longest wait for the first byte of the answer. Between 0 and 604800.'
        New-Entry 'nbx models list' '--stall-timeout' 'value' @() 'Longest silence between two pieces of a stream. Between 0 and 604800.'
        New-Entry 'nbx models list' '--timeout' 'value' @() 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
        New-Entry 'nbx models list' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx models list' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx models list' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx models list' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx models list' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx models list' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx models list' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx models list' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx models list' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx models list' '*' 'value' @() 'Words that the id holds, upper or lower case.'
        New-Entry 'nbx models show' '--json' '' @() 'One JSON object.'
        New-Entry 'nbx models show' '--refresh' '' @() 'Ask the server, even if the list that is here is fresh.'
        New-Entry 'nbx models show' '--api-key-file' 'file' @() 'Read the API key from a file; - is stdin.'
        New-Entry 'nbx models show' '--api-key' 'value' @() 'The API key itself, which ps and the shell''s history show.'
        New-Entry 'nbx models show' '--ai-project-id' 'value' @() 'Project the request belongs to.'
        New-Entry 'nbx models show' '--base-url' 'value' @() 'Where the API is, with or without /v1.'
        New-Entry 'nbx models show' '--cacert' 'file' @() 'File of certificate authorities to trust.'
        New-Entry 'nbx models show' '--retries' 'value' @() 'How often to try again after a failure.'
        New-Entry 'nbx models show' '--connect-timeout' 'value' @() 'Longest wait for a connection. Between 0 and 604800.'
        New-Entry 'nbx models show' '--first-byte-timeout' 'value' @() 'Longest wait for the first byte of the answer. Between 0 and 604800.'
        New-Entry 'nbx models show' '--stall-timeout' 'value' @() 'Longest silence between two pieces of a stream. Between 0 and 604800.'
        New-Entry 'nbx models show' '--timeout' 'value' @() 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
        New-Entry 'nbx models show' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx models show' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx models show' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx models show' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx models show' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx models show' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx models show' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx models show' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx models show' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx models show' '1' 'model' @() 'Id of the model.'
        New-Entry 'nbx models use' '--force' '' @() 'Write an id that is not in the list.'
        New-Entry 'nbx models use' '--refresh' '' @() 'Ask the server, even if the list that is here is fresh.'
        New-Entry 'nbx models use' '--api-key-file' 'file' @() 'Read the API key from a file; - is stdin.'
        New-Entry 'nbx models use' '--api-key' 'value' @() 'The API key itself, which ps and the shell''s history show.'
        New-Entry 'nbx models use' '--ai-project-id' 'value' @() 'Project the request belongs to.'
        New-Entry 'nbx models use' '--base-url' 'value' @() 'Where the API is, with or without /v1.'
        New-Entry 'nbx models use' '--cacert' 'file' @() 'File of certificate authorities to trust.'
        New-Entry 'nbx models use' '--retries' 'value' @() 'How often to try again after a failure.'
        New-Entry 'nbx models use' '--connect-timeout' 'value' @() 'Longest wait for a connection. Between 0 and 604800.'
        New-Entry 'nbx models use' '--first-byte-timeout' 'value' @() 'Longest wait for the first byte of the answer. Between 0 and 604800.'
        New-Entry 'nbx models use' '--stall-timeout' 'value' @() 'Longest silence between two pieces of a stream. Between 0 and 604800.'
        New-Entry 'nbx models use' '--timeout' 'value' @() 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
        New-Entry 'nbx models use' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx models use' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx models use' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx models use' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx models use' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx models use' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx models use' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx models use' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx models use' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx models use' '1' 'model' @() 'Id of the model.'
        New-Entry 'nbx local' 'pull' 'command' @() 'Fetch a model and print where it is.'
        New-Entry 'nbx local' 'list' 'command' @() 'List models: here, or to be fetched.'
        New-Entry 'nbx local' 'rm' 'command' @() 'Delete a model from this machine.'
        New-Entry 'nbx local' 'serve' 'command' @() 'Keep the engine running; print exports for nbx.'
        New-Entry 'nbx local' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx local' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx local pull' '--force' '' @() 'Fetch it even if it is there.'
        New-Entry 'nbx local pull' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx local pull' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx local pull' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx local pull' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx local pull' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx local pull' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx local pull' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx local pull' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx local pull' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx local pull' '1' 'value' @() 'Name of the model; default that of --local.'
        New-Entry 'nbx local list' '--json' '' @() 'One JSON object.'
        New-Entry 'nbx local list' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx local list' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx local list' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx local list' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx local list' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx local list' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx local list' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx local list' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx local list' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx local rm' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx local rm' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx local rm' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx local rm' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx local rm' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx local rm' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx local rm' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx local rm' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx local rm' '--help' '' @() 'Show this message and exit.'
        New-Entry 'nbx local rm' '1' 'value' @() 'Name of the model.'
        New-Entry 'nbx local serve' '--port' 'value' @() 'Port to listen on, of 127.0.0.1. Default any free one.'
        New-Entry 'nbx local serve' '--model-file' 'file' @() 'Serve this GGUF file instead of the default model.'
        New-Entry 'nbx local serve' '-q' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx local serve' '--quiet' '' @() 'Nothing on stderr but errors.'
        New-Entry 'nbx local serve' '-v' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx local serve' '--verbose' '' @() 'Say what goes over the wire.'
        New-Entry 'nbx local serve' '--debug' '' @() 'Like --verbose, with a traceback for a bug.'
        New-Entry 'nbx local serve' '--color' 'value' @('auto', 'always', 'never') 'When to use colour. Default auto.'
        New-Entry 'nbx local serve' '--profile' 'value' @() 'Profile of the config file to use.'
        New-Entry 'nbx local serve' '-h' '' @() 'Show this message and exit.'
        New-Entry 'nbx local serve' '--help' '' @() 'Show this message and exit.'
    )

    function Write-Offer($Text, $Kind, $Help) {
        [System.Management.Automation.CompletionResult]::new($Text, $Text, $Kind, $Help)
    }
    # The ids of the models that `nbx models` listed last. The file is read and never run, and a line that
    # could mean anything to a shell is left out.
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
    function Write-Values($Entry, $Lead, $Typed) {
        $choices = @($Entry.Choices)
        if ($Entry.Takes -ceq 'model') { $choices = @(Get-ModelId) }
        foreach ($choice in $choices) {
            if (-not $choice.StartsWith($Typed, 'Ordinal')) { continue }
            Write-Offer ($Lead + $choice) 'ParameterValue' $Entry.Help
        }
        if ($Entry.Takes -cne 'file' -and $Entry.Takes -cne 'dir') { return }
        foreach ($found in [System.Management.Automation.CompletionCompleters]::CompleteFilename($Typed)) {
            if ($Entry.Takes -ceq 'dir' -and $found.ResultType -ne 'ProviderContainer') { continue }
            $text = $Lead + $found.CompletionText
            # A name that must be quoted comes quoted; then the quotes go around the flag too.
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
            # Letters may share a dash; the first that takes a value takes the rest of the word as well.
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
