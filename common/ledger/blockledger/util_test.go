// SPDX-License-Identifier: Apache-2.0

package blockledger

import (
	"testing"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/stretchr/testify/require"
)

func TestNotFoundErrorIterator(t *testing.T) {
	var it Iterator = &NotFoundErrorIterator{}
	for range 2 {
		<-it.(*NotFoundErrorIterator).ReadyChan()
		block, status := it.Next()
		require.Nil(t, block)
		require.Equal(t, cb.Status_NOT_FOUND, status)
		it.Close()
	}
}
