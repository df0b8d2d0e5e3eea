#!/bin/sh
# A state folder on which no overlay can stand, as inside Docker: it is one itself. In a mount namespace of its own, see
# full_disk.sh. Arguments: NIGHTJAR STATE REPOSITORY. Prints the task as it ends.
nightjar=$1 state=$2 repository=$3
mkdir -p "$state/nightjar" && mount -t tmpfs -o mode=700 none "$state/nightjar" || exit 9
mkdir "$state/nightjar/lower" "$state/nightjar/upper" "$state/nightjar/work"
mount -t overlay -o userxattr,lowerdir="$state/nightjar/lower,upperdir=$state/nightjar/upper,workdir=$state/nightjar/work" \
  none "$state/nightjar" || exit 8
chmod 700 "$state/nightjar"
"$nightjar" assign --repo "$repository" --json --wait "Rename Parser to Reader"
"$nightjar" stop --runs >/dev/null
