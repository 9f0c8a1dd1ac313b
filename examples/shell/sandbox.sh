#!/bin/sh
# A sandbox of one's own, over the control API alone: made, moved, asked for its positions, and deleted. Needs curl and jq.
#
#   sh sandbox.sh [SCENARIO]
#
# The server is that of MOCKEXCHANGE_URL and MOCKEXCHANGE_TOKEN, as a container's is, and as `mockexchange run` sets them; or
# that of the ready file which MOCKEXCHANGE_READY_FILE names.
set -eu

scenario=${1:-golden}
if [ -n "${MOCKEXCHANGE_URL:-}" ]; then
    control=${MOCKEXCHANGE_URL%/}
    control=${control%/_mock}/_mock
    token=$MOCKEXCHANGE_TOKEN
else
    ready=${MOCKEXCHANGE_READY_FILE:?or MOCKEXCHANGE_URL has to say where a server is}
    control=$(jq -r .control_url "$ready")
    token=$(jq -r .control_token "$ready")
fi

# The answer goes to a file, and to standard error if it is an error: it says what is wrong.
ask() {
    method=$1 path=$2 told=$3
    shift 3
    curl --silent --show-error --fail-with-body --max-time 10 --request "$method" --output "$told" \
        --header "Authorization: Bearer $token" --header "Content-Type: application/json" "$@" "$control/$path" ||
        { code=$? && cat "$told" >&2 && echo >&2 && return "$code"; }
}

# Steps that the exchange refuses are told with status 200, each in its own outcome.
steps() {
    ask POST "sandboxes/$sandbox/commands" "$folder/outcomes.json" --data "$1"
    jq -e 'all(has("refusal") | not)' "$folder/outcomes.json" >/dev/null ||
        { jq -r '.[].refusal // empty | "refused: \(.code): \(.message)"' "$folder/outcomes.json" >&2 && return 1; }
}

umask 077
folder=$(mktemp -d)
sandbox=
trap '[ -z "$sandbox" ] || ask DELETE "sandboxes/$sandbox" "$folder/deleted"; rm -rf "$folder"' EXIT

ask POST sandboxes "$folder/sandbox.json" --data "{\"scenario\": \"$scenario\"}"
sandbox=$(jq -r .id "$folder/sandbox.json")
jq '[.accounts[] | select(.private_key_pem)][0] // empty' "$folder/sandbox.json" >"$folder/account.json"
[ -s "$folder/account.json" ] || { echo "sandbox.sh: scenario $scenario has no account with a private key" >&2 && exit 1; }
jq -r .private_key_pem "$folder/account.json" >"$folder/key.pem"
steps "[{\"deposit\": {\"account\": $(jq .name "$folder/account.json"), \"amount\": \"1.00\"}}]"

KALSHI_API_BASE_URL=$(jq -r .base_url "$folder/sandbox.json")
KALSHI_API_KEY_ID=$(jq -r .key_id "$folder/account.json")
KALSHI_PRIVATE_KEY_PATH=$folder/key.pem
export KALSHI_API_BASE_URL KALSHI_API_KEY_ID KALSHI_PRIVATE_KEY_PATH
sh "$(dirname "$0")/positions.sh"
