// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"google.golang.org/grpc"
)

// fault is one way for an orderer to fail. What is nil or zero is done as a good
// orderer does it.
type fault struct {
	name string
	// dial fails in place of connecting.
	dial func(ctx context.Context) error
	// line does something to each new connection.
	line func(*line)
	// impostor presents a certificate that the channel does not trust.
	impostor bool
	// serve answers in place of the orderer.
	serve func(s *station, stream grpc.ServerStream) error
	// send replaces blocks from number from on by what it returns.
	send func(s *station, ctx context.Context, number uint64, raw []byte) ([][]byte, error)
	from uint64
}

// Faults of the network.

func refused() *fault {
	return &fault{name: "connection refused", dial: func(context.Context) error { return errRefused }}
}

func blackHole() *fault {
	return &fault{name: "black hole: dial never answered", dial: func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}}
}

func blackHoleBehindAccept() *fault {
	return &fault{name: "black hole: accepted, no byte arrives", line: (*line).freeze}
}

func resetOnAccept() *fault {
	return &fault{name: "accepts, then resets at once", line: (*line).sever}
}

func resetOnRequest() *fault {
	return &fault{name: "resets when asked for blocks", serve: func(s *station, stream grpc.ServerStream) error {
		s.each((*line).sever)
		return nil
	}}
}

func endsStream() *fault {
	return &fault{name: "ends the stream when asked for blocks", serve: func(_ *station, stream grpc.ServerStream) error {
		return stream.RecvMsg(&cb.Envelope{})
	}}
}

func slowHandshake(pace time.Duration, outcome string) *fault {
	return &fault{name: "slow TLS handshake, " + outcome, line: func(l *line) { l.slow(pace) }}
}

func wrongRoot() *fault { return &fault{name: "wrong TLS root", impostor: true} }

// Faults of what is said.

func says(status cb.Status, hangsUp bool) *fault {
	f := &fault{name: fmt.Sprintf("status %d %s", status, status), serve: func(_ *station, stream grpc.ServerStream) error {
		for {
			if err := stream.RecvMsg(&cb.Envelope{}); err != nil {
				return err
			}
			if err := stream.SendMsg(statusResponse(status)); err != nil || hangsUp {
				return err
			}
		}
	}}
	if hangsUp {
		f.name += ", then end"
	}
	return f
}

func statusResponse(status cb.Status) *ab.DeliverResponse {
	return &ab.DeliverResponse{Type: &ab.DeliverResponse_Status{Status: status}}
}

// saysMidway serves the first blocks and then says a status, over and over.
func saysMidway(status cb.Status) *fault {
	return &fault{name: fmt.Sprintf("status %d after %d blocks", status, turningPoint), from: turningPoint,
		send: func(_ *station, ctx context.Context, _ uint64, _ []byte) ([][]byte, error) {
			stream := ctx.Value(streamKey{}).(grpc.ServerStream)
			if err := stream.SendMsg(statusResponse(status)); err != nil {
				return nil, err
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}}
}

func emptyResponses() *fault {
	return &fault{name: "neither block nor status", serve: func(_ *station, stream grpc.ServerStream) error {
		for stream.RecvMsg(&cb.Envelope{}) == nil {
			if err := stream.SendMsg(&ab.DeliverResponse{}); err != nil {
				return err
			}
		}
		return nil
	}}
}

// Faults in the middle of a stream.

// deadAfter serves the first blocks; then nothing gets through any more, in
// either direction, and new connections do not come about.
func deadAfter() *fault {
	return &fault{name: "silent after k blocks: line dead", from: turningPoint,
		send: func(s *station, _ context.Context, _ uint64, raw []byte) ([][]byte, error) {
			s.vanish()
			return [][]byte{raw}, nil
		}}
}

// muteAfter serves the first blocks and then nothing, but stays connected and
// answers pings.
func muteAfter() *fault {
	return &fault{name: "silent after k blocks: alive", from: turningPoint,
		send: func(s *station, ctx context.Context, _ uint64, raw []byte) ([][]byte, error) {
			select {
			case <-s.healed:
				return [][]byte{raw}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}
}

func killedMidway() *fault {
	return &fault{name: "killed in mid-stream", from: turningPoint,
		send: func(s *station, _ context.Context, _ uint64, _ []byte) ([][]byte, error) {
			s.crash()
			return nil, errRefused
		}}
}

// sending is a fault that sends other blocks than it should.
func sending(name string, blocks func(number uint64, raw []byte) [][]byte) *fault {
	return &fault{name: name, from: turningPoint, send: func(_ *station, _ context.Context, number uint64, raw []byte) ([][]byte, error) {
		return blocks(number, raw), nil
	}}
}

func gaps() *fault {
	return sending("leaves blocks out", func(number uint64, raw []byte) [][]byte {
		if number%10 == 0 {
			return nil
		}
		return [][]byte{raw}
	})
}

func duplicates() *fault {
	return sending("sends each block twice", func(_ uint64, raw []byte) [][]byte { return [][]byte{raw, raw} })
}

func repeats() *fault {
	return sending("sends old blocks again", func(number uint64, raw []byte) [][]byte {
		return [][]byte{chain[number-5], raw}
	})
}

func misorder() *fault {
	return sending("swaps neighbours", func(number uint64, raw []byte) [][]byte {
		if number%2 == 1 {
			return [][]byte{raw, chain[number-1]}
		}
		return nil
	})
}

func backwards() *fault {
	return sending("counts down", func(number uint64, _ []byte) [][]byte {
		return [][]byte{chain[2*turningPoint-min(number, 2*turningPoint)]}
	})
}

func oversized() *fault {
	return sending("message above the receive limit", func(_ uint64, raw []byte) [][]byte {
		block := &cb.Block{}
		if err := proto.Unmarshal(raw, block); err != nil {
			panic(err)
		}
		block.Metadata.Metadata[3] = make([]byte, receiveLimit)
		raw, err := proto.Marshal(block)
		if err != nil {
			panic(err)
		}
		return [][]byte{raw}
	})
}

func garbage() *fault {
	return sending("blocks that cannot be decoded", func(_ uint64, raw []byte) [][]byte {
		return [][]byte{raw[:len(raw)/2]}
	})
}

func altered() *fault {
	return sending("altered blocks", func(_ uint64, raw []byte) [][]byte {
		return [][]byte{bytes.Replace(raw, []byte("0 "), []byte("9 "), 1)}
	})
}

// statuses are all that the protocol has, and one that it has not.
func statuses() []cb.Status {
	var all []cb.Status
	for number := range cb.Status_name {
		all = append(all, cb.Status(number))
	}
	slices.Sort(all)
	return append(all, 299)
}
