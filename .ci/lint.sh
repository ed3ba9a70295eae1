#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# All static checks. Goes on after a failure, so that one run shows everything.
set -u
cd "$(dirname "$0")/.." || exit 2
GO=${GO:-go}
export CGO_ENABLED=0
status=0
fail() { echo "lint: $1 failed" >&2; status=1; }

# Files that gofmt would write differently (-s: also what it could simplify).
unformatted=$(find . \( -name vendor -o -path ./build -o -name .git \) -prune -o -name '*.go' -print | xargs gofmt -s -l) || fail gofmt
if [ -n "$unformatted" ]; then
	echo "not formatted (gofmt -s -w):" $unformatted
	fail gofmt
fi

$GO vet ./... || fail 'go vet'
$GO run ./common/tools/internal/lintcheck || fail lintcheck

# The pinned staticcheck, built from its vendored source. Packages at paths of
# v1.3.0 keep to names that old and new libraries share (so SA1019, deprecated
# names, would always strike) and to error texts that v1.3.0's callers match (so
# would ST1005, capitals). All others pass with golang/protobuf, the one library
# that v1.3.0's signatures prescribe, as their only deprecated import.
mkdir -p build
tool=$PWD/build/staticcheck
(cd .ci/tools && $GO build -o "$tool" honnef.co/go/tools/cmd/staticcheck) || exit 1
own=$($GO list ./core/blockpeer/... ./common/tools/...) || fail 'go list'
inherited=$($GO list ./... | grep -v -x -F "$own") || fail 'go list'
"$tool" -checks inherit,-SA1019,-ST1005 $inherited || fail 'staticcheck (packages of v1.3.0)'
"$tool" $own >build/staticcheck.txt
[ $? -le 1 ] || fail 'staticcheck (own packages)'
if grep -v 'github.com/golang/protobuf/[a-z/]* is deprecated' build/staticcheck.txt; then
	fail 'staticcheck (own packages)'
fi

exit $status
