#!/bin/sh
# A signed GET, with nothing but curl and openssl:
#
#   sh kalshi.sh /portfolio/positions?limit=10
#
# Where the exchange is and who we are there say KALSHI_API_BASE_URL, KALSHI_API_KEY_ID and KALSHI_PRIVATE_KEY_PATH, as
# `eval "$(mockexchange env)"` sets them. The answer's body goes to standard output. Exit code 22 is curl's for any
# status from 400 on; the mock's reason for a 401 is then on standard error.
set -eu

method=GET
target=${1:?expected a path, such as /portfolio/positions?limit=10}
url=$KALSHI_API_BASE_URL$target

# What is signed: milliseconds, method, and the path as it is on the wire, without the query.
timestamp=$(date +%s)000
path=/${url#*://*/}
path=${path%%\?*}
signature=$(
    printf '%s' "$timestamp$method$path" |
        openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \
            -sign "$KALSHI_PRIVATE_KEY_PATH" |
        openssl base64 -A
)

[ -n "$signature" ] || { echo "kalshi.sh: cannot sign with $KALSHI_PRIVATE_KEY_PATH" >&2 && exit 1; }

headers=$(mktemp)
trap 'rm -f "$headers"' EXIT
code=0
curl --silent --show-error --fail-with-body --max-time 10 --request "$method" --dump-header "$headers" \
    --header "KALSHI-ACCESS-KEY: $KALSHI_API_KEY_ID" \
    --header "KALSHI-ACCESS-TIMESTAMP: $timestamp" \
    --header "KALSHI-ACCESS-SIGNATURE: $signature" \
    "$url" || code=$?
grep -i '^x-mock-diagnosis:' "$headers" >&2 || true
exit "$code"
