// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hyperledger/fabric/common/capabilities"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// OrdererProtos holds the decoded values of the ordering service's section.
type OrdererProtos struct {
	ConsensusType       *ab.ConsensusType
	BatchSize           *ab.BatchSize
	BatchTimeout        *ab.BatchTimeout
	KafkaBrokers        *ab.KafkaBrokers
	ChannelRestrictions *ab.ChannelRestrictions
	Capabilities        *cb.Capabilities
}

// OrdererConfig is the ordering service's section. It implements Orderer.
type OrdererConfig struct {
	values       OrdererProtos
	batchTimeout time.Duration
	capabilities *capabilities.OrdererProvider
	orgs         map[string]Org
}

// NewOrdererConfig reads the section. The MSPs of its organizations join those
// of the handler.
func NewOrdererConfig(ordererGroup *cb.ConfigGroup, mspConfigHandler *MSPConfigHandler) (*OrdererConfig, error) {
	oc := &OrdererConfig{}
	if err := DeserializeProtoValuesFromGroup(ordererGroup, &oc.values); err != nil {
		return nil, err
	}
	if err := oc.Validate(); err != nil {
		return nil, err
	}
	// Validate has just parsed it.
	oc.batchTimeout, _ = time.ParseDuration(oc.values.BatchTimeout.Timeout)
	oc.capabilities = capabilities.NewOrdererProvider(oc.values.Capabilities.Capabilities)
	orgs, err := readOrgs(ordererGroup, mspConfigHandler)
	if err != nil {
		return nil, err
	}
	oc.orgs = orgs
	return oc, nil
}

// readOrgs reads the sub-groups of a section or consortium whose organizations
// have nothing but an MSP.
func readOrgs(group *cb.ConfigGroup, handler *MSPConfigHandler) (map[string]Org, error) {
	orgs := make(map[string]Org, len(group.Groups))
	for _, name := range sortedKeys(group.Groups) {
		org, err := NewOrganizationConfig(name, group.Groups[name], handler)
		if err != nil {
			return nil, err
		}
		orgs[name] = org
	}
	return orgs, nil
}

// Validate checks the values of the section.
func (oc *OrdererConfig) Validate() error {
	size := oc.values.BatchSize
	switch {
	case size.MaxMessageCount == 0:
		return fmt.Errorf("%s: max_message_count is 0", BatchSizeKey)
	case size.AbsoluteMaxBytes == 0:
		return fmt.Errorf("%s: absolute_max_bytes is 0", BatchSizeKey)
	case size.PreferredMaxBytes == 0:
		return fmt.Errorf("%s: preferred_max_bytes is 0", BatchSizeKey)
	case size.PreferredMaxBytes > size.AbsoluteMaxBytes:
		return fmt.Errorf("%s: preferred_max_bytes %d exceeds absolute_max_bytes %d", BatchSizeKey, size.PreferredMaxBytes, size.AbsoluteMaxBytes)
	}
	timeout, err := time.ParseDuration(oc.values.BatchTimeout.Timeout)
	if err != nil {
		return fmt.Errorf("%s: %w", BatchTimeoutKey, err)
	}
	if timeout <= 0 {
		return fmt.Errorf("%s: %s is not positive", BatchTimeoutKey, timeout)
	}
	for _, broker := range oc.values.KafkaBrokers.Brokers {
		if err := checkBroker(broker); err != nil {
			return fmt.Errorf("%s: %w", KafkaBrokersKey, err)
		}
	}
	return nil
}

func checkBroker(address string) error {
	host, port, found := strings.Cut(address, ":")
	if !found || host == "" {
		return fmt.Errorf("%q is not host:port", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port between 0 and 65535", address)
	}
	return nil
}

// ConsensusType names the consensus plug-in.
func (oc *OrdererConfig) ConsensusType() string { return oc.values.ConsensusType.Type }

// ConsensusMetadata is that plug-in's own data. Read only.
func (oc *OrdererConfig) ConsensusMetadata() []byte { return oc.values.ConsensusType.Metadata }

// BatchSize bounds a block in messages and in bytes. Read only.
func (oc *OrdererConfig) BatchSize() *ab.BatchSize { return oc.values.BatchSize }

// BatchTimeout is how long an incomplete batch waits before it is cut.
func (oc *OrdererConfig) BatchTimeout() time.Duration { return oc.batchTimeout }

// KafkaBrokers lists bootstrap brokers. Read only.
func (oc *OrdererConfig) KafkaBrokers() []string { return oc.values.KafkaBrokers.Brokers }

// MaxChannelsCount bounds the channels of the ordering service; 0 means no bound.
func (oc *OrdererConfig) MaxChannelsCount() uint64 { return oc.values.ChannelRestrictions.MaxCount }

// Organizations maps group names to organizations. Read only.
func (oc *OrdererConfig) Organizations() map[string]Org { return oc.orgs }

// Capabilities says what orderers must implement.
func (oc *OrdererConfig) Capabilities() OrdererCapabilities { return oc.capabilities }
