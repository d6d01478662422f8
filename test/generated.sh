#!/bin/sh
# Regenerates everything and fails when a file changes by it. It compares with
# the files as they are, so it also works in a tree with uncommitted changes.
set -eu
cd "$(dirname "$0")/.."
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
list() {
	find . -path ./.git -prune -o -path '*/node_modules' -prune -o -path ./bin -prune -o \
		-type f \( -name 'zz_generated*' -o -path './docs/reference/*' -o -path './docs/compat/*' -o -path './internal/archtest/modules.txt' -o -path './internal/cli/testdata/*' \) -print
}
list | while read -r f; do
	mkdir -p "$before/$(dirname "$f")"
	cp -p "$f" "$before/$f"
done
${MAKE:-make} --no-print-directory generate >"$before/log" 2>&1 || { cat "$before/log"; exit 1; }
bad=$(list | while read -r f; do cmp -s "$f" "$before/$f" || echo "$f"; done)
if [ -n "$bad" ]; then
	echo "these files were not up to date and have been regenerated: $bad" | tr '\n' ' '
	echo
	exit 1
fi
