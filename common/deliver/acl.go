// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"time"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/pkg/errors"
)

// ExpiresAtFunc returns when an identity expires, the zero time when it never
// does or cannot be told.
type ExpiresAtFunc func(identityBytes []byte) time.Time

// ConfigSequencer tells the sequence of a channel's configuration.
type ConfigSequencer interface {
	Sequence() uint64
}

// SessionAccessControl watches one client's right to read a channel during a
// seek. It belongs to the goroutine that serves the seek.
type SessionAccessControl struct {
	sequencer ConfigSequencer
	checker   PolicyChecker
	channelID string
	envelope  *cb.Envelope
	expiry    time.Time // zero: never

	// The configuration under which the policy was last satisfied.
	granted   bool
	grantedAt uint64

	now func() time.Time
}

// NewSessionAC prepares access control for the sender of env. The error says
// that env does not tell who sent it.
func NewSessionAC(chain ConfigSequencer, env *cb.Envelope, checker PolicyChecker, channelID string, expiresAt ExpiresAtFunc) (*SessionAccessControl, error) {
	creator, err := creatorOf(env)
	if err != nil {
		return nil, err
	}
	return &SessionAccessControl{
		sequencer: chain,
		checker:   checker,
		channelID: channelID,
		envelope:  env,
		expiry:    expiresAt(creator),
		now:       time.Now,
	}, nil
}

// creatorOf returns the identity that claims to have signed an envelope.
func creatorOf(env *cb.Envelope) ([]byte, error) {
	payload := &cb.Payload{}
	if err := proto.Unmarshal(env.GetPayload(), payload); err != nil {
		return nil, errors.Wrap(err, "the envelope's payload is malformed")
	}
	if payload.Header == nil {
		return nil, errors.New("the envelope has no header")
	}
	header := &cb.SignatureHeader{}
	if err := proto.Unmarshal(payload.Header.SignatureHeader, header); err != nil {
		return nil, errors.Wrap(err, "the signature header is malformed")
	}
	return header.Creator, nil
}

// Evaluate returns nil while the client may read. Expiry is checked each time;
// the policy the first time, after each change of the channel's configuration,
// and as long as it refuses.
func (ac *SessionAccessControl) Evaluate() error {
	if !ac.expiry.IsZero() && ac.now().After(ac.expiry) {
		return errors.Errorf("client identity expired %s ago", ac.now().Sub(ac.expiry))
	}
	// Read before the check: a change during the check is then seen next time.
	current := ac.sequencer.Sequence()
	if ac.granted && current <= ac.grantedAt {
		return nil
	}
	if err := ac.checker.CheckPolicy(ac.envelope, ac.channelID); err != nil {
		ac.granted = false
		return err
	}
	ac.granted, ac.grantedAt = true, current
	return nil
}
