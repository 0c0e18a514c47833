# nbx completion for fish 3.0 and later.
# Made by `python -m nebius_cli.gen --write`; do not edit. Completion does not start Python or nbx.

# True if the command line is at the command path $argv[1], and its next operand is number $argv[2].
function __nbx_at
    set -l commands \
        'nbx complete' \
        'nbx bulk' \
        'nbx view' \
        'nbx score' \
        'nbx rank' \
        'nbx auth' \
        'nbx usage' \
        'nbx history' \
        'nbx config' \
        'nbx profile' \
        'nbx models' \
        'nbx local' \
        'nbx doctor' \
        'nbx completion' \
        'nbx bulk run' \
        'nbx bulk merge' \
        'nbx bulk export' \
        'nbx auth login' \
        'nbx auth logout' \
        'nbx auth status' \
        'nbx auth token' \
        'nbx usage show' \
        'nbx usage plot' \
        'nbx usage export' \
        'nbx usage path' \
        'nbx history list' \
        'nbx history search' \
        'nbx history show' \
        'nbx history rerun' \
        'nbx history rm' \
        'nbx history prune' \
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
        'nbx local serve' \
        'nbx completion install' \
        'nbx completion uninstall' \
        'nbx completion show'
    set -l valued \
        'nbx --color' \
        'nbx --profile' \
        'nbx complete -f' \
        'nbx complete --file' \
        'nbx complete --template-file' \
        'nbx complete --prompts' \
        'nbx complete --tokens' \
        'nbx complete --encoding' \
        'nbx complete --invalid' \
        'nbx complete --continue-from' \
        'nbx complete --choice' \
        'nbx complete --suffix' \
        'nbx complete --suffix-file' \
        'nbx complete --infill' \
        'nbx complete --infill-format' \
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
        'nbx complete --view' \
        'nbx complete --export' \
        'nbx complete -o' \
        'nbx complete --output' \
        'nbx complete --fail-on' \
        'nbx complete --model-file' \
        'nbx complete --api-key-file' \
        'nbx complete --api-key' \
        'nbx complete --base-url' \
        'nbx complete --cacert' \
        'nbx complete --header' \
        'nbx complete --retries' \
        'nbx complete --connect-timeout' \
        'nbx complete --first-byte-timeout' \
        'nbx complete --stall-timeout' \
        'nbx complete --timeout' \
        'nbx complete --max-memory' \
        'nbx complete --color' \
        'nbx complete --profile' \
        'nbx bulk --format' \
        'nbx bulk --template' \
        'nbx bulk --template-file' \
        'nbx bulk --encoding' \
        'nbx bulk --invalid' \
        'nbx bulk --on-bad-row' \
        'nbx bulk --shard' \
        'nbx bulk --matrix' \
        'nbx bulk -o' \
        'nbx bulk --output' \
        'nbx bulk --ray' \
        'nbx bulk --output-format' \
        'nbx bulk --summary' \
        'nbx bulk --concurrency' \
        'nbx bulk --rpm' \
        'nbx bulk --tpm' \
        'nbx bulk --group' \
        'nbx bulk --max-total-tokens' \
        'nbx bulk --max-cost' \
        'nbx bulk --price' \
        'nbx bulk -m' \
        'nbx bulk --model' \
        'nbx bulk --max-tokens' \
        'nbx bulk --temperature' \
        'nbx bulk --top-p' \
        'nbx bulk -n' \
        'nbx bulk --n' \
        'nbx bulk --stop' \
        'nbx bulk --presence-penalty' \
        'nbx bulk --frequency-penalty' \
        'nbx bulk --logit-bias' \
        'nbx bulk --logprobs' \
        'nbx bulk --user' \
        'nbx bulk --service-tier' \
        'nbx bulk --ai-project-id' \
        'nbx bulk --extra-body' \
        'nbx bulk --param' \
        'nbx bulk --unset' \
        'nbx bulk --model-file' \
        'nbx bulk --api-key-file' \
        'nbx bulk --api-key' \
        'nbx bulk --base-url' \
        'nbx bulk --cacert' \
        'nbx bulk --header' \
        'nbx bulk --retries' \
        'nbx bulk --connect-timeout' \
        'nbx bulk --first-byte-timeout' \
        'nbx bulk --stall-timeout' \
        'nbx bulk --timeout' \
        'nbx bulk --max-memory' \
        'nbx bulk --color' \
        'nbx bulk --profile' \
        'nbx bulk run --format' \
        'nbx bulk run --template' \
        'nbx bulk run --template-file' \
        'nbx bulk run --encoding' \
        'nbx bulk run --invalid' \
        'nbx bulk run --on-bad-row' \
        'nbx bulk run --shard' \
        'nbx bulk run --matrix' \
        'nbx bulk run -o' \
        'nbx bulk run --output' \
        'nbx bulk run --ray' \
        'nbx bulk run --output-format' \
        'nbx bulk run --summary' \
        'nbx bulk run --concurrency' \
        'nbx bulk run --rpm' \
        'nbx bulk run --tpm' \
        'nbx bulk run --group' \
        'nbx bulk run --max-total-tokens' \
        'nbx bulk run --max-cost' \
        'nbx bulk run --price' \
        'nbx bulk run -m' \
        'nbx bulk run --model' \
        'nbx bulk run --max-tokens' \
        'nbx bulk run --temperature' \
        'nbx bulk run --top-p' \
        'nbx bulk run -n' \
        'nbx bulk run --n' \
        'nbx bulk run --stop' \
        'nbx bulk run --presence-penalty' \
        'nbx bulk run --frequency-penalty' \
        'nbx bulk run --logit-bias' \
        'nbx bulk run --logprobs' \
        'nbx bulk run --user' \
        'nbx bulk run --service-tier' \
        'nbx bulk run --ai-project-id' \
        'nbx bulk run --extra-body' \
        'nbx bulk run --param' \
        'nbx bulk run --unset' \
        'nbx bulk run --model-file' \
        'nbx bulk run --api-key-file' \
        'nbx bulk run --api-key' \
        'nbx bulk run --base-url' \
        'nbx bulk run --cacert' \
        'nbx bulk run --header' \
        'nbx bulk run --retries' \
        'nbx bulk run --connect-timeout' \
        'nbx bulk run --first-byte-timeout' \
        'nbx bulk run --stall-timeout' \
        'nbx bulk run --timeout' \
        'nbx bulk run --max-memory' \
        'nbx bulk run --color' \
        'nbx bulk run --profile' \
        'nbx bulk merge -o' \
        'nbx bulk merge --output' \
        'nbx bulk merge --input' \
        'nbx bulk merge --matrix' \
        'nbx bulk merge --format' \
        'nbx bulk merge --encoding' \
        'nbx bulk merge --invalid' \
        'nbx bulk merge --color' \
        'nbx bulk merge --profile' \
        'nbx bulk export --format' \
        'nbx bulk export --input' \
        'nbx bulk export --matrix' \
        'nbx bulk export -o' \
        'nbx bulk export --output' \
        'nbx bulk export --color' \
        'nbx bulk export --profile' \
        'nbx view --view' \
        'nbx view --export' \
        'nbx view --color' \
        'nbx view --profile' \
        'nbx score -f' \
        'nbx score --file' \
        'nbx score --jsonl' \
        'nbx score -c' \
        'nbx score --context' \
        'nbx score --context-file' \
        'nbx score --max-tokens' \
        'nbx score --against' \
        'nbx score --against-file' \
        'nbx score --stride' \
        'nbx score --window' \
        'nbx score --logprobs' \
        'nbx score --format' \
        'nbx score --encoding' \
        'nbx score --invalid' \
        'nbx score --on-bad-row' \
        'nbx score --shard' \
        'nbx score -o' \
        'nbx score --output' \
        'nbx score --summary' \
        'nbx score --concurrency' \
        'nbx score --rpm' \
        'nbx score --tpm' \
        'nbx score --group' \
        'nbx score --max-total-tokens' \
        'nbx score --max-cost' \
        'nbx score --price' \
        'nbx score -m' \
        'nbx score --model' \
        'nbx score --ai-project-id' \
        'nbx score --param' \
        'nbx score --model-file' \
        'nbx score --api-key-file' \
        'nbx score --api-key' \
        'nbx score --base-url' \
        'nbx score --cacert' \
        'nbx score --header' \
        'nbx score --retries' \
        'nbx score --connect-timeout' \
        'nbx score --first-byte-timeout' \
        'nbx score --stall-timeout' \
        'nbx score --timeout' \
        'nbx score --max-memory' \
        'nbx score --color' \
        'nbx score --profile' \
        'nbx rank -c' \
        'nbx rank --context' \
        'nbx rank --context-file' \
        'nbx rank --max-tokens' \
        'nbx rank --against' \
        'nbx rank --against-file' \
        'nbx rank -m' \
        'nbx rank --model' \
        'nbx rank --ai-project-id' \
        'nbx rank --param' \
        'nbx rank --model-file' \
        'nbx rank --api-key-file' \
        'nbx rank --api-key' \
        'nbx rank --base-url' \
        'nbx rank --cacert' \
        'nbx rank --header' \
        'nbx rank --retries' \
        'nbx rank --connect-timeout' \
        'nbx rank --first-byte-timeout' \
        'nbx rank --stall-timeout' \
        'nbx rank --timeout' \
        'nbx rank --max-memory' \
        'nbx rank --color' \
        'nbx rank --profile' \
        'nbx auth login --color' \
        'nbx auth login --profile' \
        'nbx auth logout --color' \
        'nbx auth logout --profile' \
        'nbx auth status --api-key-file' \
        'nbx auth status --api-key' \
        'nbx auth status --base-url' \
        'nbx auth status --cacert' \
        'nbx auth status --header' \
        'nbx auth status --retries' \
        'nbx auth status --connect-timeout' \
        'nbx auth status --first-byte-timeout' \
        'nbx auth status --stall-timeout' \
        'nbx auth status --timeout' \
        'nbx auth status --max-memory' \
        'nbx auth status --color' \
        'nbx auth status --profile' \
        'nbx auth token --api-key-file' \
        'nbx auth token --api-key' \
        'nbx auth token --color' \
        'nbx auth token --profile' \
        'nbx usage --by' \
        'nbx usage --since' \
        'nbx usage --until' \
        'nbx usage --color' \
        'nbx usage --profile' \
        'nbx usage show --by' \
        'nbx usage show --since' \
        'nbx usage show --until' \
        'nbx usage show --color' \
        'nbx usage show --profile' \
        'nbx usage plot --of' \
        'nbx usage plot --since' \
        'nbx usage plot --until' \
        'nbx usage plot --export' \
        'nbx usage plot --color' \
        'nbx usage plot --profile' \
        'nbx usage export --since' \
        'nbx usage export --until' \
        'nbx usage export --color' \
        'nbx usage export --profile' \
        'nbx usage path --color' \
        'nbx usage path --profile' \
        'nbx history --limit' \
        'nbx history --since' \
        'nbx history --until' \
        'nbx history --color' \
        'nbx history --profile' \
        'nbx history list --limit' \
        'nbx history list --since' \
        'nbx history list --until' \
        'nbx history list --color' \
        'nbx history list --profile' \
        'nbx history search --limit' \
        'nbx history search --since' \
        'nbx history search --until' \
        'nbx history search --color' \
        'nbx history search --profile' \
        'nbx history show --color' \
        'nbx history show --profile' \
        'nbx history rerun -o' \
        'nbx history rerun --output' \
        'nbx history rerun --model-file' \
        'nbx history rerun --api-key-file' \
        'nbx history rerun --api-key' \
        'nbx history rerun --base-url' \
        'nbx history rerun --cacert' \
        'nbx history rerun --header' \
        'nbx history rerun --retries' \
        'nbx history rerun --connect-timeout' \
        'nbx history rerun --first-byte-timeout' \
        'nbx history rerun --stall-timeout' \
        'nbx history rerun --timeout' \
        'nbx history rerun --max-memory' \
        'nbx history rerun --color' \
        'nbx history rerun --profile' \
        'nbx history rm --color' \
        'nbx history rm --profile' \
        'nbx history prune --older-than' \
        'nbx history prune --color' \
        'nbx history prune --profile' \
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
        'nbx models --header' \
        'nbx models --retries' \
        'nbx models --connect-timeout' \
        'nbx models --first-byte-timeout' \
        'nbx models --stall-timeout' \
        'nbx models --timeout' \
        'nbx models --max-memory' \
        'nbx models --color' \
        'nbx models --profile' \
        'nbx models list --sort' \
        'nbx models list --api-key-file' \
        'nbx models list --api-key' \
        'nbx models list --ai-project-id' \
        'nbx models list --base-url' \
        'nbx models list --cacert' \
        'nbx models list --header' \
        'nbx models list --retries' \
        'nbx models list --connect-timeout' \
        'nbx models list --first-byte-timeout' \
        'nbx models list --stall-timeout' \
        'nbx models list --timeout' \
        'nbx models list --max-memory' \
        'nbx models list --color' \
        'nbx models list --profile' \
        'nbx models show --api-key-file' \
        'nbx models show --api-key' \
        'nbx models show --ai-project-id' \
        'nbx models show --base-url' \
        'nbx models show --cacert' \
        'nbx models show --header' \
        'nbx models show --retries' \
        'nbx models show --connect-timeout' \
        'nbx models show --first-byte-timeout' \
        'nbx models show --stall-timeout' \
        'nbx models show --timeout' \
        'nbx models show --max-memory' \
        'nbx models show --color' \
        'nbx models show --profile' \
        'nbx models use --api-key-file' \
        'nbx models use --api-key' \
        'nbx models use --ai-project-id' \
        'nbx models use --base-url' \
        'nbx models use --cacert' \
        'nbx models use --header' \
        'nbx models use --retries' \
        'nbx models use --connect-timeout' \
        'nbx models use --first-byte-timeout' \
        'nbx models use --stall-timeout' \
        'nbx models use --timeout' \
        'nbx models use --max-memory' \
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
        'nbx local serve --profile' \
        'nbx doctor -m' \
        'nbx doctor --model' \
        'nbx doctor --ai-project-id' \
        'nbx doctor --api-key-file' \
        'nbx doctor --api-key' \
        'nbx doctor --base-url' \
        'nbx doctor --cacert' \
        'nbx doctor --header' \
        'nbx doctor --retries' \
        'nbx doctor --connect-timeout' \
        'nbx doctor --first-byte-timeout' \
        'nbx doctor --stall-timeout' \
        'nbx doctor --timeout' \
        'nbx doctor --max-memory' \
        'nbx doctor --color' \
        'nbx doctor --profile' \
        'nbx completion install --color' \
        'nbx completion install --profile' \
        'nbx completion uninstall --color' \
        'nbx completion uninstall --profile' \
        'nbx completion show --color' \
        'nbx completion show --profile'
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
            # Short flags may be combined; the first that takes a value takes the rest of the word.
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

# Files after an @, for a value that is given directly or read from a file.
function __nbx_at_file
    set -l typed (string match -r '^(?:--[^=]*=)?@(.*)' -- (commandline -ct))[2]
    or return
    for path in $typed*
        test -d $path; and set path $path/
        echo @$path
    end
end

# The ids of the models that `nbx models` listed last. The file is read, never executed; lines with
# characters that are special in a shell are left out.
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

# The names of the profiles in the config file.
function __nbx_profile_names
    set -l places ~/.config/nbx "$HOME/Library/Application Support/nbx" $LOCALAPPDATA/nbx
    string match -q '/*' -- "$XDG_CONFIG_HOME"; and set places $XDG_CONFIG_HOME/nbx
    test -n "$NBX_CONFIG_DIR"; and set places $NBX_CONFIG_DIR
    for folder in $places
        test -f $folder/config.toml -a -r $folder/config.toml; or continue
        set -l heading '^\s*\[profile\.([A-Za-z0-9_][A-Za-z0-9_-]*)\]\s*(#.*)?$'
        string replace -fr $heading '$1' < $folder/config.toml
        return
    end
end

complete -c nbx -f

# nbx
complete -c nbx -n '__nbx_at "nbx" 1' -a complete -d 'Complete a prompt and print the answer as it arrives.'
complete -c nbx -n '__nbx_at "nbx" 1' -a bulk -d 'Complete a file of prompts, each row exactly once.'
complete -c nbx -n '__nbx_at "nbx" 1' -a view -d 'Show the token probabilities of a saved answer.'
complete -c nbx -n '__nbx_at "nbx" 1' -a score -d 'Compute log-likelihood and perplexity of a text.'
complete -c nbx -n '__nbx_at "nbx" 1' -a rank -d 'Rank candidates by how likely they follow a context.'
complete -c nbx -n '__nbx_at "nbx" 1' -a auth -d 'The API key: store it, see where it comes from, remove it.'
complete -c nbx -n '__nbx_at "nbx" 1' -a usage -d 'Tokens, time and cost of your requests, from a local ledger.'
complete -c nbx -n '__nbx_at "nbx" 1' -a history -d 'List, search and repeat requests and their stored texts.'
complete -c nbx -n '__nbx_at "nbx" 1' -a config -d 'Read and write settings.'
complete -c nbx -n '__nbx_at "nbx" 1' -a profile -d 'Named sets of settings: another account, server or defaults.'
complete -c nbx -n '__nbx_at "nbx" 1' -a models -d 'List, search and choose the models of your account.'
complete -c nbx -n '__nbx_at "nbx" 1' -a local -d 'Models that run on this machine without a key.'
complete -c nbx -n '__nbx_at "nbx" 1' -a doctor -d 'Check everything a completion needs and say what to fix.'
complete -c nbx -n '__nbx_at "nbx" 1' -a completion -d 'TAB completion for bash, zsh, fish and PowerShell.'
complete -c nbx -n '__nbx_at "nbx"' -l version -d 'Print the version.'
complete -c nbx -n '__nbx_at "nbx"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx"' -s h -l help -d 'Show this message and exit.'

# nbx complete
complete -c nbx -n '__nbx_at "nbx complete"' -s f -l file -r -F -d 'Use a file as a prompt, unchanged. - is stdin.'
complete -c nbx -n '__nbx_at "nbx complete"' -l template-file -r -F -d 'Use a file as the prompt, and insert stdin where the file contains {stdin}.'
complete -c nbx -n '__nbx_at "nbx complete"' -l prompts -r -F -d 'Read one prompt per line from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx complete"' -l tokens -x -a '(__nbx_at_file)' -d 'Token IDs as the prompt: [1,2,3], [[1,2],[3]] or @file.'
complete -c nbx -n '__nbx_at "nbx complete"' -s 0 -l null -d 'Use NUL instead of newline between the prompts of --prompts, and between answers.'
complete -c nbx -n '__nbx_at "nbx complete"' -s s -l strip-final-newline -d 'Drop the final newline of stdin and files.'
complete -c nbx -n '__nbx_at "nbx complete"' -l encoding -x -d 'Encoding of stdin and files. Default utf-8.'
complete -c nbx -n '__nbx_at "nbx complete"' -l invalid -x -a 'strict replace' -d 'What to do with invalid bytes: fail (strict, the default) or insert U+FFFD (replace).'
complete -c nbx -n '__nbx_at "nbx complete"' -l allow-empty -d 'Allow an empty prompt.'
complete -c nbx -n '__nbx_at "nbx complete"' -l continue -d 'Continue the last answer with its model and sampling (needs history.text); -n 1 unless you set it.'
complete -c nbx -n '__nbx_at "nbx complete"' -l continue-from -x -d 'Continue the answer of an earlier request; nbx history lists the IDs.'
complete -c nbx -n '__nbx_at "nbx complete"' -l choice -x -d 'Which of several answers to continue, counted from 1.'
complete -c nbx -n '__nbx_at "nbx complete"' -l suffix -x -d 'Generate the text between the prompt and TEXT; the model must be trained for infill.'
complete -c nbx -n '__nbx_at "nbx complete"' -l suffix-file -r -F -d 'Use a whole file as the suffix; - is stdin.'
complete -c nbx -n '__nbx_at "nbx complete"' -l infill -r -F -d 'Generate the text at this position of a file. LINE and COL count from 1; COL defaults to 1.'
complete -c nbx -n '__nbx_at "nbx complete"' -l infill-format -x -a 'qwen deepseek starcoder2 starcoder codellama codegemma codestral granite4 granite' -d 'Format of the infill markers. Default: chosen by model ID.'
complete -c nbx -n '__nbx_at "nbx complete"' -s m -l model -x -a '(__nbx_models)' -d 'ID of the model, as listed by nbx models.'
complete -c nbx -n '__nbx_at "nbx complete"' -l max-tokens -x -d 'Maximum number of tokens per answer.'
complete -c nbx -n '__nbx_at "nbx complete"' -l temperature -x -d 'Sampling temperature (server default 1), 0 to 2.'
complete -c nbx -n '__nbx_at "nbx complete"' -l top-p -x -d 'Nucleus sampling: probability mass of the tokens to use (server default 1), 0 to 1.'
complete -c nbx -n '__nbx_at "nbx complete"' -s n -l n -x -d 'Number of answers per prompt (default 1).'
complete -c nbx -n '__nbx_at "nbx complete"' -l stop -x -d 'Stop before TEXT; up to 4 times. Newline: $\'\\n\'.'
complete -c nbx -n '__nbx_at "nbx complete"' -l presence-penalty -x -d 'Penalty for tokens that have already occurred (server default 0), -2 to 2.'
complete -c nbx -n '__nbx_at "nbx complete"' -l frequency-penalty -x -d 'Penalty for tokens in proportion to how often they have occurred (server default 0), -2 to 2.'
complete -c nbx -n '__nbx_at "nbx complete"' -l logit-bias -x -a '(__nbx_at_file)' -d 'Bias to add to a token ID (repeatable; or a JSON object, or @file), -100 to 100.'
complete -c nbx -n '__nbx_at "nbx complete"' -l logprobs -x -d 'Return log probabilities of the N most likely tokens at each position; see --view and --json.'
complete -c nbx -n '__nbx_at "nbx complete"' -l echo -d 'Return the prompt before the answer.'
complete -c nbx -n '__nbx_at "nbx complete"' -l no-echo -d 'The opposite of --echo.'
complete -c nbx -n '__nbx_at "nbx complete"' -l stream -d 'Stream tokens as they are generated (default, except with --json).'
complete -c nbx -n '__nbx_at "nbx complete"' -l no-stream -d 'The opposite of --stream.'
complete -c nbx -n '__nbx_at "nbx complete"' -l stream-options -x -a '(__nbx_at_file)' -d 'Options for a streamed answer, as a JSON object or @file. nbx asks for usage by default.'
complete -c nbx -n '__nbx_at "nbx complete"' -l user -x -d 'Identifier of your end user.'
complete -c nbx -n '__nbx_at "nbx complete"' -l service-tier -x -a 'auto default over-limit flex no-limit' -d 'Service tier of the request (server default auto).'
complete -c nbx -n '__nbx_at "nbx complete"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx complete"' -l extra-body -x -a '(__nbx_at_file)' -d 'The extra_body member of the request, sent unchanged. For engine parameters, use --param.'
complete -c nbx -n '__nbx_at "nbx complete"' -l param -x -d 'Set any other member of the request body, such as top_k=40; repeatable.'
complete -c nbx -n '__nbx_at "nbx complete"' -l unset -x -a 'model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' -d 'Do not send a field that the configuration sets; repeatable.'
complete -c nbx -n '__nbx_at "nbx complete"' -l validate -d 'Check values against their documented bounds (default), or not.'
complete -c nbx -n '__nbx_at "nbx complete"' -l no-validate -d 'The opposite of --validate.'
complete -c nbx -n '__nbx_at "nbx complete"' -l json -d 'Print the API response as one JSON object.'
complete -c nbx -n '__nbx_at "nbx complete"' -l ndjson -d 'Print each object of the stream on its own line, as it arrives.'
complete -c nbx -n '__nbx_at "nbx complete"' -l view -x -a 'heat table' -d 'Show the probability of each token (implies --logprobs 5). In a pipe: TSV; see nbx view --help.'
complete -c nbx -n '__nbx_at "nbx complete"' -l export -r -F -d 'Also write the heat view to a .svg or .html file (implies --logprobs 5).'
complete -c nbx -n '__nbx_at "nbx complete"' -s o -l output -r -F -d 'Write to FILE; if incomplete, to FILE.partial.'
complete -c nbx -n '__nbx_at "nbx complete"' -l newline -d 'End the output with a newline (default), or print exactly the answer.'
complete -c nbx -n '__nbx_at "nbx complete"' -s N -l no-newline -d 'The opposite of --newline.'
complete -c nbx -n '__nbx_at "nbx complete"' -l usage -d 'Show token usage and timing on stderr. Default on a terminal.'
complete -c nbx -n '__nbx_at "nbx complete"' -l no-usage -d 'The opposite of --usage.'
complete -c nbx -n '__nbx_at "nbx complete"' -l fail-on -x -a 'stop length content_filter abort' -d 'Exit 8 if the finish reason is REASON; length means that max_tokens cut off the answer.'
complete -c nbx -n '__nbx_at "nbx complete"' -l dry-run -d 'Print the request body and send nothing.'
complete -c nbx -n '__nbx_at "nbx complete"' -l curl -d 'Print the request as a curl command and send nothing.'
complete -c nbx -n '__nbx_at "nbx complete"' -l local -d 'Run a small model on this machine; needs no key.'
complete -c nbx -n '__nbx_at "nbx complete"' -l model-file -r -F -d 'Run this GGUF file on this machine (implies --local).'
complete -c nbx -n '__nbx_at "nbx complete"' -l ledger -d 'Record this run in the usage ledger (default), or not.'
complete -c nbx -n '__nbx_at "nbx complete"' -l no-ledger -d 'The opposite of --ledger.'
complete -c nbx -n '__nbx_at "nbx complete"' -l over-budget -d 'Send the request even if a budget is used up.'
complete -c nbx -n '__nbx_at "nbx complete"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx complete"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx complete"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx complete"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx complete"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx complete"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx complete"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx complete"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx complete"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx complete"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx complete"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx complete"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx complete"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx complete"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx complete"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx complete"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx complete"' -l help-all -d 'Describe every flag and exit.'
complete -c nbx -n '__nbx_at "nbx complete"' -s h -l help -d 'Show this message and exit.'

# nbx bulk
complete -c nbx -n '__nbx_at "nbx bulk" 1' -a run -d 'Complete every row of a file; resume where a run stopped.'
complete -c nbx -n '__nbx_at "nbx bulk" 1' -a merge -d 'Merge the outputs of all shards into one file.'
complete -c nbx -n '__nbx_at "nbx bulk" 1' -a export -d 'Export answers as text, a table or a page, or scores as a table.'
complete -c nbx -n '__nbx_at "nbx bulk"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l format -x -a 'jsonl csv tsv text parquet' -d 'Format of the input. Default: by file suffix; jsonl for stdin.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l template -x -d 'Make the prompt from columns: "Q: {question}\\nA:".'
complete -c nbx -n '__nbx_at "nbx bulk"' -l template-file -r -F -d 'Read the template from a file; backslashes are not escapes.'
complete -c nbx -n '__nbx_at "nbx bulk"' -s 0 -l null -d 'In text input, prompts end with NUL instead of newline.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l encoding -x -d 'Encoding of the input. Default utf-8.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l invalid -x -a 'strict replace' -d 'What to do with invalid bytes: fail (strict, the default) or insert U+FFFD (replace).'
complete -c nbx -n '__nbx_at "nbx bulk"' -l allow-empty -d 'Allow empty prompts.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l on-bad-row -x -a 'fail skip' -d 'If a row is invalid, send nothing at all (fail, the default) or leave it out (skip).'
complete -c nbx -n '__nbx_at "nbx bulk"' -l shard -x -d 'Send only every N-th row, starting with the I-th; limits and caps are divided by N.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l matrix -x -d 'Send each row with every combination of these values, as in temperature=0,0.7.'
complete -c nbx -n '__nbx_at "nbx bulk"' -s o -l output -r -F -d 'Write JSONL to FILE; needed to resume a run.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l ray -x -d 'Run on a Ray cluster: auto, HOST:PORT or ray://HOST:PORT; without ADDRESS, on this machine.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l output-format -x -a 'parquet jsonl' -d 'Format of the output folder of --ray. Default parquet.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l restart -d 'Start over; the existing output is kept as FILE.old.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l no-prompt -d 'Leave prompts out of the output.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l ordered -d 'Write the answers in input order.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l summary -r -F -d 'Write a summary of the run to FILE, as JSON; - is stdout.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l estimate -d 'Print rows, tokens, cost and time; send nothing.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l json -d 'With --estimate: one JSON object.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l dry-run -d 'Print the first request body and send nothing.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l concurrency -x -d 'Number of requests at once. Default: as many as the server can handle, 1 to 512.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l rpm -x -d 'At most N requests per minute.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l tpm -x -d 'At most N tokens per minute.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l group -x -d 'Number of rows per request. Default 1, 1 to 1000.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l max-total-tokens -x -d 'Stop before the run uses more than N tokens.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l max-cost -x -d 'Stop before the run costs more than this.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l price -x -d 'Prices in USD per million prompt and completion tokens, such as 0.13/0.40.'
complete -c nbx -n '__nbx_at "nbx bulk"' -s m -l model -x -a '(__nbx_models)' -d 'ID of the model, as listed by nbx models.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l max-tokens -x -d 'Maximum number of tokens per answer.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l temperature -x -d 'Sampling temperature (server default 1), 0 to 2.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l top-p -x -d 'Nucleus sampling: probability mass of the tokens to use (server default 1), 0 to 1.'
complete -c nbx -n '__nbx_at "nbx bulk"' -s n -l n -x -d 'Number of answers per prompt (server default 1).'
complete -c nbx -n '__nbx_at "nbx bulk"' -l stop -x -d 'Stop before TEXT; up to 4 times. Newline: $\'\\n\'.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l presence-penalty -x -d 'Penalty for tokens that have already occurred (server default 0), -2 to 2.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l frequency-penalty -x -d 'Penalty for tokens in proportion to how often they have occurred (server default 0), -2 to 2.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l logit-bias -x -a '(__nbx_at_file)' -d 'Bias to add to a token ID (repeatable; or a JSON object, or @file), -100 to 100.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l logprobs -x -d 'Return log probabilities of the N most likely tokens at each position.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l echo -d 'Return the prompt before the answer.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l no-echo -d 'The opposite of --echo.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l user -x -d 'Identifier of your end user.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l service-tier -x -a 'auto default over-limit flex no-limit' -d 'Service tier of the request (server default auto).'
complete -c nbx -n '__nbx_at "nbx bulk"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l extra-body -x -a '(__nbx_at_file)' -d 'The extra_body member of the request, sent unchanged. For engine parameters, use --param.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l param -x -d 'Set any other member of the request body, such as top_k=40; repeatable.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l unset -x -a 'model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' -d 'Do not send a field that the configuration sets; repeatable.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l validate -d 'Check values against their documented bounds (default), or not.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l no-validate -d 'The opposite of --validate.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l local -d 'Run a small model on this machine; needs no key.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l model-file -r -F -d 'Run this GGUF file on this machine (implies --local).'
complete -c nbx -n '__nbx_at "nbx bulk"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l timeout -x -d 'Time limit for one attempt of a request; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l ledger -d 'Record this run in the usage ledger (default), or not.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l no-ledger -d 'The opposite of --ledger.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l over-budget -d 'Send the request even if a budget is used up.'
complete -c nbx -n '__nbx_at "nbx bulk"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx bulk"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx bulk"' -l help-all -d 'Describe every flag and exit.'
complete -c nbx -n '__nbx_at "nbx bulk"' -r -F -d 'FILE'

# nbx bulk run
complete -c nbx -n '__nbx_at "nbx bulk run"' -l format -x -a 'jsonl csv tsv text parquet' -d 'Format of the input. Default: by file suffix; jsonl for stdin.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l template -x -d 'Make the prompt from columns: "Q: {question}\\nA:".'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l template-file -r -F -d 'Read the template from a file; backslashes are not escapes.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -s 0 -l null -d 'In text input, prompts end with NUL instead of newline.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l encoding -x -d 'Encoding of the input. Default utf-8.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l invalid -x -a 'strict replace' -d 'What to do with invalid bytes: fail (strict, the default) or insert U+FFFD (replace).'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l allow-empty -d 'Allow empty prompts.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l on-bad-row -x -a 'fail skip' -d 'If a row is invalid, send nothing at all (fail, the default) or leave it out (skip).'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l shard -x -d 'Send only every N-th row, starting with the I-th; limits and caps are divided by N.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l matrix -x -d 'Send each row with every combination of these values, as in temperature=0,0.7.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -s o -l output -r -F -d 'Write JSONL to FILE; needed to resume a run.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l ray -x -d 'Run on a Ray cluster: auto, HOST:PORT or ray://HOST:PORT; without ADDRESS, on this machine.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l output-format -x -a 'parquet jsonl' -d 'Format of the output folder of --ray. Default parquet.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l restart -d 'Start over; the existing output is kept as FILE.old.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l no-prompt -d 'Leave prompts out of the output.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l ordered -d 'Write the answers in input order.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l summary -r -F -d 'Write a summary of the run to FILE, as JSON; - is stdout.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l estimate -d 'Print rows, tokens, cost and time; send nothing.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l json -d 'With --estimate: one JSON object.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l dry-run -d 'Print the first request body and send nothing.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l concurrency -x -d 'Number of requests at once. Default: as many as the server can handle, 1 to 512.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l rpm -x -d 'At most N requests per minute.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l tpm -x -d 'At most N tokens per minute.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l group -x -d 'Number of rows per request. Default 1, 1 to 1000.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l max-total-tokens -x -d 'Stop before the run uses more than N tokens.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l max-cost -x -d 'Stop before the run costs more than this.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l price -x -d 'Prices in USD per million prompt and completion tokens, such as 0.13/0.40.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -s m -l model -x -a '(__nbx_models)' -d 'ID of the model, as listed by nbx models.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l max-tokens -x -d 'Maximum number of tokens per answer.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l temperature -x -d 'Sampling temperature (server default 1), 0 to 2.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l top-p -x -d 'Nucleus sampling: probability mass of the tokens to use (server default 1), 0 to 1.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -s n -l n -x -d 'Number of answers per prompt (server default 1).'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l stop -x -d 'Stop before TEXT; up to 4 times. Newline: $\'\\n\'.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l presence-penalty -x -d 'Penalty for tokens that have already occurred (server default 0), -2 to 2.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l frequency-penalty -x -d 'Penalty for tokens in proportion to how often they have occurred (server default 0), -2 to 2.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l logit-bias -x -a '(__nbx_at_file)' -d 'Bias to add to a token ID (repeatable; or a JSON object, or @file), -100 to 100.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l logprobs -x -d 'Return log probabilities of the N most likely tokens at each position.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l echo -d 'Return the prompt before the answer.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l no-echo -d 'The opposite of --echo.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l user -x -d 'Identifier of your end user.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l service-tier -x -a 'auto default over-limit flex no-limit' -d 'Service tier of the request (server default auto).'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l extra-body -x -a '(__nbx_at_file)' -d 'The extra_body member of the request, sent unchanged. For engine parameters, use --param.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l param -x -d 'Set any other member of the request body, such as top_k=40; repeatable.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l unset -x -a 'model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' -d 'Do not send a field that the configuration sets; repeatable.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l validate -d 'Check values against their documented bounds (default), or not.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l no-validate -d 'The opposite of --validate.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l local -d 'Run a small model on this machine; needs no key.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l model-file -r -F -d 'Run this GGUF file on this machine (implies --local).'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l timeout -x -d 'Time limit for one attempt of a request; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l ledger -d 'Record this run in the usage ledger (default), or not.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l no-ledger -d 'The opposite of --ledger.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l over-budget -d 'Send the request even if a budget is used up.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -l help-all -d 'Describe every flag and exit.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx bulk run"' -r -F -d 'FILE'

# nbx bulk merge
complete -c nbx -n '__nbx_at "nbx bulk merge"' -s o -l output -r -F -d 'Write to FILE. Default stdout.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -l force -d 'Replace FILE if it exists.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -l input -r -F -d 'Match the answers to the rows of this input by ID; repeatable, for several files.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -l matrix -x -d 'With --input: the --matrix of the run.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -l format -x -a 'jsonl csv tsv text parquet' -d 'Format of the input. Default: by file suffix.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -s 0 -l null -d 'In text input, prompts end with NUL instead of newline.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -l encoding -x -d 'Encoding of the input. Default utf-8.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -l invalid -x -a 'strict replace' -d 'What to do with invalid bytes: fail (strict, the default) or insert U+FFFD (replace).'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx bulk merge"' -r -F -d 'ANSWERS'

# nbx bulk export
complete -c nbx -n '__nbx_at "nbx bulk export"' -l text -d 'Print only the texts.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l csv -d 'Print a CSV table with a header.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l format -x -a 'text csv tsv parquet html' -d 'Format of the export. Default: by the suffix of -o FILE.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l side-by-side -d 'One line per row, with a column per combination of --matrix.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l escape-formulas -d 'In CSV and TSV: put \' before texts that a spreadsheet would run as formulas.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -s 0 -l null -d 'With --text: end each answer with NUL instead of newline.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l input -r -F -d 'Export exactly the rows of this input, and count missing ones; repeatable.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l matrix -x -d 'With --input: the --matrix of the run.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -s o -l output -r -F -d 'Write to FILE. Default stdout.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l force -d 'Replace FILE if it exists.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx bulk export"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx bulk export" 1' -r -F -d 'ANSWERS'

# nbx view
complete -c nbx -n '__nbx_at "nbx view"' -l view -x -a 'heat table' -d 'How to show the answer. Default heat. In a pipe, both are TSV.'
complete -c nbx -n '__nbx_at "nbx view"' -l export -r -F -d 'Write the heat view to a .svg or .html file and print nothing.'
complete -c nbx -n '__nbx_at "nbx view"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx view"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx view"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx view"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx view"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx view"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx view" 1' -r -F -d 'FILE'

# nbx score
complete -c nbx -n '__nbx_at "nbx score"' -s f -l file -r -F -d 'Score a whole file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx score"' -l jsonl -r -F -d 'Score each row of a file; - is stdin; repeatable.'
complete -c nbx -n '__nbx_at "nbx score"' -s s -l strip-final-newline -d 'Drop the final newline of stdin or the file.'
complete -c nbx -n '__nbx_at "nbx score"' -s c -l context -x -d 'Text in front of the scored text; not scored itself.'
complete -c nbx -n '__nbx_at "nbx score"' -l context-file -r -F -d 'Use a whole file as the context; - is stdin.'
complete -c nbx -n '__nbx_at "nbx score"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx score"' -l max-tokens -x -a '0 1' -d 'Tokens to generate and discard. Default 1; use 0 if the server accepts it.'
complete -c nbx -n '__nbx_at "nbx score"' -l against -x -a '(__nbx_models)' -d 'Score with this model too, and show the differences.'
complete -c nbx -n '__nbx_at "nbx score"' -l against-local -d 'Compare with a small model on this machine.'
complete -c nbx -n '__nbx_at "nbx score"' -l against-file -r -F -d 'Compare with this GGUF file on this machine.'
complete -c nbx -n '__nbx_at "nbx score"' -l stride -x -d 'With --local: score longer texts in windows that each begin N tokens later.'
complete -c nbx -n '__nbx_at "nbx score"' -l window -x -d 'With --stride: tokens of a window. Default: the context of the model.'
complete -c nbx -n '__nbx_at "nbx score"' -l logprobs -x -d 'With --against: compare the N most likely tokens.'
complete -c nbx -n '__nbx_at "nbx score"' -l tokens -d 'Show the log probability of each token.'
complete -c nbx -n '__nbx_at "nbx score"' -l format -x -a 'jsonl csv tsv text parquet' -d 'Format of the input. Default: by file suffix; jsonl for stdin.'
complete -c nbx -n '__nbx_at "nbx score"' -l encoding -x -d 'Encoding of the input. Default utf-8.'
complete -c nbx -n '__nbx_at "nbx score"' -l invalid -x -a 'strict replace' -d 'What to do with invalid bytes: fail (strict, the default) or insert U+FFFD (replace).'
complete -c nbx -n '__nbx_at "nbx score"' -l on-bad-row -x -a 'fail skip' -d 'If a row is invalid, send nothing at all (fail, the default) or leave it out (skip).'
complete -c nbx -n '__nbx_at "nbx score"' -l shard -x -d 'Send only every N-th row, starting with the I-th; limits and caps are divided by N.'
complete -c nbx -n '__nbx_at "nbx score"' -s o -l output -r -F -d 'Write the scores of --jsonl to FILE; needed to resume a run.'
complete -c nbx -n '__nbx_at "nbx score"' -l restart -d 'Start over; the existing output is kept as FILE.old.'
complete -c nbx -n '__nbx_at "nbx score"' -l ordered -d 'Write the answers in input order.'
complete -c nbx -n '__nbx_at "nbx score"' -l summary -r -F -d 'Write a summary of the run to FILE, as JSON; - is stdout.'
complete -c nbx -n '__nbx_at "nbx score"' -l estimate -d 'Print rows, tokens, cost and time; send nothing.'
complete -c nbx -n '__nbx_at "nbx score"' -l dry-run -d 'Print the first request body and send nothing.'
complete -c nbx -n '__nbx_at "nbx score"' -l concurrency -x -d 'Number of requests at once. Default: as many as the server can handle, 1 to 512.'
complete -c nbx -n '__nbx_at "nbx score"' -l rpm -x -d 'At most N requests per minute.'
complete -c nbx -n '__nbx_at "nbx score"' -l tpm -x -d 'At most N tokens per minute.'
complete -c nbx -n '__nbx_at "nbx score"' -l group -x -d 'Number of prompts per request. Default 16, 1 to 1000.'
complete -c nbx -n '__nbx_at "nbx score"' -l max-total-tokens -x -d 'Stop before the run uses more than N tokens.'
complete -c nbx -n '__nbx_at "nbx score"' -l max-cost -x -d 'Stop before the run costs more than this.'
complete -c nbx -n '__nbx_at "nbx score"' -l price -x -d 'Prices in USD per million prompt and completion tokens, such as 0.13/0.40.'
complete -c nbx -n '__nbx_at "nbx score"' -s m -l model -x -a '(__nbx_models)' -d 'ID of the model, as listed by nbx models.'
complete -c nbx -n '__nbx_at "nbx score"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx score"' -l param -x -d 'Set any other member of the request body; repeatable.'
complete -c nbx -n '__nbx_at "nbx score"' -l local -d 'Use a small model on this machine; needs no key.'
complete -c nbx -n '__nbx_at "nbx score"' -l model-file -r -F -d 'Use this GGUF file on this machine (implies --local).'
complete -c nbx -n '__nbx_at "nbx score"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx score"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx score"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx score"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx score"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx score"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx score"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx score"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx score"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx score"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx score"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx score"' -l ledger -d 'Record this run in the usage ledger (default), or not.'
complete -c nbx -n '__nbx_at "nbx score"' -l no-ledger -d 'The opposite of --ledger.'
complete -c nbx -n '__nbx_at "nbx score"' -l over-budget -d 'Send the request even if a budget is used up.'
complete -c nbx -n '__nbx_at "nbx score"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx score"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx score"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx score"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx score"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx score"' -l help-all -d 'Describe every flag and exit.'
complete -c nbx -n '__nbx_at "nbx score"' -s h -l help -d 'Show this message and exit.'

# nbx rank
complete -c nbx -n '__nbx_at "nbx rank"' -s c -l context -x -d 'Text in front of the scored text; not scored itself.'
complete -c nbx -n '__nbx_at "nbx rank"' -l context-file -r -F -d 'Use a whole file as the context; - is stdin.'
complete -c nbx -n '__nbx_at "nbx rank"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx rank"' -l max-tokens -x -a '0 1' -d 'Tokens to generate and discard. Default 1; use 0 if the server accepts it.'
complete -c nbx -n '__nbx_at "nbx rank"' -l against -x -a '(__nbx_models)' -d 'Score with this model too, and show the differences.'
complete -c nbx -n '__nbx_at "nbx rank"' -l against-local -d 'Compare with a small model on this machine.'
complete -c nbx -n '__nbx_at "nbx rank"' -l against-file -r -F -d 'Compare with this GGUF file on this machine.'
complete -c nbx -n '__nbx_at "nbx rank"' -l tokens -d 'With --json: include the log probability of each token.'
complete -c nbx -n '__nbx_at "nbx rank"' -s m -l model -x -a '(__nbx_models)' -d 'ID of the model, as listed by nbx models.'
complete -c nbx -n '__nbx_at "nbx rank"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx rank"' -l param -x -d 'Set any other member of the request body; repeatable.'
complete -c nbx -n '__nbx_at "nbx rank"' -l local -d 'Use a small model on this machine; needs no key.'
complete -c nbx -n '__nbx_at "nbx rank"' -l model-file -r -F -d 'Use this GGUF file on this machine (implies --local).'
complete -c nbx -n '__nbx_at "nbx rank"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx rank"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx rank"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx rank"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx rank"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx rank"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx rank"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx rank"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx rank"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx rank"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx rank"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx rank"' -l ledger -d 'Record this run in the usage ledger (default), or not.'
complete -c nbx -n '__nbx_at "nbx rank"' -l no-ledger -d 'The opposite of --ledger.'
complete -c nbx -n '__nbx_at "nbx rank"' -l over-budget -d 'Send the request even if a budget is used up.'
complete -c nbx -n '__nbx_at "nbx rank"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx rank"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx rank"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx rank"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx rank"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx rank"' -s h -l help -d 'Show this message and exit.'

# nbx auth
complete -c nbx -n '__nbx_at "nbx auth" 1' -a login -d 'Check a key with the server and store it.'
complete -c nbx -n '__nbx_at "nbx auth" 1' -a logout -d 'Remove the stored key, or that of the current profile.'
complete -c nbx -n '__nbx_at "nbx auth" 1' -a status -d 'Show which key nbx uses and which other keys exist.'
complete -c nbx -n '__nbx_at "nbx auth" 1' -a token -d 'Print the key, for scripts.'
complete -c nbx -n '__nbx_at "nbx auth"' -s h -l help -d 'Show this message and exit.'

# nbx auth login
complete -c nbx -n '__nbx_at "nbx auth login"' -l with-token -d 'Read the key from stdin.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l verify -d 'Ask the server whether it accepts the key first (default).'
complete -c nbx -n '__nbx_at "nbx auth login"' -l no-verify -d 'The opposite of --verify.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l keyring -d 'Store the key in the system keyring, or in the config file. Default: the keyring if one works.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l no-keyring -d 'The opposite of --keyring.'
complete -c nbx -n '__nbx_at "nbx auth login"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx auth login"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx auth login"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx auth login"' -s h -l help -d 'Show this message and exit.'

# nbx auth logout
complete -c nbx -n '__nbx_at "nbx auth logout"' -l all -d 'Remove the keys of all profiles, too.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx auth logout"' -s h -l help -d 'Show this message and exit.'

# nbx auth status
complete -c nbx -n '__nbx_at "nbx auth status"' -l check -d 'Ask the server whether it accepts the key.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx auth status"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx auth status"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx auth status"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx auth status"' -s h -l help -d 'Show this message and exit.'

# nbx auth token
complete -c nbx -n '__nbx_at "nbx auth token"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx auth token"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx auth token"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx auth token"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx auth token"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx auth token"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx auth token"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx auth token"' -s h -l help -d 'Show this message and exit.'

# nbx usage
complete -c nbx -n '__nbx_at "nbx usage" 1' -a show -d 'Show requests, tokens and cost by day, model, profile or bulk run.'
complete -c nbx -n '__nbx_at "nbx usage" 1' -a plot -d 'Plot cost, tokens or requests per day.'
complete -c nbx -n '__nbx_at "nbx usage" 1' -a export -d 'Print every request in the ledger, oldest first.'
complete -c nbx -n '__nbx_at "nbx usage" 1' -a path -d 'Print the path of the ledger.'
complete -c nbx -n '__nbx_at "nbx usage"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx usage"' -l by -x -a 'day model profile run' -d 'What to group the requests by. Default day.'
complete -c nbx -n '__nbx_at "nbx usage"' -l since -x -d 'First day: today, 7d, 4w, 2026-11-01 or all; or 24h for exactly 24 hours. Default 30d.'
complete -c nbx -n '__nbx_at "nbx usage"' -l until -x -d 'Last day, in the same forms.'
complete -c nbx -n '__nbx_at "nbx usage"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx usage"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx usage"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx usage"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx usage"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx usage"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'

# nbx usage show
complete -c nbx -n '__nbx_at "nbx usage show"' -l by -x -a 'day model profile run' -d 'What to group the requests by. Default day.'
complete -c nbx -n '__nbx_at "nbx usage show"' -l since -x -d 'First day: today, 7d, 4w, 2026-11-01 or all; or 24h for exactly 24 hours. Default 30d.'
complete -c nbx -n '__nbx_at "nbx usage show"' -l until -x -d 'Last day, in the same forms.'
complete -c nbx -n '__nbx_at "nbx usage show"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx usage show"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx usage show"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx usage show"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx usage show"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx usage show"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx usage show"' -s h -l help -d 'Show this message and exit.'

# nbx usage plot
complete -c nbx -n '__nbx_at "nbx usage plot"' -l of -x -a 'cost tokens requests' -d 'What to plot. Default cost, or tokens if no cost is known.'
complete -c nbx -n '__nbx_at "nbx usage plot"' -l since -x -d 'First day: today, 7d, 4w, 2026-11-01 or all; or 24h for exactly 24 hours. Default 30d.'
complete -c nbx -n '__nbx_at "nbx usage plot"' -l until -x -d 'Last day, in the same forms.'
complete -c nbx -n '__nbx_at "nbx usage plot"' -l export -r -F -d 'Write an SVG picture to FILE instead.'
complete -c nbx -n '__nbx_at "nbx usage plot"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx usage plot"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx usage plot"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx usage plot"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx usage plot"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx usage plot"' -s h -l help -d 'Show this message and exit.'

# nbx usage export
complete -c nbx -n '__nbx_at "nbx usage export"' -l csv -d 'Comma-separated, with a header (default).'
complete -c nbx -n '__nbx_at "nbx usage export"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx usage export"' -l since -x -d 'First day: today, 7d, 4w, 2026-11-01 or all; or 24h for exactly 24 hours. Default all.'
complete -c nbx -n '__nbx_at "nbx usage export"' -l until -x -d 'Last day, in the same forms.'
complete -c nbx -n '__nbx_at "nbx usage export"' -l escape-formulas -d 'With CSV: put \' before texts that a spreadsheet would run as formulas.'
complete -c nbx -n '__nbx_at "nbx usage export"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx usage export"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx usage export"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx usage export"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx usage export"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx usage export"' -s h -l help -d 'Show this message and exit.'

# nbx usage path
complete -c nbx -n '__nbx_at "nbx usage path"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx usage path"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx usage path"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx usage path"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx usage path"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx usage path"' -s h -l help -d 'Show this message and exit.'

# nbx history
complete -c nbx -n '__nbx_at "nbx history" 1' -a list -d 'List the last requests, newest first.'
complete -c nbx -n '__nbx_at "nbx history" 1' -a search -d 'List requests whose texts contain every word.'
complete -c nbx -n '__nbx_at "nbx history" 1' -a show -d 'Show everything stored about one request.'
complete -c nbx -n '__nbx_at "nbx history" 1' -a rerun -d 'Send a stored request again, byte for byte.'
complete -c nbx -n '__nbx_at "nbx history" 1' -a rm -d 'Delete requests and all traces of their texts.'
complete -c nbx -n '__nbx_at "nbx history" 1' -a prune -d 'Delete old requests and all traces of their texts.'
complete -c nbx -n '__nbx_at "nbx history"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx history"' -l limit -x -d 'List at most N requests. Default 20.'
complete -c nbx -n '__nbx_at "nbx history"' -l since -x -d 'First day: today, 7d, 4w or 2026-11-01; or 24h for exactly 24 hours. Default all.'
complete -c nbx -n '__nbx_at "nbx history"' -l until -x -d 'Last day, in the same forms.'
complete -c nbx -n '__nbx_at "nbx history"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx history"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx history"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx history"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx history"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx history"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'

# nbx history list
complete -c nbx -n '__nbx_at "nbx history list"' -l limit -x -d 'List at most N requests. Default 20.'
complete -c nbx -n '__nbx_at "nbx history list"' -l since -x -d 'First day: today, 7d, 4w or 2026-11-01; or 24h for exactly 24 hours. Default all.'
complete -c nbx -n '__nbx_at "nbx history list"' -l until -x -d 'Last day, in the same forms.'
complete -c nbx -n '__nbx_at "nbx history list"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx history list"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx history list"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx history list"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx history list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx history list"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx history list"' -s h -l help -d 'Show this message and exit.'

# nbx history search
complete -c nbx -n '__nbx_at "nbx history search"' -l limit -x -d 'List at most N requests. Default 20.'
complete -c nbx -n '__nbx_at "nbx history search"' -l since -x -d 'First day: today, 7d, 4w or 2026-11-01; or 24h for exactly 24 hours. Default all.'
complete -c nbx -n '__nbx_at "nbx history search"' -l until -x -d 'Last day, in the same forms.'
complete -c nbx -n '__nbx_at "nbx history search"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx history search"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx history search"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx history search"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx history search"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx history search"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx history search"' -s h -l help -d 'Show this message and exit.'

# nbx history show
complete -c nbx -n '__nbx_at "nbx history show"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx history show"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx history show"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx history show"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx history show"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx history show"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx history show"' -s h -l help -d 'Show this message and exit.'

# nbx history rerun
complete -c nbx -n '__nbx_at "nbx history rerun"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l ndjson -d 'Print each object of the stream on its own line, as it arrives.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -s o -l output -r -F -d 'Write the answer to FILE once it is complete.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l newline -d 'End piped output with a newline (default), or not.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -s N -l no-newline -d 'The opposite of --newline.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l usage -d 'Show token usage and timing on stderr. Default on a terminal.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l no-usage -d 'The opposite of --usage.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l model-file -r -F -d 'Run this GGUF file on this machine.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l ledger -d 'Record this run in the usage ledger (default), or not.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l no-ledger -d 'The opposite of --ledger.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l over-budget -d 'Send the request even if a budget is used up.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx history rerun"' -s h -l help -d 'Show this message and exit.'

# nbx history rm
complete -c nbx -n '__nbx_at "nbx history rm"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx history rm"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx history rm"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx history rm"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx history rm"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx history rm"' -s h -l help -d 'Show this message and exit.'

# nbx history prune
complete -c nbx -n '__nbx_at "nbx history prune"' -l older-than -x -d 'Delete requests older than this: 12h, 30d, 8w.'
complete -c nbx -n '__nbx_at "nbx history prune"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx history prune"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx history prune"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx history prune"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx history prune"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx history prune"' -s h -l help -d 'Show this message and exit.'

# nbx config
complete -c nbx -n '__nbx_at "nbx config" 1' -a set -d 'Set a value in the config file or in the current profile.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a get -d 'Print the value that nbx uses.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a unset -d 'Remove a setting from the config file or the current profile.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a list -d 'List the settings with their values and where each comes from.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a edit -d 'Edit the config file; nbx checks it before replacing the old one.'
complete -c nbx -n '__nbx_at "nbx config" 1' -a path -d 'Print the path of the config file.'
complete -c nbx -n '__nbx_at "nbx config"' -s h -l help -d 'Show this message and exit.'

# nbx config set
complete -c nbx -n '__nbx_at "nbx config set"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config set"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx config set"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx config set"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config set"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx config set"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx config set" 1' -x -a 'api_key api_key_command api_key_keyring base_url cacert headers retries connect_timeout first_byte_timeout stall_timeout timeout max_memory model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body ledger history.text budget.daily budget.monthly use_profile project_file' -d 'SETTING'

# nbx config get
complete -c nbx -n '__nbx_at "nbx config get"' -l show-origin -d 'Also print where the value comes from, after a tab.'
complete -c nbx -n '__nbx_at "nbx config get"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config get"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx config get"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx config get"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config get"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx config get"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx config get" 1' -x -a 'api_key api_key_command api_key_keyring base_url cacert headers retries connect_timeout first_byte_timeout stall_timeout timeout max_memory model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body ledger history.text budget.daily budget.monthly use_profile project_file' -d 'SETTING'

# nbx config unset
complete -c nbx -n '__nbx_at "nbx config unset"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config unset"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx config unset"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx config unset"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config unset"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx config unset"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx config unset" 1' -x -a 'api_key api_key_command api_key_keyring base_url cacert headers retries connect_timeout first_byte_timeout stall_timeout timeout max_memory model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body ledger history.text budget.daily budget.monthly use_profile project_file' -d 'SETTING'

# nbx config list
complete -c nbx -n '__nbx_at "nbx config list"' -l all -d 'List all settings with their descriptions, including those that are not set.'
complete -c nbx -n '__nbx_at "nbx config list"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx config list"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config list"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx config list"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx config list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config list"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx config list"' -s h -l help -d 'Show this message and exit.'

# nbx config edit
complete -c nbx -n '__nbx_at "nbx config edit"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config edit"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx config edit"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx config edit"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config edit"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx config edit"' -s h -l help -d 'Show this message and exit.'

# nbx config path
complete -c nbx -n '__nbx_at "nbx config path"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx config path"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx config path"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx config path"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx config path"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx config path"' -s h -l help -d 'Show this message and exit.'

# nbx profile
complete -c nbx -n '__nbx_at "nbx profile" 1' -a list -d 'List the profiles, what each sets and which one is current.'
complete -c nbx -n '__nbx_at "nbx profile" 1' -a use -d 'Use a profile in all later runs.'
complete -c nbx -n '__nbx_at "nbx profile" 1' -a add -d 'Create a profile.'
complete -c nbx -n '__nbx_at "nbx profile" 1' -a rm -d 'Delete a profile and its settings.'
complete -c nbx -n '__nbx_at "nbx profile"' -s h -l help -d 'Show this message and exit.'

# nbx profile list
complete -c nbx -n '__nbx_at "nbx profile list"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx profile list"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx profile list"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx profile list"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx profile list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx profile list"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx profile list"' -s h -l help -d 'Show this message and exit.'

# nbx profile use
complete -c nbx -n '__nbx_at "nbx profile use"' -l none -d 'Use no profile.'
complete -c nbx -n '__nbx_at "nbx profile use"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx profile use"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx profile use"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx profile use"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx profile use"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx profile use"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx profile use" 1' -x -a '(__nbx_profile_names)' -d 'PROFILE'

# nbx profile add
complete -c nbx -n '__nbx_at "nbx profile add"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx profile add"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx profile add"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx profile add"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx profile add"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx profile add"' -s h -l help -d 'Show this message and exit.'

# nbx profile rm
complete -c nbx -n '__nbx_at "nbx profile rm"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx profile rm"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx profile rm" 1' -x -a '(__nbx_profile_names)' -d 'PROFILE'

# nbx models
complete -c nbx -n '__nbx_at "nbx models" 1' -a list -d 'List models, or those that match every word of the query.'
complete -c nbx -n '__nbx_at "nbx models" 1' -a show -d 'Show everything that is known about a model.'
complete -c nbx -n '__nbx_at "nbx models" 1' -a use -d 'Set the default model, or that of the current profile.'
complete -c nbx -n '__nbx_at "nbx models"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx models"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx models"' -l sort -x -a 'id context price created' -d 'Sort order: cheapest, largest context or newest first. Default id.'
complete -c nbx -n '__nbx_at "nbx models"' -l reverse -d 'Reverse the order.'
complete -c nbx -n '__nbx_at "nbx models"' -l refresh -d 'Ask the server even if the cached list is fresh.'
complete -c nbx -n '__nbx_at "nbx models"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx models"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx models"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx models"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx models"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx models"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx models"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx models"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx models"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx models"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx models"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx models"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx models"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx models"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx models"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx models"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx models"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'

# nbx models list
complete -c nbx -n '__nbx_at "nbx models list"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx models list"' -l sort -x -a 'id context price created' -d 'Sort order: cheapest, largest context or newest first. Default id.'
complete -c nbx -n '__nbx_at "nbx models list"' -l reverse -d 'Reverse the order.'
complete -c nbx -n '__nbx_at "nbx models list"' -l refresh -d 'Ask the server even if the cached list is fresh.'
complete -c nbx -n '__nbx_at "nbx models list"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx models list"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx models list"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx models list"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx models list"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx models list"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx models list"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx models list"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx models list"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx models list"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx models list"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx models list"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx models list"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx models list"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx models list"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx models list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx models list"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx models list"' -s h -l help -d 'Show this message and exit.'

# nbx models show
complete -c nbx -n '__nbx_at "nbx models show"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx models show"' -l refresh -d 'Ask the server even if the cached list is fresh.'
complete -c nbx -n '__nbx_at "nbx models show"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx models show"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx models show"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx models show"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx models show"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx models show"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx models show"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx models show"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx models show"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx models show"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx models show"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx models show"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx models show"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx models show"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx models show"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx models show"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx models show"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx models show"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx models show" 1' -x -a '(__nbx_models)' -d 'MODEL'

# nbx models use
complete -c nbx -n '__nbx_at "nbx models use"' -l force -d 'Accept an ID that is not in the list.'
complete -c nbx -n '__nbx_at "nbx models use"' -l refresh -d 'Ask the server even if the cached list is fresh.'
complete -c nbx -n '__nbx_at "nbx models use"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx models use"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx models use"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx models use"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx models use"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx models use"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx models use"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx models use"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx models use"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx models use"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx models use"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx models use"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx models use"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx models use"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx models use"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx models use"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx models use"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx models use"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx models use" 1' -x -a '(__nbx_models)' -d 'MODEL'

# nbx local
complete -c nbx -n '__nbx_at "nbx local" 1' -a pull -d 'Download a model and print its path.'
complete -c nbx -n '__nbx_at "nbx local" 1' -a list -d 'List models, downloaded or available.'
complete -c nbx -n '__nbx_at "nbx local" 1' -a rm -d 'Delete a model from this machine.'
complete -c nbx -n '__nbx_at "nbx local" 1' -a serve -d 'Keep the engine running and print how to reach it.'
complete -c nbx -n '__nbx_at "nbx local"' -s h -l help -d 'Show this message and exit.'

# nbx local pull
complete -c nbx -n '__nbx_at "nbx local pull"' -l force -d 'Download the model even if it is already there.'
complete -c nbx -n '__nbx_at "nbx local pull"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx local pull"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx local pull"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx local pull"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx local pull"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx local pull"' -s h -l help -d 'Show this message and exit.'

# nbx local list
complete -c nbx -n '__nbx_at "nbx local list"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx local list"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx local list"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx local list"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx local list"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx local list"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx local list"' -s h -l help -d 'Show this message and exit.'

# nbx local rm
complete -c nbx -n '__nbx_at "nbx local rm"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx local rm"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx local rm"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx local rm"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx local rm"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx local rm"' -s h -l help -d 'Show this message and exit.'

# nbx local serve
complete -c nbx -n '__nbx_at "nbx local serve"' -l port -x -d 'Port on 127.0.0.1. Default: any free one.'
complete -c nbx -n '__nbx_at "nbx local serve"' -l model-file -r -F -d 'Serve this GGUF file instead of the default model.'
complete -c nbx -n '__nbx_at "nbx local serve"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx local serve"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx local serve"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx local serve"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx local serve"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx local serve"' -s h -l help -d 'Show this message and exit.'

# nbx doctor
complete -c nbx -n '__nbx_at "nbx doctor"' -l live -d 'Also generate one token with the default model, and load the local model.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l json -d 'Print one JSON object.'
complete -c nbx -n '__nbx_at "nbx doctor"' -s m -l model -x -a '(__nbx_models)' -d 'ID of the model, as listed by nbx models.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l ai-project-id -x -d 'Project that the request belongs to.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l api-key-file -r -F -d 'Read the API key from a file; - is stdin.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l api-key -x -d 'The API key itself; visible in ps and in the shell history.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l base-url -x -d 'Address of the API, with or without /v1. Default https://api.tokenfactory.nebius.com/v1.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l cacert -r -F -d 'Trust the certificate authorities in this file.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l header -x -d 'Add a header to each request, such as \'X-Team: search\'; repeatable.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l retries -x -d 'Maximum number of retries after a failure. Default 3.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l connect-timeout -x -d 'Time limit for connecting. Default 10.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l first-byte-timeout -x -d 'Time limit for the first byte of the answer. Default 600.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l stall-timeout -x -d 'Time limit between two pieces of a streamed answer. Default 120.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l timeout -x -d 'Time limit for the whole request with all retries; 0 means no limit.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l max-memory -x -d 'Memory limit for one answer; a larger answer is cut off. Default 256.'
complete -c nbx -n '__nbx_at "nbx doctor"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx doctor"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx doctor"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx doctor"' -s h -l help -d 'Show this message and exit.'

# nbx completion
complete -c nbx -n '__nbx_at "nbx completion" 1' -a install -d 'Install the completion script of a shell.'
complete -c nbx -n '__nbx_at "nbx completion" 1' -a uninstall -d 'Undo nbx completion install.'
complete -c nbx -n '__nbx_at "nbx completion" 1' -a show -d 'Print the completion script.'
complete -c nbx -n '__nbx_at "nbx completion"' -s h -l help -d 'Show this message and exit.'

# nbx completion install
complete -c nbx -n '__nbx_at "nbx completion install"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx completion install"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx completion install"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx completion install"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx completion install"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx completion install"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx completion install" 1' -x -a 'bash zsh fish powershell' -d 'bash|zsh|fish|powershell'

# nbx completion uninstall
complete -c nbx -n '__nbx_at "nbx completion uninstall"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx completion uninstall"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx completion uninstall"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx completion uninstall"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx completion uninstall"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx completion uninstall"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx completion uninstall" 1' -x -a 'bash zsh fish powershell' -d 'bash|zsh|fish|powershell'

# nbx completion show
complete -c nbx -n '__nbx_at "nbx completion show"' -s q -l quiet -d 'Print nothing on stderr but errors.'
complete -c nbx -n '__nbx_at "nbx completion show"' -s v -l verbose -d 'Show the address, size and status of each request on stderr.'
complete -c nbx -n '__nbx_at "nbx completion show"' -l debug -d 'Like --verbose, plus a traceback if nbx has a bug.'
complete -c nbx -n '__nbx_at "nbx completion show"' -l color -x -a 'auto always never' -d 'When to use colour. Default auto.'
complete -c nbx -n '__nbx_at "nbx completion show"' -l profile -x -a '(__nbx_profile_names)' -d 'Use a named set of settings; see nbx profile.'
complete -c nbx -n '__nbx_at "nbx completion show"' -s h -l help -d 'Show this message and exit.'
complete -c nbx -n '__nbx_at "nbx completion show" 1' -x -a 'bash zsh fish powershell' -d 'bash|zsh|fish|powershell'
