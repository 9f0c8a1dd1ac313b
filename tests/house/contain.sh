#!/bin/sh
# Runs a command as an engine runs a container with `--read-only`: as process 1, as nobody in particular, in a file system
# that is read-only but for /run/mockexchange. Needs root on Linux, and to be let have namespaces.
#
#   contain.sh USER:GROUP FOLDER [NAME=VALUE]... COMMAND...
#
# The machine stands in for the image below: its programs and libraries are there, at their own paths. FOLDER has the
# folders `opt`, `scenarios` and `keys`, which become /opt/mockexchange, /scenarios and /keys, and `image`, an empty one.
set -eu

if [ "${CONTAINED:-}" = "" ]; then
    exec env CONTAINED=yes unshare --mount --pid --fork --kill-child -- "$0" "$@"
fi

user=${1%:*} group=${1#*:} folder=$2 image=$2/image
shift 2

mount --make-rprivate /
mount -t tmpfs -o mode=0755 image "$image"
mount --make-unbindable "$image"
for path in /*; do
    name=${path#/}
    if [ -L "$path" ]; then
        cp -P "$path" "$image/$name"
    elif [ -d "$path" ] && [ "$name" != opt ] && [ "$name" != proc ] && [ "$name" != run ]; then
        mkdir "$image/$name"
        mount --rbind "$path" "$image/$name"
    fi
done
mkdir -p "$image/proc" "$image/opt/mockexchange" "$image/scenarios" "$image/keys" "$image/run/mockexchange"
mount -t proc proc "$image/proc"
mount --bind "$folder/opt" "$image/opt/mockexchange"
mount --bind "$folder/scenarios" "$image/scenarios"
mount --bind "$folder/keys" "$image/keys"
awk -v image="$image" 'index($5, image) == 1 { print $5 }' /proc/self/mountinfo | sort -u | while read -r mounted; do
    mount -o remount,bind,ro "$mounted"
done
# as `--tmpfs /run/mockexchange` makes it
mount -t tmpfs -o mode=1777 run "$image/run/mockexchange"

# The one privilege that is left is to read: the interpreter of this machine may live in somebody's home.
exec chroot "$image" setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs \
    --inh-caps=-all,+dac_read_search --ambient-caps=+dac_read_search --bounding-set=-all,+dac_read_search \
    env --ignore-environment --chdir=/scenarios "$@"
