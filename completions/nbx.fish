# nbx completion for fish 3.0 and later.
# Made by `python -m nebius_cli.gen --write`; do not edit. TAB starts neither Python nor nbx.

# True when the command line has come to the command path $argv[1], and its next operand is number $argv[2].
function __nbx_at
    set -l commands \
        'nbx complete' \
        'nbx config' \
        'nbx local' \
        'nbx config set' \
        'nbx config get' \
        'nbx config unset' \
        'nbx config list' \
        'nbx config path' \
        'nbx local pull' \
        'nbx local list' \
        'nbx local rm' \
        'nbx local serve'
    set -l valued \
        'nbx --color' \
        'nbx --profile' \
        'nbx complete -f' \
        'nbx complete --file' \
        'nbx complete --prompts' \
        'nbx complete --tokens' \
        'nbx complete --encoding' \
        'nbx complete --invalid' \
        'nbx complete -m' \
        'nbx complete --model' \
        'nbx complete --max-tokens' \
        'nbx complete --temperature' \
        'nbx complete --top-p' \
        'nbx complete -n' \
        'nbx complete --n' \
        'nbx complete --stop' \
        'nbx complete --presence-penalty' \
        'nbx complete --frequency-penalty' \
        'nbx complete --logit-bias' \
        'nbx complete --logprobs' \
        'nbx complete --stream-options' \
        'nbx complete --user' \
        'nbx complete --service-tier' \
        'nbx complete --ai-project-id' \
        'nbx complete --extra-body' \
        'nbx complete --param' \
        'nbx complete --unset' \
        'nbx complete -o' \
        'nbx complete --output' \
        'nbx complete --fail-on' \
        'nbx complete --model-file' \
        'nbx complete --api-key-file' \
        'nbx complete --base-url' \
        'nbx complete --cacert' \
        'nbx complete --retries' \
        'nbx complete --connect-timeout' \
        'nbx complete --first-byte-timeout' \
        'nbx complete --stall-timeout' \
        'nbx complete --timeout' \
        'nbx complete --color' \
        'nbx complete --profile' \
        'nbx config set --color' \
        'nbx config set --profile' \
        'nbx config get --color' \
        'nbx config get --profile' \
        'nbx config unset --color' \
        'nbx config unset --profile' \
        'nbx config list --color' \
        'nbx config list --profile' \
        'nbx config path --color' \
        'nbx config path --profile' \
        'nbx local pull --color' \
        'nbx local pull --profile' \
        'nbx local list --color' \
        'nbx local list --profile' \
        'nbx local rm --color' \
        'nbx local rm --profile' \
        'nbx local serve --port' \
        'nbx local serve --model-file' \
        'nbx local serve --color' \
        'nbx local serve --profile'
    set -l path nbx
    set -l operand 1
    set -l ended no
    set -l skip no
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if test $skip = yes
            set skip no
        else if test $ended = no -a "$word" = --
            set ended yes
        else if test $ended = no; and string match -qr '^--' -- $word
            contains -- "$path $word" $valued; and set skip yes
        else if test $ended = no; and string match -qr '^-.' -- $word
            # Letters may share a dash; the first that takes a value takes the rest of the word as well.
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for index in (seq (count $letters))
                if contains -- "$path -$letters[$index]" $valued
                    test $index -eq (count $letters); and set skip yes
                    break
                end
            end
        else if contains -- "$path $word" $commands
            set path "$path $word"
            set operand 1
            set ended no
        else
            set operand (math $operand + 1)
        end
    end
    test "$path" = "$argv[1]"; and begin
        test (count $argv) -lt 2; or test $operand -eq "$argv[2]"
    end
end

# Files behind an @, for a value that is either given in place or read from a file.
function __nbx_at_file
    set -l typed (string match -r '^(?:--[^=]*=)?@(.*)' -- (commandline -ct))[2]
    or return
    for path in $typed*
        test -d $path; and set path $path/
        echo @$path
    end
end

complete -c nbx -f

# nbx
complete -c nbx -n '__nbx_at "nbx" 1' -a complete -d 'Complete a prompt: send it as it is, print what the model writes.'
complete -c nbx -n '__nbx_at "nbx" 1' -a config -d 'Read and write settings.'
complete -c nbx -n '__nbx_at "nbx" 1' -a local -d 'Models that run on this machine: no key, no network once they are here.'
complete -c nbx -n '__nbx_at "nbx"' -l version -d 'Print the version.'
complete -c nbx -n '__nbx_at "nbx"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx"' -s h -l help -d 'Show this message and exit.'

# nbx complete
complete -c nbx -n '__nbx_at "nbx complete"' -s f -l file -r -F -d 'A file as a prompt, whole; repeat for more. - is stdin.'
complete -c nbx -n '__nbx_at "nbx complete"' -l prompts -r -F -d 'A file of prompts, one a line; - is stdin.'
complete -c nbx -n '__nbx_at "nbx complete"' -l tokens -x -a '(__nbx_at_file)' -d 'Token ids as the prompt: [1,2,3], [[1,2],[3]] or @file.'
complete -c nbx -n '__nbx_at "nbx complete"' -s 0 -l null -d 'NUL instead of newline: between --prompts, and between printed choices.'
complete -c nbx -n '__nbx_at "nbx complete"' -l strip-final-newline -d 'Drop the newline at the end of stdin and files.'
complete -c nbx -n '__nbx_at "nbx complete"' -l encoding -x -d 'Encoding of stdin and files. Default utf-8.'
complete -c nbx -n '__nbx_at "nbx complete"' -l invalid -x -a 'strict replace' -d 'What to do with bytes that are not text. Default strict.'
complete -c nbx -n '__nbx_at "nbx complete"' -l allow-empty -d 'Send a prompt with nothing in it.'
complete -c nbx -n '__nbx_at "nbx complete"' -s m -l model -x -d 'ID of the model to use.'
complete -c nbx -n '__nbx_at "nbx complete"' -l max-tokens -x -d 'Maximum number of tokens to generate for each choice.'
complete -c nbx -n '__nbx_at "nbx complete"' -l temperature -x -d 'Sampling temperature; low is focused, 0 is greedy. Server default 1. Between 0 and 2.'
complete -c nbx -n '__nbx_at "nbx complete"' -l top-p -x -d 'Nucleus sampling: only the tokens that make up this probability mass. Server default 1. Between 0 and 1.'
complete -c nbx -n '__nbx_at "nbx complete"' -s n -l n -x -d 'Completions for each prompt. Server default 1.'
complete -c nbx -n '__nbx_at "nbx complete"' -l stop -x -d 'Sequence that ends the answer and is left out of it; repeat for up to 4. A newline is $\'\\n\'.'
complete -c nbx -n '__nbx_at "nbx complete"' -l presence-penalty -x -d 'Push towards new topics (positive) or away from them. Server default 0. Between -2 and 2.'
complete -c nbx -n '__nbx_at "nbx complete"' -l frequency-penalty -x -d 'Push against repeating the same tokens (positive) or towards it. Server default 0. Between -2 and 2.'
complete -c nbx -n '__nbx_at "nbx complete"' -l logit-bias -x -a '(__nbx_at_file)' -d 'Bias added to a token id; repeat the flag, or give a JSON object or @file. Between -100 and 100.'
complete -c nbx -n '__nbx_at "nbx complete"' -l logprobs -x -d 'Log probabilities of the N most likely tokens at each position; with --json or --ndjson.'
complete -c nbx -n '__nbx_at "nbx complete"' -l echo -d 'Echo back the prompt in front of the completion.'
complete -c nbx -n '__nbx_at "nbx complete"' -l no-echo -d 'The opposite of --echo.'
complete -c nbx -n '__nbx_at "nbx complete"' -l stream -d 'Stream tokens as they are made (default, except with --json).'
complete -c nbx -n '__nbx_at "nbx complete"' -l no-stream -d 'The opposite of --stream.'
complete -c nbx -n '__nbx_at "nbx complete"' -l stream-options -x -a '(__nbx_at_file)' -d 'Options of a streamed answer; nbx asks for usage unless this is given. JSON object or @file.'
complete -c nbx -n '__nbx_at "nbx complete"' -l user -x -d 'Identifier of your end user.'
complete -c nbx -n '__nbx_at "nbx complete"' -l service-tier -x -a 'auto default over-limit flex no-limit' -d 'Service tier of the request. Server default auto.'
complete -c nbx -n '__nbx_at "nbx complete"' -l ai-project-id -x -d 'Project the request belongs to.'
complete -c nbx -n '__nbx_at "nbx complete"' -l extra-body -x -a '(__nbx_at_file)' -d 'The API\'s own extra_body member, sent as it is. Use --param for an engine\'s parameters.'
complete -c nbx -n '__nbx_at "nbx complete"' -l param -x -d 'Any other top-level member, for the engine: top_k=40, seed=1. Repeatable.'
complete -c nbx -n '__nbx_at "nbx complete"' -l unset -x -a 'model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' -d 'Leave out a field that the configuration sets.'
complete -c nbx -n '__nbx_at "nbx complete"' -l validate -d 'Check values against their documented bounds.'
complete -c nbx -n '__nbx_at "nbx complete"' -l no-validate -d 'The opposite of --validate.'
complete -c nbx -n '__nbx_at "nbx complete"' -l json -d 'The API\'s response as one JSON object; not streamed unless --stream is given.'
complete -c nbx -n '__nbx_at "nbx complete"' -l ndjson -d 'Each object of the stream on a line, as it arrives.'
complete -c nbx -n '__nbx_at "nbx complete"' -s o -l output -r -F -d 'Write the answer to a file, which appears when it is whole.'
complete -c nbx -n '__nbx_at "nbx complete"' -l newline -d 'End piped output with a newline (default).'
complete -c nbx -n '__nbx_at "nbx complete"' -s N -l no-newline -d 'The opposite of --newline.'
complete -c nbx -n '__nbx_at "nbx complete"' -l usage -d 'Token usage and timing on stderr. Default on a terminal.'
complete -c nbx -n '__nbx_at "nbx complete"' -l no-usage -d 'The opposite of --usage.'
complete -c nbx -n '__nbx_at "nbx complete"' -l fail-on -x -d 'Exit 8 when finish_reason is this: length means that max_tokens cut the answer.'
complete -c nbx -n '__nbx_at "nbx complete"' -l dry-run -d 'Print the request\'s body and send nothing.'
complete -c nbx -n '__nbx_at "nbx complete"' -l curl -d 'Print the request as a curl command and send nothing.'
complete -c nbx -n '__nbx_at "nbx complete"' -l local -d 'Run the embedded model on this machine: no key, no network, 256 tokens by default.'
complete -c nbx -n '__nbx_at "nbx complete"' -l model-file -r -F -d 'Run this GGUF file instead; means --local.'
complete -c nbx -n '__nbx_at "nbx complete"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx complete"' -l base-url -x -d 'Where the API is, with or without /v1.'
complete -c nbx -n '__nbx_at "nbx complete"' -l cacert -r -F -d 'File of certificate authorities to trust.'
complete -c nbx -n '__nbx_at "nbx complete"' -l retries -x -d 'How often to try again after a failure.'
complete -c nbx -n '__nbx_at "nbx complete"' -l connect-timeout -x -d 'Longest wait for a connection. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx complete"' -l first-byte-timeout -x -d 'Longest wait for the first byte of the answer. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx complete"' -l stall-timeout -x -d 'Longest silence between two pieces of a stream. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx complete"' -l timeout -x -d 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx complete"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx complete"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx complete"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx complete"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx complete"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx complete"' -s h -l help -d 'Show this message and exit.'

# nbx config
complete -c nbx -n '__nbx_at "nbx config" 1' -a set -d 'Write a setting into the config file, or into the chosen profile.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a get -d 'Print the value in force.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a unset -d 'Take a setting out of the config file.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a list -d 'List the settings that have a value, with where each came from.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a path -d 'Print where the config file is.'
complete -c nbx -n '__nbx_at "nbx config"' -s h -l help -d 'Show this message and exit.'

# nbx config set
complete -c nbx -n '__nbx_at "nbx config set"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config set"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config set"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config set"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config set"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config set"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx config set" 1' -x -a 'api_key base_url cacert retries connect_timeout first_byte_timeout stall_timeout timeout model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' -d 'SETTING'

# nbx config get
complete -c nbx -n '__nbx_at "nbx config get"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config get"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config get"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config get"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config get"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config get"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx config get" 1' -x -a 'api_key base_url cacert retries connect_timeout first_byte_timeout stall_timeout timeout model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' -d 'SETTING'

# nbx config unset
complete -c nbx -n '__nbx_at "nbx config unset"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config unset"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config unset"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config unset"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config unset"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config unset"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx config unset" 1' -x -a 'api_key base_url cacert retries connect_timeout first_byte_timeout stall_timeout timeout model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' -d 'SETTING'

# nbx config list
complete -c nbx -n '__nbx_at "nbx config list"' -l json -d 'One JSON object.'
complete -c nbx -n '__nbx_at "nbx config list"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config list"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config list"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config list"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config list"' -s h -l help -d 'Show this message and exit.'

# nbx config path
complete -c nbx -n '__nbx_at "nbx config path"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config path"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config path"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config path"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config path"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config path"' -s h -l help -d 'Show this message and exit.'

# nbx local
complete -c nbx -n '__nbx_at "nbx local" 1' -a pull -d 'Fetch a model and print where it is.'
complete -c nbx -n '__nbx_at "nbx local" 1' -a list -d 'List models: here, or to be fetched.'
complete -c nbx -n '__nbx_at "nbx local" 1' -a rm -d 'Delete a model from this machine.'
complete -c nbx -n '__nbx_at "nbx local" 1' -a serve -d 'Keep the engine running; print exports for nbx.'
complete -c nbx -n '__nbx_at "nbx local"' -s h -l help -d 'Show this message and exit.'

# nbx local pull
complete -c nbx -n '__nbx_at "nbx local pull"' -l force -d 'Fetch it even if it is there.'
complete -c nbx -n '__nbx_at "nbx local pull"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx local pull"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx local pull"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx local pull"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx local pull"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx local pull"' -s h -l help -d 'Show this message and exit.'

# nbx local list
complete -c nbx -n '__nbx_at "nbx local list"' -l json -d 'One JSON object.'
complete -c nbx -n '__nbx_at "nbx local list"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx local list"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx local list"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx local list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx local list"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx local list"' -s h -l help -d 'Show this message and exit.'

# nbx local rm
complete -c nbx -n '__nbx_at "nbx local rm"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx local rm"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx local rm"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx local rm"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx local rm"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx local rm"' -s h -l help -d 'Show this message and exit.'

# nbx local serve
complete -c nbx -n '__nbx_at "nbx local serve"' -l port -x -d 'Port to listen on, of 127.0.0.1. Default any free one.'
complete -c nbx -n '__nbx_at "nbx local serve"' -l model-file -r -F -d 'Serve this GGUF file instead of the default model.'
complete -c nbx -n '__nbx_at "nbx local serve"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx local serve"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx local serve"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx local serve"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx local serve"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx local serve"' -s h -l help -d 'Show this message and exit.'
