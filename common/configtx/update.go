// SPDX-License-Identifier: Apache-2.0

package configtx

import (
	"strings"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/common/policies"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

const (
	// maxSignatures bounds how many signatures one update may carry.
	maxSignatures = 1024

	// maxSignedBytes bounds the memory for checking them: each is over a copy
	// of the whole update, so that a few megabytes of input could otherwise ask
	// for gigabytes.
	maxSignedBytes = 256 << 20
)

// authorize checks an update and returns all elements there are once it is in
// force, including those that no group mentions any more.
func (v *ValidatorImpl) authorize(signed *cb.ConfigUpdateEnvelope) (elements, error) {
	update, err := UnmarshalConfigUpdate(signed.ConfigUpdate)
	if err != nil {
		return nil, err
	}
	if update.ChannelId != v.channelID {
		return nil, errors.Errorf("it is for channel %s, not for %s", quoteShort(update.ChannelId), v.channelID)
	}
	readSet, err := flatten(update.ReadSet, v.rootName)
	if err != nil {
		return nil, errors.WithMessage(err, "bad read set")
	}
	writeSet, err := flatten(update.WriteSet, v.rootName)
	if err != nil {
		return nil, errors.WithMessage(err, "bad write set")
	}
	if err := v.checkReadSet(readSet); err != nil {
		return nil, err
	}
	changes := delta(readSet, writeSet)
	if len(changes) == 0 {
		return nil, errors.New("delta set was empty -- update would have no effect")
	}
	signatures, err := signatureSet(signed)
	if err != nil {
		return nil, err
	}
	if err := v.checkChanges(changes, signatures); err != nil {
		return nil, err
	}
	return v.overlay(changes), nil
}

// checkReadSet makes sure that what the author of the update saw is still so.
func (v *ValidatorImpl) checkReadSet(readSet elements) error {
	for _, k := range readSet.sortedKeys() {
		existing, ok := v.current[k]
		if !ok {
			return errors.Errorf("the read set names %s, which does not exist", k)
		}
		if existing.version() != readSet[k].version() {
			return errors.Errorf("the read set expects %s at version %d, but it is at version %d", k, readSet[k].version(), existing.version())
		}
	}
	return nil
}

// delta selects what an update changes: those elements of the write set that
// are not in the read set at the same version.
func delta(readSet, writeSet elements) elements {
	changes := elements{}
	for k, wanted := range writeSet {
		if seen, ok := readSet[k]; ok && seen.version() == wanted.version() {
			continue
		}
		changes[k] = wanted
	}
	return changes
}

// signatureSet says who signed the update.
func signatureSet(signed *cb.ConfigUpdateEnvelope) ([]*cb.SignedData, error) {
	count := len(signed.Signatures)
	if count > maxSignatures {
		return nil, errors.Errorf("it carries %d signatures, more than %d", count, maxSignatures)
	}
	if total := count * len(signed.ConfigUpdate); total > maxSignedBytes {
		return nil, errors.Errorf("%d signatures over %d bytes are too much to check", count, len(signed.ConfigUpdate))
	}
	return utils.ConfigUpdateEnvelopeAsSignedData(signed)
}

// checkChanges makes sure that each change is the next version of its element
// and that the signatures satisfy the policies which guard these elements.
func (v *ValidatorImpl) checkChanges(changes elements, signatures []*cb.SignedData) error {
	g := guard{root: v.policies, signatures: signatures, verdicts: map[policyName]error{}}
	for _, k := range changes.sortedKeys() {
		change := changes[k]
		if err := checkModPolicy(change.modPolicy()); err != nil {
			return errors.WithMessage(err, "invalid mod_policy for element "+k.String())
		}
		existing, ok := v.current[k]
		if !ok {
			// Nobody guards what does not exist yet; that it comes to be part of
			// the tree takes a new version of the group around it, which is
			// guarded.
			if change.version() != 0 {
				return errors.Errorf("%s does not exist, so it cannot become version %d", k, change.version())
			}
			continue
		}
		if change.version() != existing.version()+1 {
			return errors.Errorf("%s is at version %d and cannot become version %d", k, existing.version(), change.version())
		}
		if err := g.permits(k, existing.modPolicy()); err != nil {
			return err
		}
	}
	return nil
}

// overlay applies the changes to the current elements. Nothing else of the
// write set matters: what it does not change is in the read set, hence known.
func (v *ValidatorImpl) overlay(changes elements) elements {
	result := make(elements, len(v.current)+len(changes))
	for k, e := range v.current {
		result[k] = e
	}
	for k, e := range changes {
		result[k] = e
	}
	return result
}

// guard evaluates mod_policies over one signature set, each of them once.
type guard struct {
	root       policies.Manager
	signatures []*cb.SignedData
	verdicts   map[policyName]error
}

// policyName tells policies apart: two elements of one group that name the same
// relative policy mean the same.
type policyName struct {
	group string
	name  string
}

// permits returns nil if the signatures satisfy the mod_policy of element k.
func (g *guard) permits(k key, modPolicy string) error {
	name := policyName{name: modPolicy}
	var group []string
	if !strings.HasPrefix(modPolicy, pathSeparator) {
		group = k.groupPath()
		name.group = strings.Join(group, pathSeparator)
	}
	verdict, known := g.verdicts[name]
	if !known {
		verdict = g.evaluate(group, modPolicy)
		g.verdicts[name] = verdict
	}
	return errors.WithMessage(verdict, "policy "+quoteShort(modPolicy)+" of "+k.String()+" is not satisfied")
}

func (g *guard) evaluate(group []string, modPolicy string) error {
	if g.root == nil {
		return errors.New("there are no policies")
	}
	manager, ok := g.root.Manager(group)
	if !ok {
		return errors.New("its group has no policies")
	}
	policy, ok := manager.GetPolicy(modPolicy)
	if !ok || policy == nil {
		return errors.New("it does not exist")
	}
	return policy.Evaluate(g.signatures)
}
