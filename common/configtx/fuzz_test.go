// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package configtx

import (
	"testing"

	"github.com/golang/protobuf/proto"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// FuzzProposeConfigUpdate submits arbitrary bytes as the content of a signed
// CONFIG_UPDATE envelope. Whatever is accepted must validate, and must be a
// configuration that a validator can be made of.
func FuzzProposeConfigUpdate(f *testing.F) {
	for _, u := range updates() {
		env := envelope("mychannel", u.read, u.write, u.signers...)
		payload, err := utils.UnmarshalPayload(env.Payload)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload.Data)
	}
	v := validatorOf(f, sample(), newKeyring(everyAdmin...))
	f.Fuzz(func(t *testing.T, content []byte) {
		env := typed(cb.HeaderType_CONFIG_UPDATE, &cb.ConfigUpdateEnvelope{})
		payload, _ := utils.UnmarshalPayload(env.Payload)
		payload.Data = content
		env.Payload = utils.MarshalOrPanic(payload)

		next, err := v.ProposeConfigUpdate(env)
		if (next == nil) != (err != nil) {
			t.Fatalf("neither or both of result %v and error %v", next, err)
		}
		if err != nil {
			return
		}
		if err := v.Validate(next); err != nil {
			t.Fatalf("proposed what is not valid: %v", err)
		}
		if _, err := NewValidatorImpl("mychannel", next.Config, "Channel", newKeyring()); err != nil {
			t.Fatalf("proposed what cannot be loaded: %v", err)
		}
	})
}

// FuzzValidate submits arbitrary bytes as a config envelope.
func FuzzValidate(f *testing.F) {
	v := validatorOf(f, sample(), newKeyring(everyAdmin...))
	for _, u := range updates() {
		next, err := v.ProposeConfigUpdate(envelope("mychannel", u.read, u.write, u.signers...))
		if err == nil {
			f.Add(utils.MarshalOrPanic(next))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		env, err := UnmarshalConfigEnvelope(raw)
		if err != nil || v.Validate(env) != nil {
			return
		}
		again, err := v.ProposeConfigUpdate(env.LastUpdate)
		if err != nil || !proto.Equal(again.Config, env.Config) {
			t.Fatalf("found valid what its update does not lead to: %v", err)
		}
	})
}
