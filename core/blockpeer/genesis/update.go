// SPDX-License-Identifier: Apache-2.0

package genesis

import (
	"errors"
	"fmt"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
)

// ErrNoChange is returned by ComputeUpdate for two equal configurations.
var ErrNoChange = errors.New("the configurations do not differ: there is nothing to update")

// ComputeUpdate finds the smallest update that turns the original
// configuration into the updated one. Contents are compared; versions in the
// updated configuration are ignored. Neither argument is changed, and the
// result shares nothing with them.
//
// The read set names the elements that the update relies on, at the versions
// they have. The write set has the changed elements one version up, new ones at
// version 0. A group whose set of members or whose mod_policy changes is itself
// a changed element and then lists all of its members.
func ComputeUpdate(channelID string, original, updated *cb.Config) (*cb.ConfigUpdate, error) {
	if original.GetChannelGroup() == nil {
		return nil, fmt.Errorf("the original configuration has no channel group")
	}
	if updated.GetChannelGroup() == nil {
		return nil, fmt.Errorf("the updated configuration has no channel group")
	}
	from := proto.Clone(original.ChannelGroup).(*cb.ConfigGroup)
	to := proto.Clone(updated.ChannelGroup).(*cb.ConfigGroup)
	root := compareGroups(from, to)
	if !root.changed {
		return nil, ErrNoChange
	}
	return &cb.ConfigUpdate{ChannelId: channelID, ReadSet: root.read, WriteSet: root.write}, nil
}

// groupDiff is what one group, with all below it, adds to an update.
type groupDiff struct {
	changed     bool
	read, write *cb.ConfigGroup
}

// compareGroups works on trees that it may keep parts of.
func compareGroups(from, to *cb.ConfigGroup) groupDiff {
	d := groupDiff{
		read:  &cb.ConfigGroup{Version: from.Version},
		write: &cb.ConfigGroup{Version: from.Version},
	}
	values := compareMembers(from.Values, to.Values, sameValue)
	rules := compareMembers(from.Policies, to.Policies, samePolicy)
	groups := compareMembers(from.Groups, to.Groups, func(a, b *cb.ConfigGroup) bool { return true })

	redefined := from.ModPolicy != to.ModPolicy || values.moved || rules.moved || groups.moved
	if redefined {
		d.changed = true
		d.write.Version = from.Version + 1
		d.write.ModPolicy = to.ModPolicy
	}
	d.changed = d.changed || len(values.changed) > 0 || len(rules.changed) > 0
	d.read.Values, d.write.Values = readAndWrite(values, from.Values, to.Values, redefined, nextValue)
	d.read.Policies, d.write.Policies = readAndWrite(rules, from.Policies, to.Policies, redefined, nextPolicy)
	d.addGroups(from, to, groups, redefined)
	return d
}

// members sorts the keys of one kind of a group's members.
type members struct {
	kept, changed, added []string
	moved                bool // a member came or went
}

func compareMembers[V any](from, to map[string]V, same func(a, b V) bool) members {
	var m members
	for key, next := range to {
		current, present := from[key]
		switch {
		case !present:
			m.added = append(m.added, key)
		case same(current, next):
			m.kept = append(m.kept, key)
		default:
			m.changed = append(m.changed, key)
		}
	}
	m.moved = len(m.added) > 0 || len(m.kept)+len(m.changed) < len(from)
	return m
}

func sameValue(a, b *cb.ConfigValue) bool {
	return string(a.GetValue()) == string(b.GetValue()) && a.GetModPolicy() == b.GetModPolicy()
}

func samePolicy(a, b *cb.ConfigPolicy) bool {
	return proto.Equal(a.GetPolicy(), b.GetPolicy()) && a.GetModPolicy() == b.GetModPolicy()
}

// versioned is a value or a policy.
type versioned interface{ GetVersion() uint64 }

// readAndWrite selects values or policies for both sets: changed and new ones
// are written, and those that stay are mentioned, by version only, in a
// redefined group. next makes a member's content that of another version.
func readAndWrite[M versioned](m members, from, to map[string]M, redefined bool, next func(content M, version uint64) M) (read, write map[string]M) {
	read, write = map[string]M{}, map[string]M{}
	if redefined {
		var nothing M
		for _, key := range m.kept {
			version := from[key].GetVersion()
			read[key], write[key] = next(nothing, version), next(nothing, version)
		}
	}
	for _, key := range m.changed {
		write[key] = next(to[key], from[key].GetVersion()+1)
	}
	for _, key := range m.added {
		write[key] = next(to[key], 0)
	}
	return read, write
}

func nextValue(value *cb.ConfigValue, version uint64) *cb.ConfigValue {
	return &cb.ConfigValue{Version: version, Value: value.GetValue(), ModPolicy: value.GetModPolicy()}
}

func nextPolicy(policy *cb.ConfigPolicy, version uint64) *cb.ConfigPolicy {
	return &cb.ConfigPolicy{Version: version, Policy: policy.GetPolicy(), ModPolicy: policy.GetModPolicy()}
}

// addGroups descends into the groups that stay, and takes new ones whole.
func (d *groupDiff) addGroups(from, to *cb.ConfigGroup, groups members, redefined bool) {
	d.read.Groups, d.write.Groups = map[string]*cb.ConfigGroup{}, map[string]*cb.ConfigGroup{}
	for _, key := range groups.kept {
		sub := compareGroups(from.Groups[key], to.Groups[key])
		if !sub.changed && !redefined {
			continue
		}
		d.changed = d.changed || sub.changed
		if !sub.changed {
			// Its own members stay out: mentioning the group keeps it whole.
			version := from.Groups[key].GetVersion()
			sub.read, sub.write = &cb.ConfigGroup{Version: version}, &cb.ConfigGroup{Version: version}
		}
		d.read.Groups[key], d.write.Groups[key] = sub.read, sub.write
	}
	for _, key := range groups.added {
		d.write.Groups[key] = asNew(to.Groups[key])
	}
}

// asNew sets all versions of a tree to 0.
func asNew(group *cb.ConfigGroup) *cb.ConfigGroup {
	fresh := cb.NewConfigGroup()
	fresh.ModPolicy = group.GetModPolicy()
	for key, value := range group.GetValues() {
		fresh.Values[key] = nextValue(value, 0)
	}
	for key, policy := range group.GetPolicies() {
		fresh.Policies[key] = nextPolicy(policy, 0)
	}
	for key, sub := range group.GetGroups() {
		fresh.Groups[key] = asNew(sub)
	}
	return fresh
}
