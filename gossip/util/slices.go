// SPDX-License-Identifier: Apache-2.0

package util

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
)

// Equals tells whether two values are the same to its owner.
type Equals func(a interface{}, b interface{}) bool

// IndexInSlice returns where in a slice or array the first element is for which
// equals(element, o) holds, -1 if there is none. It panics if array is neither.
func IndexInSlice(array interface{}, o interface{}, equals Equals) int {
	list := reflect.ValueOf(array)
	if kind := list.Kind(); kind != reflect.Slice && kind != reflect.Array {
		panic(fmt.Sprintf("%T is neither a slice nor an array", array))
	}
	for i := 0; i < list.Len(); i++ {
		if equals(list.Index(i).Interface(), o) {
			return i
		}
	}
	return -1
}

// Contains tells whether s is among the strings of a list.
func Contains(s string, list []string) bool {
	for i := range list {
		if list[i] == s {
			return true
		}
	}
	return false
}

// BytesToStrings converts each element.
func BytesToStrings(list [][]byte) []string {
	converted := make([]string, len(list))
	for i := range list {
		converted[i] = string(list[i])
	}
	return converted
}

// StringsToBytes converts each element.
func StringsToBytes(list []string) [][]byte {
	converted := make([][]byte, len(list))
	for i := range list {
		converted[i] = []byte(list[i])
	}
	return converted
}

// maxStackTrace bounds what PrintStackTrace prints, in bytes.
const maxStackTrace = 64 << 20

// PrintStackTrace writes the stacks of all goroutines to standard output.
func PrintStackTrace() {
	for size := 1 << 16; ; size *= 4 {
		text := make([]byte, size)
		n := runtime.Stack(text, true)
		if n < size || size >= maxStackTrace {
			os.Stdout.Write(text[:n])
			return
		}
	}
}
