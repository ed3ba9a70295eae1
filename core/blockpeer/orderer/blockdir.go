// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hyperledger/fabric/gossip/protoext"
)

// blockSuffix ends the name of a block file: 0000.block, 0001.block, ...
const blockSuffix = ".block"

// ReadBlockDir reads a recorded chain: files NUMBER.block (any number of leading
// zeros), one marshalled common.Block each, numbered from 0 without a gap.
// Other files are ignored. A file that is not a block, or whose header has
// another number than its name, is an error; nothing else of a block is checked.
func ReadBlockDir(dir string) ([][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the recorded chain: %w", err)
	}
	names := map[uint64]string{}
	numbers := []uint64{}
	for _, entry := range entries {
		base, isBlock := strings.CutSuffix(entry.Name(), blockSuffix)
		if !isBlock || entry.IsDir() {
			continue
		}
		number, err := strconv.ParseUint(base, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s is not named after a block number", filepath.Join(dir, entry.Name()))
		}
		if other, twice := names[number]; twice {
			return nil, fmt.Errorf("block %d is in two files of %s: %s and %s", number, dir, other, entry.Name())
		}
		names[number] = entry.Name()
		numbers = append(numbers, number)
	}
	if len(numbers) == 0 {
		return nil, fmt.Errorf("%s holds no recorded chain: it has no file named NUMBER%s", dir, blockSuffix)
	}
	slices.Sort(numbers)
	blocks := make([][]byte, 0, len(numbers))
	for i, number := range numbers {
		if number != uint64(i) {
			return nil, fmt.Errorf("the recorded chain in %s lacks block %d", dir, i)
		}
		raw, err := readBlock(filepath.Join(dir, names[number]), number)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, raw)
	}
	return blocks, nil
}

func readBlock(name string, number uint64) ([]byte, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the recorded chain: %w", err)
	}
	block, err := protoext.UnmarshalBlock(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is not a block: %w", name, err)
	}
	if block.Header == nil || block.Header.Number != number {
		return nil, fmt.Errorf("%s holds block %d", name, block.GetHeader().GetNumber())
	}
	return raw, nil
}
