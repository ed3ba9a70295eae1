// SPDX-License-Identifier: Apache-2.0

package gossip

import "fmt"

// String describes the message for logs. Contents that carry blocks, private
// data or many items are reduced to sizes and counters; no digit is printed
// that is not a length, a counter, a nonce or a sequence number.
func (m *SignedGossipMessage) String() string {
	return fmt.Sprintf("GossipMessage: %s, Envelope: %s", m.describeMessage(), m.describeEnvelope())
}

func (m *SignedGossipMessage) describeEnvelope() string {
	if m.Envelope == nil {
		return "No envelope"
	}
	e := m.Envelope
	text := fmt.Sprintf("%d bytes, signature: %d bytes", len(e.Payload), len(e.Signature))
	if s := e.SecretEnvelope; s != nil {
		text += fmt.Sprintf(", secret: %d bytes, its signature: %d bytes", len(s.Payload), len(s.Signature))
	}
	return text
}

func (m *SignedGossipMessage) describeMessage() string {
	g := m.GossipMessage
	if g == nil {
		return "No gossipMessage"
	}
	summary, ok := summarize(m)
	if !ok {
		return g.String()
	}
	return fmt.Sprintf("channel: %s, nonce: %d, tag: %s, %s", g.Channel, g.Nonce, GossipMessage_Tag_name[int32(g.Tag)], summary)
}

// summarize renders the contents whose bytes must not reach a log.
func summarize(m *SignedGossipMessage) (string, bool) {
	g := m.GossipMessage
	switch {
	case m.IsDataMsg() && g.GetDataMsg().Payload != nil:
		p := g.GetDataMsg().Payload
		return fmt.Sprintf("block: %d bytes, number: %d", len(p.Data), p.SeqNum), true
	case m.IsDataUpdate():
		u := g.GetDataUpdate()
		return fmt.Sprintf("%s update: %d items, nonce: %d", PullMsgType_name[int32(u.MsgType)], len(u.Data), u.Nonce), true
	case g.GetMemRes() != nil:
		r := g.GetMemRes()
		return fmt.Sprintf("membership: %d alive, %d dead", len(r.Alive), len(r.Dead)), true
	case m.IsStateInfoSnapshot():
		return fmt.Sprintf("state infos: %d", len(g.GetStateSnapshot().Elements)), true
	case g.GetStateResponse() != nil:
		return fmt.Sprintf("state response: %d payloads", len(g.GetStateResponse().Payloads)), true
	case g.GetPrivateRes() != nil:
		return describePrivateData(g.GetPrivateRes()), true
	}
	return "", false
}

func describePrivateData(r *RemotePvtDataResponse) string {
	text := "private data:"
	for _, element := range r.Elements {
		text += fmt.Sprintf(" [%s with %d payloads]", element.GetDigest().String(), len(element.GetPayload()))
	}
	return text
}
