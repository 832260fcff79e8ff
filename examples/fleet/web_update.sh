#!/bin/sh
# Take the latest release from a plain web server: web_update.sh URL ROOT
#
# URL/latest names a file beside it. A timer runs this as the owner of ROOT. Neither the server nor
# the connection is trusted: what it sends is bounded, and the root decides what it takes.
# Exit status 0 where nothing is new or the new version has passed its trial.
set -u
url=$1 root=$2
part=$root/incoming.part begun=$root/incoming.begun done=$root/incoming.done
blocks=${MAX_BLOCKS:-204800} # of 512 bytes each: 100 MB

latest=$(curl -fsS --max-time 60 "$url/latest" | head -c 200) && [ -n "$latest" ] || exit 6
[ "$latest" = "$(cat "$done" 2>/dev/null)" ] && exit 0
if [ "$latest" != "$(cat "$begun" 2>/dev/null)" ]; then
    # The rest of one release behind the beginning of another would be neither.
    rm -f "$part"
    printf %s "$latest" >"$begun" || exit 6
fi
(ulimit -f "$blocks" && exec curl -fsSg -C - -o "$part" "$url/$latest")
case $? in
0) ;;
22 | 23 | 33 | 36 | 153) rm -f "$part"; exit 6 ;; # nothing to go on with, or too much of it
*) exit 6 ;; # a connection that was cut: the next run goes on where it stopped
esac
"${PYTHON:-python3}" -B "$root/run" install "$part" "$root"
status=$?
rm -f "$part" "$begun"
[ $status = 0 ] && printf %s "$latest" >"$done"
exit $status
