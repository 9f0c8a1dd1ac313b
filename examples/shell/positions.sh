#!/bin/sh
# Prints a line a position: market, contracts, exposure. Needs jq, for the pages' cursors.
set -eu

here=$(dirname "$0")
cursor=
while :; do
    page=$(sh "$here/kalshi.sh" "/portfolio/positions?limit=100&cursor=$cursor")
    printf '%s' "$page" | jq -r '.market_positions[] | "\(.ticker) \(.position_fp) \(.market_exposure_dollars)"'
    cursor=$(printf '%s' "$page" | jq -r '.cursor // ""')
    [ -n "$cursor" ] || break
done
