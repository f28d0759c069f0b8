# Completion of millrace for bash, made by: millrace completion bash
# What it offers comes from the program itself: it asks `millrace __complete`.

_millrace() {
  # Bash splits words at COMP_WORDBREAKS too: what no blank stands between is one word again.
  local -a words=()
  local rest=$COMP_LINE last=-1 i word gap
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ -n $word ]]; then gap=${rest%%"$word"*}; else gap=$rest; fi
    rest=${rest#"$gap$word"}
    if [[ $last -ge 0 && -z $gap ]]; then
      words[last]+=$word
    else
      last=$((last + 1))
      words[last]=$word
    fi
  done

  # Bash replaces the last of its own words, so what stands before that is not repeated.
  local raw=${COMP_WORDS[COMP_CWORD]}
  if [[ $raw == [=:] ]]; then raw=; fi
  local current=${words[last]}
  local head=${current%"$raw"}

  local line kind=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $kind ]]; then
      kind=$line
    else
      line=${line%%$'\t'*}
      COMPREPLY+=("${line#"$head"}")
    fi
  done < <("${words[0]/#\~/$HOME}" __complete -- "${words[@]:1}" 2>/dev/null)
  if [[ $kind == files ]]; then compopt -o default 2>/dev/null; fi
}

complete -F _millrace millrace
