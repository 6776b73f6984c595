#!/usr/bin/env bash
# Both commands of the README in a fresh clone that stands alone, each with a new virtual environment.
set -euo pipefail
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
for ending in 'syncd demo' 'pytest'; do
    rm -rf "$place/syncd"
    git clone -q --no-local "$root" "$place/syncd"
    command=$(awk -v ending="$ending" '/^```/ { fenced = !fenced; next } fenced && $0 ~ ending "$"' "$place/syncd/README.md")
    printf '\n== %s\n' "$command"
    (cd "$place/syncd" && time env -i PATH="$PATH" HOME="$place" LANG=C.UTF-8 bash -c "$command")
done
