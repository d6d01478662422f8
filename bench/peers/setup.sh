#!/bin/sh
# Makes sure that the programs are there that other products run on: Java for
# DynamoDB Local, npm and Node.js, PostgreSQL. On Debian and Ubuntu, as root, what
# is missing is installed. A product whose program stays missing is told of in the
# notes of the comparison.
set -eu

say() { echo "bench/peers/setup.sh: $*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

wanted=
have java || wanted="$wanted default-jre-headless"
have node || wanted="$wanted nodejs"
have npm || wanted="$wanted npm"
have initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted="$wanted postgresql"
[ -n "$wanted" ] || exit 0
if ! have apt-get || [ "$(id -u)" != 0 ]; then
	say "missing (Debian and Ubuntu):$wanted"
	exit 0
fi
say "installing by apt-get:$wanted"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >&2 || say "apt-get update failed; trying with the lists there are"
# shellcheck disable=SC2086 # several packages
apt-get install -y -q --no-install-recommends $wanted >&2 || say "apt-get install failed"
