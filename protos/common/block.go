// SPDX-License-Identifier: Apache-2.0

package common

// blockMetadataEntries is how many metadata entries a v1.3.0 block has. Newer
// message modules know a fifth index, which v1.3.0 neither writes nor expects,
// so the length of the enum must not be used.
const blockMetadataEntries = 4

// NewBlock returns an empty block with number seqNum that follows the block
// whose header hash is previousHash. Data is empty, metadata has v1.3.0's four
// empty entries, and the data hash is left for whoever fills the data.
func NewBlock(seqNum uint64, previousHash []byte) *Block {
	metadata := make([][]byte, blockMetadataEntries)
	for i := range metadata {
		metadata[i] = []byte{}
	}
	return &Block{
		Header:   &BlockHeader{Number: seqNum, PreviousHash: previousHash},
		Data:     &BlockData{},
		Metadata: &BlockMetadata{Metadata: metadata},
	}
}

// NewConfigGroup returns a config group whose maps can be written to.
func NewConfigGroup() *ConfigGroup {
	return &ConfigGroup{
		Groups:   map[string]*ConfigGroup{},
		Values:   map[string]*ConfigValue{},
		Policies: map[string]*ConfigPolicy{},
	}
}
