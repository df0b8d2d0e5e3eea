#compdef nightjar
# zsh completion for nightjar. The program itself knows the candidates.
_nightjar() {
  local line word explanation
  local -a candidates
  for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    word=${line%%$'\t'*}
    explanation=${line#*$'\t'}
    case $word in
      :file) _files; return ;;
      :folder) _files -/; return ;;
      '') ;;
      *) candidates+=("${word//:/\\:}${explanation:+:$explanation}") ;;
    esac
  done
  _describe -t candidates nightjar candidates
}
if [ "${funcstack[1]}" = _nightjar ]; then
  _nightjar "$@"
else
  compdef _nightjar nightjar
fi
