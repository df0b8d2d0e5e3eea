# fish completion for nightjar. The program itself knows the candidates.
function __nightjar_candidates
    set -l current (commandline -ct)
    set -l words (commandline -opc) "$current"
    set -l answer ($words[1] __complete $words[2..-1] 2>/dev/null)
    switch "$answer[1]"
        case ':file*'
            __fish_complete_path (commandline -ct)
        case ':folder*'
            __fish_complete_directories (commandline -ct)
        case '*'
            printf '%s\n' $answer
    end
end
complete -c nightjar -f -a '(__nightjar_candidates)'
