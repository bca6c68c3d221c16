#!/bin/sh
# Has SpamAssassin judge our mails anew and compares; then a corpus with verdicts on it, where there is one.
#
#   run.sh CORPUS GOLDEN
#
# CORPUS is a folder of mails, or of *.tar.xz archives of them; GOLDEN has a line of JSON for each, with file and hits.
set -eu
cd "$(dirname "$0")"
corpus=$1 golden=$2
failed=0

${GO:-go} test . -count=1 -v -run Rules -update || failed=1

if [ ! -d "$corpus" ] || [ ! -f "$golden" ]; then
	echo "no corpus in $corpus: set CORPUS and GOLDEN to compare one"
	exit $failed
fi
if ls "$corpus"/*.tar.xz >/dev/null 2>&1; then
	mails=$(mktemp -d)
	trap 'rm -rf "$mails"' EXIT
	trap 'exit 130' INT TERM
	for archive in "$corpus"/*.tar.xz; do
		tar -xJf "$archive" -C "$mails"
	done
	corpus=$mails
fi
${GO:-go} test . -count=1 -v -run Corpus -corpus "$corpus" -golden "$golden" || failed=1
exit $failed
