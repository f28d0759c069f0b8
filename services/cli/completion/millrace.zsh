#compdef millrace
# Completion of millrace for zsh, made by: millrace completion zsh
# What it offers comes from the program itself: it asks `millrace __complete`.

_millrace() {
  local -a lines items
  local line word description
  lines=("${(@f)$("${(Q)words[1]}" __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == files ]]; then
    # The file of --option=file.
    if [[ $PREFIX == --*=* ]]; then compset -P '*='; fi
    _files
    return
  fi
  for line in "${(@)lines[2,-1]}"; do
    word=${line%%$'\t'*} description=${line#*$'\t'}
    items+=("${word//:/\\:}${description:+:$description}")
  done
  if (( $#items )); then _describe 'millrace' items; fi
}

if [[ $funcstack[1] == _millrace ]]; then
  _millrace "$@"
else
  compdef _millrace millrace
fi
