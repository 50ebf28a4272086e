#!/usr/bin/env bash
# Runs a command and prints how long it took: stage.sh NAME COMMAND…
set -uo pipefail
name=$1
shift
started=$SECONDS
echo "==> $name"
"$@"
status=$?
took=$((SECONDS - started))
[ "$status" -eq 0 ] && outcome=done || outcome="FAILED ($status)"
printf '==> %s: %s in %d min %02d s\n' "$name" "$outcome" $((took / 60)) $((took % 60))
exit "$status"
