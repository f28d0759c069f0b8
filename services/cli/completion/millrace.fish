# Completion of millrace for fish, made by: millrace completion fish
# What it offers comes from the program itself: it asks `millrace __complete`.

function __millrace_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$lines[1]" = files
        # The file of --option=file.
        set -l head (string match -r '^--[^=]+=' -- "$current")
        set -l path (string replace -r '^--[^=]+=' '' -- "$current")
        for file in (__fish_complete_path "$path")
            echo "$head$file"
        end
    else if set -q lines[2]
        printf '%s\n' $lines[2..-1]
    end
end

complete -c millrace -f -a '(__millrace_complete)'
