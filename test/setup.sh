#!/bin/sh
# Makes sure that everything is there that the test suites run: on Debian and
# Ubuntu, as root, what is missing is installed and named; elsewhere it is named,
# and the script ends with an error. PREAMP_TEST_WITHOUT (a comma list of sdkjs, amplifyjs,
# amplify5js, cognitojs, hostedui, boto3, awscli) and PREAMP_TEST_STORES=sqlite switch suites off by name, and
# then nothing is needed for them.
set -eu
cd "$(dirname "$0")/.."

say() { echo "test/setup.sh: $*" >&2; }
without() { case ",${PREAMP_TEST_WITHOUT:-}," in *",$1,"*) return 0 ;; esac; return 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The race detector needs a C compiler and the headers of the C library.
has_compiler() {
	have "${CC:-gcc}" || return 1
	printf '#include <stdlib.h>\nint main(void){return 0;}\n' | "${CC:-gcc}" -x c -fsyntax-only - 2>/dev/null
}

has_postgres() {
	[ "${PREAMP_TEST_STORES:-}" = sqlite ] || [ -n "${PREAMP_TEST_DATABASE_URL:-}" ] || have initdb ||
		ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

has_boto3() {
	for p in ${PREAMP_TEST_PYTHON:-} /usr/bin/python3 /usr/local/bin/python3 python3; do
		"$p" -c 'import boto3' 2>/dev/null && return 0
	done
	return 1
}

has_node() { node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; }

# no_js says that no suite needs Node.js.
no_js() { without sdkjs && without amplifyjs && without amplify5js && without cognitojs && without hostedui; }

has_chromium() { [ -n "${PREAMP_TEST_CHROMIUM:-}" ] || have chromium || have chromium-browser || have google-chrome; }

# missing lists what is not there: "what|Debian packages", one per line.
missing() {
	has_compiler || echo "a C compiler for the race detector|gcc libc6-dev"
	has_postgres || echo "PostgreSQL|postgresql"
	have curl || echo "curl, for the README's calls|curl"
	without boto3 || has_boto3 || echo "a python3 with boto3|python3 python3-boto3"
	without awscli || [ -n "${PREAMP_TEST_AWS:-}" ] || have aws || echo "the AWS CLI|awscli"
	no_js || has_node || echo "Node.js 20 or newer (https://nodejs.org)|nodejs"
	no_js || have npm || echo "npm|npm"
	without hostedui || has_chromium || echo "Chromium, for the hosted pages|chromium"
}

packages() { echo "$1" | sed -n 's/^[^|]*|//p' | tr '\n' ' ' | sed 's/ *$//'; }

give_up() {
	echo "$1" | sed 's/^\([^|]*\)|\(.*\)$/  \1 (Debian and Ubuntu: \2)/' >&2
	say "install it, or switch suites off by name: PREAMP_TEST_WITHOUT=sdkjs,amplifyjs,amplify5js,cognitojs,hostedui,boto3,awscli PREAMP_TEST_STORES=sqlite"
	exit 1
}

if ! have go; then
	say "Go 1.26 is missing: https://go.dev/dl"
	exit 1
fi
go version >/dev/null # fetches the toolchain of go.mod where that is newer

list=$(missing)
if [ -n "$list" ]; then
	if ! have apt-get || [ "$(id -u)" != 0 ]; then
		say "missing:"
		give_up "$list"
	fi
	wanted=$(packages "$list")
	say "installing by apt-get: $wanted"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q >&2 || say "apt-get update failed; trying with the lists there are"
	# shellcheck disable=SC2086 # several packages
	apt-get install -y -q --no-install-recommends $wanted >&2 || say "apt-get install failed"
	list=$(missing)
	if [ -n "$list" ]; then
		say "still missing:"
		give_up "$list"
	fi
fi

# Packages of the JavaScript suites, exactly those of their lock files.
for suite in sdkjs=conformance/aws-sdk-js amplifyjs=conformance/amplify-js amplify5js=conformance/amplify5-js cognitojs=conformance/cognito-js \
	hostedui=hostedui; do
	js=test/${suite#*=}
	if ! without "${suite%=*}" && ! cmp -s "$js/package-lock.json" "$js/node_modules/.preamp-lock"; then
		say "npm ci in $js"
		(cd "$js" && npm ci --no-audit --no-fund --ignore-scripts >&2 && cp package-lock.json node_modules/.preamp-lock)
	fi
done
