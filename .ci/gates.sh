#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# gates.sh TARGET...: make each target, go on after a failure, and end with a
# summary. The exit status is 0 only if every target succeeded.
set -u
MAKE=${MAKE:-make}
passed=0 failed='' summary=''
[ $# -gt 0 ] || { echo 'gates.sh: no gate named' >&2; exit 2; }

for gate in "$@"; do
	echo "==== $gate"
	start=$(date +%s)
	if "$MAKE" --no-print-directory "$gate"; then
		result=ok passed=$((passed + 1))
	else
		result=FAILED failed="$failed $gate"
	fi
	summary="$summary$(printf '  %-16s %-7s %4ds' "$gate" "$result" $(($(date +%s) - start)))
"
done

echo '==== summary'
printf '%s' "$summary"
if [ -n "$failed" ]; then
	echo "ci: $passed of $# gates passed; FAILED:$failed"
	exit 1
fi
echo "ci: all $passed gates passed"
