// SPDX-License-Identifier: Apache-2.0

package channelconfig

import "fmt"

// ValidateNew tells whether the given configuration may replace this one: no
// section may disappear, the consensus type stays, and an organization that
// stays keeps its MSP ID. It does not look at sequence numbers or at the
// signatures under the update.
func (b *Bundle) ValidateNew(nb Resources) error {
	if nb == nil {
		return fmt.Errorf("new config is nil")
	}
	if err := b.validateNewOrderer(nb); err != nil {
		return err
	}
	if err := b.validateNewApplication(nb); err != nil {
		return err
	}
	return b.validateNewConsortiums(nb)
}

func (b *Bundle) validateNewOrderer(nb Resources) error {
	current, present := b.OrdererConfig()
	if !present {
		return nil
	}
	next, present := nb.OrdererConfig()
	if !present {
		return fmt.Errorf("Current config has orderer section, but new config does not")
	}
	if from, to := current.ConsensusType(), next.ConsensusType(); from != to {
		return fmt.Errorf("Attempted to change consensus type from %q to %q", from, to)
	}
	return sameMSPIDs("Orderer", current.Organizations(), next.Organizations())
}

func (b *Bundle) validateNewApplication(nb Resources) error {
	current, present := b.ApplicationConfig()
	if !present {
		return nil
	}
	next, present := nb.ApplicationConfig()
	if !present {
		return fmt.Errorf("Current config has application section, but new config does not")
	}
	return sameMSPIDs("Application", current.Organizations(), next.Organizations())
}

func (b *Bundle) validateNewConsortiums(nb Resources) error {
	current, present := b.ConsortiumsConfig()
	if !present {
		return nil
	}
	next, present := nb.ConsortiumsConfig()
	if !present {
		return fmt.Errorf("Current config has consortiums section, but new config does not")
	}
	following := next.Consortiums()
	for _, name := range sortedKeys(current.Consortiums()) {
		successor, stays := following[name]
		if !stays {
			continue
		}
		members := current.Consortiums()[name].Organizations()
		if err := sameMSPIDs("Consortium "+name, members, successor.Organizations()); err != nil {
			return err
		}
	}
	return nil
}

// sameMSPIDs compares the organizations that are in both maps. owner starts
// the error text.
func sameMSPIDs[O Org](owner string, current, next map[string]O) error {
	for _, name := range sortedKeys(current) {
		successor, stays := next[name]
		if !stays {
			continue
		}
		if from, to := current[name].MSPID(), successor.MSPID(); from != to {
			return fmt.Errorf("%s org %s attempted to change MSP ID from %s to %s", owner, name, from, to)
		}
	}
	return nil
}
