# bash completion for troth and trothd. The programs' own tables say what there is:
# lines of word, what follows it, help.

_troth_words() { # COMMAND...: its lines
    "$@" --help=words 2>/dev/null
}

_troth() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local -a command=("${COMP_WORDS[0]}")
    local lines follows word i
    COMPREPLY=()

    # The commands typed so far: words that the tables before them name.
    lines=$(_troth_words "${command[@]}")
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [[ $word != -* ]] || continue
        grep -q "^$word	" <<<"$lines" || continue
        command+=("$word")
        lines=$(_troth_words "${command[@]}")
    done

    # "--option=VALUE" comes as three words.
    if [[ $prev == = ]] && ((COMP_CWORD > 1)); then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $cur == = ]]; then
        cur=
    fi
    if [[ $prev == --* ]]; then
        follows=$(awk -F '\t' -v o="$prev" '$1 == o { print $2 }' <<<"$lines")
        case $follows in
        '') ;;
        FILE) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        *'|'*) mapfile -t COMPREPLY < <(compgen -W "${follows//|/ }" -- "$cur"); return ;;
        *) return ;;
        esac
    fi
    if [[ $cur == -* ]] || ! grep -q '^	' <<<"$lines"; then
        mapfile -t COMPREPLY < <(compgen -W "$(cut -f 1 <<<"$lines")" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}

complete -F _troth troth trothd
