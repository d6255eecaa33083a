# Where the package bash-completion is not loaded, these two stand for what is used of it: the
# words of the command line, of which = and : split none, and what is left of a proposal where
# a colon has split the word before it.
if ! declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
    _get_comp_words_by_ref()
    {
        local line="${COMP_LINE:0:COMP_POINT}"
        read -r -a words <<<"$line"
        [[ $line == *[[:space:]] || ${#words[@]} -eq 0 ]] && words+=("")
        cword=$((${#words[@]} - 1))
        cur="${words[cword]}"
        prev=""
        ((cword > 0)) && prev="${words[cword - 1]}"
        return 0
    }
fi
if ! declare -F __ltrim_colon_completions >/dev/null 2>&1; then
    __ltrim_colon_completions()
    {
        if [[ $1 == *:* && $COMP_WORDBREAKS == *:* ]]; then
            local before="${1%"${1##*:}"}" i
            for i in "${!COMPREPLY[@]}"; do
                COMPREPLY[i]="${COMPREPLY[i]#"$before"}"
            done
        fi
    }
fi

