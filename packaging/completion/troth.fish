# fish completion for troth and trothd. The programs' own tables say what there is:
# lines of word, what follows it, help.

function __troth_lines
    set -l words (commandline -opc)
    set -l command $words[1]
    set -l lines ($command --help=words 2>/dev/null)
    for word in $words[2..]
        string match -q -- '-*' $word; and continue
        string match -q -- "$word"\t'*' $lines; or continue
        set -a command $word
        set lines ($command --help=words 2>/dev/null)
    end
    printf '%s\n' $lines
end

function __troth_complete
    set -l previous (commandline -opc)[-1]
    for line in (__troth_lines)
        set -l field (string split \t -- $line)
        test -n "$field[1]"; or continue
        if test "$field[1]" = "$previous" -a -n "$field[2]"
            switch $field[2]
                case FILE
                    __fish_complete_path (commandline -ct)
                case '*|*'
                    string split '|' -- $field[2]
            end
            return
        end
    end
    for line in (__troth_lines)
        set -l field (string split \t -- $line)
        test -n "$field[1]"; and printf '%s\t%s\n' $field[1] $field[3]
    end
end

for program in troth trothd
    complete -c $program -f -a '(__troth_complete)'
end
