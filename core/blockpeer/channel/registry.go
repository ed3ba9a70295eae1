// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"fmt"
	"sync"

	"github.com/hyperledger/fabric/common/policies"
)

// Registry finds the channels of a process by name. It implements
// policies.ChannelPolicyManagerGetter, so that a channel's policies are known
// to all from the moment it is added: add it before starting its services.
// The zero value is empty and ready. Safe for concurrent use.
type Registry struct {
	channels sync.Map // string -> *Channel
}

// Add makes a channel known. One of the same name already there is an error.
func (r *Registry) Add(c *Channel) error {
	if _, taken := r.channels.LoadOrStore(c.ID(), c); taken {
		return fmt.Errorf("channel %s is already known", c.ID())
	}
	return nil
}

// Get finds a channel.
func (r *Registry) Get(channelID string) (*Channel, bool) {
	found, present := r.channels.Load(channelID)
	if !present {
		return nil, false
	}
	return found.(*Channel), true
}

// Manager returns the current policies of a channel; nil and false for an
// unknown one.
func (r *Registry) Manager(channelID string) (policies.Manager, bool) {
	c, present := r.Get(channelID)
	if !present {
		return nil, false
	}
	return c.PolicyManager(), true
}
