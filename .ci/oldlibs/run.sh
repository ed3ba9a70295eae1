#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Compile and test the drop-in packages, and core/comm with its connection
# producer, against the library versions of the go.mod beside this file instead
# of the vendored ones. Modules that are not in the cache are downloaded.
# With -update, requirements that new imports brought are added to that go.mod.
set -eu
cd "$(dirname "$0")/../.."
GO=${GO:-go}
export CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -modfile=.ci/oldlibs/go.mod"
mode=readonly
[ "${1:-}" != -update ] || mode=mod

echo 'old libraries:'
$GO list -mod=$mode -m -f '  {{.Path}} {{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}}' \
	github.com/golang/protobuf github.com/hyperledger/fabric-protos-go github.com/pkg/errors \
	github.com/spf13/viper github.com/stretchr/testify google.golang.org/grpc
$GO test -mod=$mode -vet=off ./gossip/... ./core/deliverservice/... ./core/comm
