# nbx completion for fish 3.0 and later.
# Made by `python -m nebius_cli.gen --write`; do not edit. TAB starts neither Python nor nbx.

# True when the command line has come to the command path $argv[1], and its next operand is number $argv[2].
function __nbx_at
    set -l commands \
        'nbx complete' \
        'nbx doctor' \
        'nbx auth' \
        'nbx config' \
        'nbx profile' \
        'nbx models' \
        'nbx local' \
        'nbx auth login' \
        'nbx auth logout' \
        'nbx auth status' \
        'nbx auth token' \
        'nbx config set' \
        'nbx config get' \
        'nbx config unset' \
        'nbx config list' \
        'nbx config edit' \
        'nbx config path' \
        'nbx profile list' \
        'nbx profile use' \
        'nbx profile add' \
        'nbx profile rm' \
        'nbx models list' \
        'nbx models show' \
        'nbx models use' \
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
        'nbx complete --api-key' \
        'nbx complete --base-url' \
        'nbx complete --cacert' \
        'nbx complete --retries' \
        'nbx complete --connect-timeout' \
        'nbx complete --first-byte-timeout' \
        'nbx complete --stall-timeout' \
        'nbx complete --timeout' \
        'nbx complete --color' \
        'nbx complete --profile' \
        'nbx doctor -m' \
        'nbx doctor --model' \
        'nbx doctor --ai-project-id' \
        'nbx doctor --api-key-file' \
        'nbx doctor --api-key' \
        'nbx doctor --base-url' \
        'nbx doctor --cacert' \
        'nbx doctor --retries' \
        'nbx doctor --connect-timeout' \
        'nbx doctor --first-byte-timeout' \
        'nbx doctor --stall-timeout' \
        'nbx doctor --timeout' \
        'nbx doctor --color' \
        'nbx doctor --profile' \
        'nbx auth login --color' \
        'nbx auth login --profile' \
        'nbx auth logout --color' \
        'nbx auth logout --profile' \
        'nbx auth status --api-key-file' \
        'nbx auth status --api-key' \
        'nbx auth status --base-url' \
        'nbx auth status --cacert' \
        'nbx auth status --retries' \
        'nbx auth status --connect-timeout' \
        'nbx auth status --first-byte-timeout' \
        'nbx auth status --stall-timeout' \
        'nbx auth status --timeout' \
        'nbx auth status --color' \
        'nbx auth status --profile' \
        'nbx auth token --api-key-file' \
        'nbx auth token --api-key' \
        'nbx auth token --color' \
        'nbx auth token --profile' \
        'nbx config set --color' \
        'nbx config set --profile' \
        'nbx config get --color' \
        'nbx config get --profile' \
        'nbx config unset --color' \
        'nbx config unset --profile' \
        'nbx config list --color' \
        'nbx config list --profile' \
        'nbx config edit --color' \
        'nbx config edit --profile' \
        'nbx config path --color' \
        'nbx config path --profile' \
        'nbx profile list --color' \
        'nbx profile list --profile' \
        'nbx profile use --color' \
        'nbx profile use --profile' \
        'nbx profile add --color' \
        'nbx profile add --profile' \
        'nbx profile rm --color' \
        'nbx profile rm --profile' \
        'nbx models --sort' \
        'nbx models --api-key-file' \
        'nbx models --api-key' \
        'nbx models --ai-project-id' \
        'nbx models --base-url' \
        'nbx models --cacert' \
        'nbx models --retries' \
        'nbx models --connect-timeout' \
        'nbx models --first-byte-timeout' \
        'nbx models --stall-timeout' \
        'nbx models --timeout' \
        'nbx models --color' \
        'nbx models --profile' \
        'nbx models list --sort' \
        'nbx models list --api-key-file' \
        'nbx models list --api-key' \
        'nbx models list --ai-project-id' \
        'nbx models list --base-url' \
        'nbx models list --cacert' \
        'nbx models list --retries' \
        'nbx models list --connect-timeout' \
        'nbx models list --first-byte-timeout' \
        'nbx models list --stall-timeout' \
        'nbx models list --timeout' \
        'nbx models list --color' \
        'nbx models list --profile' \
        'nbx models show --api-key-file' \
        'nbx models show --api-key' \
        'nbx models show --ai-project-id' \
        'nbx models show --base-url' \
        'nbx models show --cacert' \
        'nbx models show --retries' \
        'nbx models show --connect-timeout' \
        'nbx models show --first-byte-timeout' \
        'nbx models show --stall-timeout' \
        'nbx models show --timeout' \
        'nbx models show --color' \
        'nbx models show --profile' \
        'nbx models use --api-key-file' \
        'nbx models use --api-key' \
        'nbx models use --ai-project-id' \
        'nbx models use --base-url' \
        'nbx models use --cacert' \
        'nbx models use --retries' \
        'nbx models use --connect-timeout' \
        'nbx models use --first-byte-timeout' \
        'nbx models use --stall-timeout' \
        'nbx models use --timeout' \
        'nbx models use --color' \
        'nbx models use --profile' \
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

# The ids of the models that `nbx models` listed last. The file is read and never run, and a line that could
# mean anything to a shell is left out.
function __nbx_models
    set -l places ~/.cache/nbx ~/Library/Caches/nbx $LOCALAPPDATA/nbx/Cache
    string match -q '/*' -- "$XDG_CACHE_HOME"; and set places $XDG_CACHE_HOME/nbx
    test -n "$NBX_CACHE_DIR"; and set places $NBX_CACHE_DIR
    for folder in $places
        test -f $folder/models/ids.txt -a -r $folder/models/ids.txt; or continue
        string match -r '^[A-Za-z0-9][A-Za-z0-9._/:@+-]*$' < $folder/models/ids.txt
        return
    end
end

complete -c nbx -f

# nbx
complete -c nbx -n '__nbx_at "nbx" 1' -a complete -d 'Complete a prompt: send it as it is, print what the model writes.'
complete -c nbx -n '__nbx_at "nbx" 1' -a doctor -d 'Look at everything a completion needs, and say what to do where something is wrong.'
complete -c nbx -n '__nbx_at "nbx" 1' -a auth -d 'The API key: store it, see where it comes from, remove it.'
complete -c nbx -n '__nbx_at "nbx" 1' -a config -d 'Read and write settings.'
complete -c nbx -n '__nbx_at "nbx" 1' -a profile -d 'Sets of settings under a name: another account, another server, other defaults.'
complete -c nbx -n '__nbx_at "nbx" 1' -a models -d 'The models of your account: listed, searched, shown, chosen.'
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
complete -c nbx -n '__nbx_at "nbx complete"' -s m -l model -x -a '(__nbx_models)' -d 'ID of the model to use.'
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
complete -c nbx -n '__nbx_at "nbx complete"' -l api-key -x -d 'The API key itself, which ps and the shell\'s history show.'
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

# nbx doctor
complete -c nbx -n '__nbx_at "nbx doctor"' -l live -d 'Also complete one token with the default model, and load the local one.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l json -d 'One JSON object.'
complete -c nbx -n '__nbx_at "nbx doctor"' -s m -l model -x -a '(__nbx_models)' -d 'ID of the model to use.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l ai-project-id -x -d 'Project the request belongs to.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l api-key -x -d 'The API key itself, which ps and the shell\'s history show.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l base-url -x -d 'Where the API is, with or without /v1.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l cacert -r -F -d 'File of certificate authorities to trust.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l retries -x -d 'How often to try again after a failure.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l connect-timeout -x -d 'Longest wait for a connection. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l first-byte-timeout -x -d 'Longest wait for the first byte of the answer. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l stall-timeout -x -d 'Longest silence between two pieces of a stream. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l timeout -x -d 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx doctor"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx doctor"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx doctor"' -s h -l help -d 'Show this message and exit.'

# nbx auth
complete -c nbx -n '__nbx_at "nbx auth" 1' -a login -d 'Store a key, typed unseen or from stdin.'
complete -c nbx -n '__nbx_at "nbx auth" 1' -a logout -d 'Remove the stored key, of the chosen profile if there is one.'
complete -c nbx -n '__nbx_at "nbx auth" 1' -a status -d 'Show which key is used, and which others there are, by their ends.'
complete -c nbx -n '__nbx_at "nbx auth" 1' -a token -d 'Print the key, for scripts.'
complete -c nbx -n '__nbx_at "nbx auth"' -s h -l help -d 'Show this message and exit.'

# nbx auth login
complete -c nbx -n '__nbx_at "nbx auth login"' -l with-token -d 'Read the key from stdin instead of asking for it.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l keyring -d 'Store it in the keyring or fail; or in the config file. Default: the keyring if one works.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l no-keyring -d 'The opposite of --keyring.'
complete -c nbx -n '__nbx_at "nbx auth login"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx auth login"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx auth login"' -s h -l help -d 'Show this message and exit.'

# nbx auth logout
complete -c nbx -n '__nbx_at "nbx auth logout"' -l all -d 'The keys of every profile.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -s h -l help -d 'Show this message and exit.'

# nbx auth status
complete -c nbx -n '__nbx_at "nbx auth status"' -l check -d 'Ask the server whether it takes the key.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l json -d 'One JSON object.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l api-key -x -d 'The API key itself, which ps and the shell\'s history show.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l base-url -x -d 'Where the API is, with or without /v1.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l cacert -r -F -d 'File of certificate authorities to trust.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l retries -x -d 'How often to try again after a failure.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l connect-timeout -x -d 'Longest wait for a connection. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l first-byte-timeout -x -d 'Longest wait for the first byte of the answer. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l stall-timeout -x -d 'Longest silence between two pieces of a stream. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l timeout -x -d 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx auth status"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx auth status"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx auth status"' -s h -l help -d 'Show this message and exit.'

# nbx auth token
complete -c nbx -n '__nbx_at "nbx auth token"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx auth token"' -l api-key -x -d 'The API key itself, which ps and the shell\'s history show.'
complete -c nbx -n '__nbx_at "nbx auth token"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx auth token"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx auth token"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx auth token"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx auth token"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx auth token"' -s h -l help -d 'Show this message and exit.'

# nbx config
complete -c nbx -n '__nbx_at "nbx config" 1' -a set -d 'Write a setting into the config file, or into the chosen profile.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a get -d 'Print the value in force.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a unset -d 'Take a setting out of the config file, or out of the chosen profile.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a list -d 'List the settings that have a value, with where each came from.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a edit -d 'Edit the config file with $VISUAL or $EDITOR; it is checked before it replaces the old one.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a path -d 'Print where the config file is.'
complete -c nbx -n '__nbx_at "nbx config"' -s h -l help -d 'Show this message and exit.'

# nbx config set
complete -c nbx -n '__nbx_at "nbx config set"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config set"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config set"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config set"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config set"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config set"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx config set" 1' -x -a 'api_key api_key_command api_key_keyring base_url cacert retries connect_timeout first_byte_timeout stall_timeout timeout model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body use_profile project_file' -d 'SETTING'

# nbx config get
complete -c nbx -n '__nbx_at "nbx config get"' -l show-origin -d 'Print where it comes from, too, after a tab.'
complete -c nbx -n '__nbx_at "nbx config get"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config get"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config get"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config get"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config get"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config get"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx config get" 1' -x -a 'api_key api_key_command api_key_keyring base_url cacert retries connect_timeout first_byte_timeout stall_timeout timeout model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body use_profile project_file' -d 'SETTING'

# nbx config unset
complete -c nbx -n '__nbx_at "nbx config unset"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config unset"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config unset"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config unset"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config unset"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config unset"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx config unset" 1' -x -a 'api_key api_key_command api_key_keyring base_url cacert retries connect_timeout first_byte_timeout stall_timeout timeout model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body use_profile project_file' -d 'SETTING'

# nbx config list
complete -c nbx -n '__nbx_at "nbx config list"' -l json -d 'One JSON object.'
complete -c nbx -n '__nbx_at "nbx config list"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config list"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config list"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config list"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config list"' -s h -l help -d 'Show this message and exit.'

# nbx config edit
complete -c nbx -n '__nbx_at "nbx config edit"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config edit"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config edit"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config edit"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config edit"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config edit"' -s h -l help -d 'Show this message and exit.'

# nbx config path
complete -c nbx -n '__nbx_at "nbx config path"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config path"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx config path"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx config path"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config path"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx config path"' -s h -l help -d 'Show this message and exit.'

# nbx profile
complete -c nbx -n '__nbx_at "nbx profile" 1' -a list -d 'List the profiles: what put one in force, and what each sets.'
complete -c nbx -n '__nbx_at "nbx profile" 1' -a use -d 'Choose the profile of every run from now on.'
complete -c nbx -n '__nbx_at "nbx profile" 1' -a add -d 'Make a profile.'
complete -c nbx -n '__nbx_at "nbx profile" 1' -a rm -d 'Delete a profile and what it sets.'
complete -c nbx -n '__nbx_at "nbx profile"' -s h -l help -d 'Show this message and exit.'

# nbx profile list
complete -c nbx -n '__nbx_at "nbx profile list"' -l json -d 'One JSON object.'
complete -c nbx -n '__nbx_at "nbx profile list"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx profile list"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx profile list"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx profile list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx profile list"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx profile list"' -s h -l help -d 'Show this message and exit.'

# nbx profile use
complete -c nbx -n '__nbx_at "nbx profile use"' -l none -d 'Use none.'
complete -c nbx -n '__nbx_at "nbx profile use"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx profile use"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx profile use"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx profile use"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx profile use"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx profile use"' -s h -l help -d 'Show this message and exit.'

# nbx profile add
complete -c nbx -n '__nbx_at "nbx profile add"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx profile add"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx profile add"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx profile add"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx profile add"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx profile add"' -s h -l help -d 'Show this message and exit.'

# nbx profile rm
complete -c nbx -n '__nbx_at "nbx profile rm"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -s h -l help -d 'Show this message and exit.'

# nbx models
complete -c nbx -n '__nbx_at "nbx models" 1' -a list -d 'List the models that hold every word of the query in id, name or features.'
complete -c nbx -n '__nbx_at "nbx models" 1' -a show -d 'Show everything that is known of one model.'
complete -c nbx -n '__nbx_at "nbx models" 1' -a use -d 'Make a model the default, in the config file or in the chosen profile.'
complete -c nbx -n '__nbx_at "nbx models"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx models"' -l json -d 'One JSON object.'
complete -c nbx -n '__nbx_at "nbx models"' -l sort -x -a 'id context price created' -d 'Cheapest, largest context or newest first. Default id.'
complete -c nbx -n '__nbx_at "nbx models"' -l reverse -d 'The other way round.'
complete -c nbx -n '__nbx_at "nbx models"' -l refresh -d 'Ask the server, even if the list that is here is fresh.'
complete -c nbx -n '__nbx_at "nbx models"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx models"' -l api-key -x -d 'The API key itself, which ps and the shell\'s history show.'
complete -c nbx -n '__nbx_at "nbx models"' -l ai-project-id -x -d 'Project the request belongs to.'
complete -c nbx -n '__nbx_at "nbx models"' -l base-url -x -d 'Where the API is, with or without /v1.'
complete -c nbx -n '__nbx_at "nbx models"' -l cacert -r -F -d 'File of certificate authorities to trust.'
complete -c nbx -n '__nbx_at "nbx models"' -l retries -x -d 'How often to try again after a failure.'
complete -c nbx -n '__nbx_at "nbx models"' -l connect-timeout -x -d 'Longest wait for a connection. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models"' -l first-byte-timeout -x -d 'Longest wait for the first byte of the answer. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models"' -l stall-timeout -x -d 'Longest silence between two pieces of a stream. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models"' -l timeout -x -d 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx models"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx models"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx models"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx models"' -l profile -x -d 'Profile of the config file to use.'

# nbx models list
complete -c nbx -n '__nbx_at "nbx models list"' -l json -d 'One JSON object.'
complete -c nbx -n '__nbx_at "nbx models list"' -l sort -x -a 'id context price created' -d 'Cheapest, largest context or newest first. Default id.'
complete -c nbx -n '__nbx_at "nbx models list"' -l reverse -d 'The other way round.'
complete -c nbx -n '__nbx_at "nbx models list"' -l refresh -d 'Ask the server, even if the list that is here is fresh.'
complete -c nbx -n '__nbx_at "nbx models list"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx models list"' -l api-key -x -d 'The API key itself, which ps and the shell\'s history show.'
complete -c nbx -n '__nbx_at "nbx models list"' -l ai-project-id -x -d 'Project the request belongs to.'
complete -c nbx -n '__nbx_at "nbx models list"' -l base-url -x -d 'Where the API is, with or without /v1.'
complete -c nbx -n '__nbx_at "nbx models list"' -l cacert -r -F -d 'File of certificate authorities to trust.'
complete -c nbx -n '__nbx_at "nbx models list"' -l retries -x -d 'How often to try again after a failure.'
complete -c nbx -n '__nbx_at "nbx models list"' -l connect-timeout -x -d 'Longest wait for a connection. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models list"' -l first-byte-timeout -x -d 'Longest wait for the first byte of the answer. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models list"' -l stall-timeout -x -d 'Longest silence between two pieces of a stream. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models list"' -l timeout -x -d 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models list"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx models list"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx models list"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx models list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx models list"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx models list"' -s h -l help -d 'Show this message and exit.'

# nbx models show
complete -c nbx -n '__nbx_at "nbx models show"' -l json -d 'One JSON object.'
complete -c nbx -n '__nbx_at "nbx models show"' -l refresh -d 'Ask the server, even if the list that is here is fresh.'
complete -c nbx -n '__nbx_at "nbx models show"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx models show"' -l api-key -x -d 'The API key itself, which ps and the shell\'s history show.'
complete -c nbx -n '__nbx_at "nbx models show"' -l ai-project-id -x -d 'Project the request belongs to.'
complete -c nbx -n '__nbx_at "nbx models show"' -l base-url -x -d 'Where the API is, with or without /v1.'
complete -c nbx -n '__nbx_at "nbx models show"' -l cacert -r -F -d 'File of certificate authorities to trust.'
complete -c nbx -n '__nbx_at "nbx models show"' -l retries -x -d 'How often to try again after a failure.'
complete -c nbx -n '__nbx_at "nbx models show"' -l connect-timeout -x -d 'Longest wait for a connection. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models show"' -l first-byte-timeout -x -d 'Longest wait for the first byte of the answer. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models show"' -l stall-timeout -x -d 'Longest silence between two pieces of a stream. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models show"' -l timeout -x -d 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models show"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx models show"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx models show"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx models show"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx models show"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx models show"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx models show" 1' -x -a '(__nbx_models)' -d 'MODEL'

# nbx models use
complete -c nbx -n '__nbx_at "nbx models use"' -l force -d 'Write an id that is not in the list.'
complete -c nbx -n '__nbx_at "nbx models use"' -l refresh -d 'Ask the server, even if the list that is here is fresh.'
complete -c nbx -n '__nbx_at "nbx models use"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx models use"' -l api-key -x -d 'The API key itself, which ps and the shell\'s history show.'
complete -c nbx -n '__nbx_at "nbx models use"' -l ai-project-id -x -d 'Project the request belongs to.'
complete -c nbx -n '__nbx_at "nbx models use"' -l base-url -x -d 'Where the API is, with or without /v1.'
complete -c nbx -n '__nbx_at "nbx models use"' -l cacert -r -F -d 'File of certificate authorities to trust.'
complete -c nbx -n '__nbx_at "nbx models use"' -l retries -x -d 'How often to try again after a failure.'
complete -c nbx -n '__nbx_at "nbx models use"' -l connect-timeout -x -d 'Longest wait for a connection. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models use"' -l first-byte-timeout -x -d 'Longest wait for the first byte of the answer. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models use"' -l stall-timeout -x -d 'Longest silence between two pieces of a stream. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models use"' -l timeout -x -d 'Longest time for everything, retries and all; 0 is no limit. Between 0 and 604800.'
complete -c nbx -n '__nbx_at "nbx models use"' -s q -l quiet -d 'Nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx models use"' -s v -l verbose -d 'Say what goes over the wire.'
complete -c nbx -n '__nbx_at "nbx models use"' -l debug -d 'Like --verbose, with a traceback for a bug.'
complete -c nbx -n '__nbx_at "nbx models use"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx models use"' -l profile -x -d 'Profile of the config file to use.'
complete -c nbx -n '__nbx_at "nbx models use"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx models use" 1' -x -a '(__nbx_models)' -d 'MODEL'

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
