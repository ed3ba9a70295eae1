// SPDX-License-Identifier: Apache-2.0

package util_test

import (
	"io/ioutil"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/util"
)

func TestSearching(t *testing.T) {
	assert.True(t, util.Contains("b", []string{"a", "b"}))
	assert.False(t, util.Contains("", []string{"a", "b"}))
	assert.False(t, util.Contains("a", nil))

	same := func(a, b interface{}) bool { return a == b }
	assert.Equal(t, 1, util.IndexInSlice([]int{4, 5, 5}, 5, same))
	assert.Equal(t, 2, util.IndexInSlice([3]string{"x", "y", "z"}, "z", same))
	assert.Equal(t, -1, util.IndexInSlice([]int{4}, "4", same))
	assert.Equal(t, -1, util.IndexInSlice([]int(nil), 4, same))
	util.IndexInSlice([]string{"element"}, 7, func(a, b interface{}) bool {
		assert.Equal(t, "element", a)
		assert.Equal(t, 7, b)
		return true
	})
	for _, wrong := range []interface{}{nil, 5, "text", map[int]int{}, &[]int{1}} {
		wrong := wrong
		assert.Panics(t, func() { util.IndexInSlice(wrong, 5, same) }, "%T", wrong)
	}
}

func TestStringsAndBytes(t *testing.T) {
	assert.Equal(t, []string{"a", ""}, util.BytesToStrings([][]byte{[]byte("a"), nil}))
	assert.Equal(t, [][]byte{[]byte("a"), {}}, util.StringsToBytes([]string{"a", ""}))
	assert.Equal(t, []string{}, util.BytesToStrings(nil))
	assert.Equal(t, [][]byte{}, util.StringsToBytes(nil))
}

func TestStackTraceShowsAllGoroutines(t *testing.T) {
	file, err := ioutil.TempFile("", "stacks")
	assert.NoError(t, err)
	defer os.Remove(file.Name())
	running, stop, whole := make(chan struct{}), make(chan struct{}), os.Stdout
	go recognizableGoroutine(running, stop)
	<-running
	os.Stdout = file
	util.PrintStackTrace()
	os.Stdout = whole
	close(stop)
	assert.NoError(t, file.Close())
	text, err := ioutil.ReadFile(file.Name())
	assert.NoError(t, err)
	assert.Contains(t, string(text), "recognizableGoroutine")
	assert.Contains(t, string(text), "TestStackTraceShowsAllGoroutines")
	assert.False(t, strings.Contains(string(text), "\x00"), "no padding")
}

func recognizableGoroutine(running, stop chan struct{}) {
	close(running)
	<-stop
}
