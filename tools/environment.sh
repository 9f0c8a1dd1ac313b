#!/bin/sh
# Makes or refreshes a virtual environment, then leaves DIRECTORY/.installed as the stamp make compares with.
#
#   environment.sh DIRECTORY CONSTRAINTS VERSION MANNER REQUIREMENT...
#
# VERSION and MANNER are those of find_python.sh. CONSTRAINTS also binds what builds the package: an older pip takes
# that from PIP_CONSTRAINT, a newer one from PIP_BUILD_CONSTRAINT. pip shows errors only: its warnings are about the
# machine it runs on.
set -eu

directory=$1 constraints=$2 version=$3 manner=$4
shift 4

if ! "$directory/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$("$(dirname "$0")/find_python.sh" "$version" "$manner")
    echo "$directory: made with $python"
    "$python" -m venv --clear "$directory"
fi

echo "$directory: installing (a minute on a new machine)"
PIP_CONSTRAINT=$constraints PIP_BUILD_CONSTRAINT=$constraints PIP_DISABLE_PIP_VERSION_CHECK=1 \
    "$directory/bin/python" -m pip install --quiet --quiet "$@"
touch "$directory/.installed"
