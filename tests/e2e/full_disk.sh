#!/bin/sh
# A disk that is full while a run works, in a mount namespace of its own: unshare -m (as root) or
# unshare -m --user --map-current-user --keep-caps. Arguments: NIGHTJAR STATE REPOSITORY. The state is
# a disk of 110 MB and the programs that the service keeps there. Prints the task as it is while the
# disk is full, a line of dashes, and as it ends.
nightjar=$1 state=$2 repository=$3
programs=$(du -cm "$nightjar" "${nightjar%/*}/nightjar-sandbox" "${nightjar%/*}/nightjar-toolbox" | tail -n 1 | cut -f1)
mkdir -p "$state/nightjar" && mount -t tmpfs -o size=$((programs + 110))m,mode=700 none "$state/nightjar" || exit 9
head -c 8000000 /dev/zero >"$state/nightjar/spare"
id=$("$nightjar" assign --repo "$repository" --json "Rename Parser to Reader" | sed -n 's/^  "id": "\(.*\)",$/\1/p')
[ -n "$id" ] || exit 8
until "$nightjar" log "$id" --json | grep -q command_started; do :; done
# Again and again, and faster than the service at the reserve that it gives up to go on writing: its store can
# take nothing, and the run's journal alone knows what happened.
while [ ! -e "$state/enough" ]; do
  rm -f "$state/nightjar/nightjar.db.reserve"
  head -c 20000000 /dev/zero >>"$state/nightjar/fill" 2>/dev/null
done &
filler=$!
journal=$state/nightjar/runs/$id.1/journal.jsonl
until grep -q '"kind":"waiting"' "$journal"; do :; done
touch "$state/enough"
wait $filler
# It is told as soon as there is room for the telling, which is not enough for the run.
rm "$state/nightjar/spare"
until "$nightjar" show "$id" --json | grep -q '"waiting_for": "disk"'; do :; done
"$nightjar" show "$id" --json
echo ----
rm "$state/nightjar/fill"
"$nightjar" watch "$id" >/dev/null
"$nightjar" show "$id" --json
"$nightjar" stop --runs >/dev/null
