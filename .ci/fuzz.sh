#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# fuzz.sh TIME: run every fuzz target of the module for TIME. Minimizing is kept
# short: with inputs of several KB it would otherwise take all of the time.
set -u
cd "$(dirname "$0")/.." || exit 2
GO=${GO:-go}
time=${1:?usage: fuzz.sh TIME}
count=0 failed=''

for file in $(find . \( -name vendor -o -name .git \) -prune -o -name '*_test.go' -print | xargs grep -l '^func Fuzz' | sort); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		count=$((count + 1))
		echo "==== $(dirname "$file") $target ($time)"
		CGO_ENABLED=0 $GO test "$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x || failed="$failed $target"
	done
done

if [ $count -eq 0 ]; then
	echo 'fuzz: found no fuzz target' >&2
	exit 1
fi
if [ -n "$failed" ]; then
	echo "fuzz: $count targets, FAILED:$failed"
	exit 1
fi
echo "fuzz: $count targets, no finding"
