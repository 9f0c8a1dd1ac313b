#!/bin/sh
# Installs what a package-lock.json names into DIRECTORY/node_modules, then leaves DIRECTORY/.installed as the stamp make
# compares with. Nothing that a package brings is run.
#
#   node_environment.sh DIRECTORY FOLDER        FOLDER has package.json and package-lock.json
set -eu

directory=$1 folder=$2
mkdir -p "$directory"
cp "$folder/package.json" "$folder/package-lock.json" "$directory/"
echo "$directory: installing (seconds)"
npm --prefix "$directory" ci --ignore-scripts --no-audit --no-fund --loglevel=error
touch "$directory/.installed"
