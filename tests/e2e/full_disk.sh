#!/bin/sh
# A disk that is full while a run works, in a mount namespace of its own: unshare -m (as root) or
# unshare -m --user --map-current-user --keep-caps. Arguments: NIGHTJAR STATE REPOSITORY. The state is
# a disk of 100 MB and the programs that the service keeps there. Prints the task as it is while the
# disk is full, a line of dashes, and as it ends.
nightjar=$1 state=$2 repository=$3
programs=$(du -cm "$nightjar" "${nightjar%/*}/nightjar-sandbox" "${nightjar%/*}/nightjar-toolbox" | tail -n 1 | cut -f1)
mkdir -p "$state/nightjar" && mount -t tmpfs -o size=$((programs + 100))m,mode=700 none "$state/nightjar" || exit 9
id=$("$nightjar" assign --repo "$repository" --json "Rename Parser to Reader" | sed -n 's/^  "id": "\(.*\)",$/\1/p')
[ -n "$id" ] || exit 8
until "$nightjar" log "$id" --json | grep -q command_started; do :; done
# Again and again: the service gives up a reserve to go on writing.
while :; do head -c 20000000 /dev/zero >>"$state/nightjar/fill" 2>/dev/null; done &
filler=$!
until "$nightjar" show "$id" --json | grep -q '"waiting_for": "disk"'; do :; done
"$nightjar" show "$id" --json
echo ----
kill $filler
wait $filler 2>/dev/null
rm "$state/nightjar/fill"
"$nightjar" watch "$id" >/dev/null
"$nightjar" show "$id" --json
"$nightjar" stop --runs >/dev/null
