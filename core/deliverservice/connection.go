// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"context"
	"time"

	"github.com/hyperledger/fabric/core/comm"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
	"github.com/spf13/viper"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// DefaultABCFactory makes the client that gets the most out of a connection:
// its Deliver streams keep the bytes of blocks, and a client that is started by
// a DeliverService reads and verifies ahead on them.
func DefaultABCFactory(conn *grpc.ClientConn) ab.AtomicBroadcastClient {
	return &wireClient{AtomicBroadcastClient: ab.NewAtomicBroadcastClient(conn), conn: conn}
}

// DefaultConnectionFactory returns a function that connects to an orderer of
// the channel, with TLS as configured. It waits until the connection is ready
// and fails as soon as one attempt has failed, after the configured timeout at
// the latest. The configuration, the channel's CAs and the client certificate
// are those of the moment of the call.
func DefaultConnectionFactory(channelID string) func(endpoint string) (*grpc.ClientConn, error) {
	return func(endpoint string) (*grpc.ClientConn, error) {
		override, err := addressOverrideOf(endpoint)
		if err != nil {
			return nil, err
		}
		security, err := securityOption(channelID, override)
		if err != nil {
			return nil, err
		}
		return dialReady(override.To, connTimeout(), append(transportOptions(), security)...)
	}
}

// transportOptions returns the message limits and keepalive settings.
func transportOptions() []grpc.DialOption {
	ka := *comm.DefaultKeepaliveOptions // a copy: the original is everybody's
	if viper.IsSet(keyPingInterval) {
		ka.ClientInterval = viper.GetDuration(keyPingInterval)
	}
	if viper.IsSet(keyPingTimeout) {
		ka.ClientTimeout = viper.GetDuration(keyPingTimeout)
	}
	return append(comm.ClientKeepaliveOptions(&ka), grpc.WithDefaultCallOptions(
		grpc.MaxCallRecvMsgSize(comm.MaxRecvMsgSize),
		grpc.MaxCallSendMsgSize(comm.MaxSendMsgSize),
	))
}

// securityOption returns what protects a connection. The trust is that of the
// channel, unless configuration adds to it.
func securityOption(channelID string, override addressOverride) (grpc.DialOption, error) {
	if !tlsEnabled() {
		return grpc.WithInsecure(), nil
	}
	creds, err := ordererCredentials(channelID, override.CACertsFile)
	if err != nil {
		return nil, errors.Wrapf(err, "failed obtaining credentials for channel %s", channelID)
	}
	return grpc.WithTransportCredentials(creds), nil
}

// dialReady connects and waits for the outcome of the first attempt. A blocking
// dial of gRPC would go on trying until the timeout and then not say why.
func dialReady(target string, timeout time.Duration, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := grpc.DialContext(ctx, target, opts...)
	if err != nil {
		return nil, errors.Wrapf(err, "cannot connect to %s", target)
	}
	if err := awaitReady(ctx, conn); err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = errors.Wrapf(ctx.Err(), "no answer within %s", timeout)
		}
		return nil, errors.Wrapf(err, "cannot connect to %s", target)
	}
	return conn, nil
}

// awaitReady waits until a new connection is ready, has failed, or ctx ends.
func awaitReady(ctx context.Context, conn *grpc.ClientConn) error {
	started := false
	for {
		state := conn.GetState()
		switch state {
		case connectivity.Ready:
			return nil
		case connectivity.TransientFailure:
			return failureOf(ctx, conn)
		case connectivity.Shutdown:
			return errors.New("connection was closed")
		case connectivity.Connecting:
			started = true
		case connectivity.Idle:
			if started {
				return errors.New("the orderer hung up at once")
			}
		}
		if !conn.WaitForStateChange(ctx, state) {
			return ctx.Err()
		}
	}
}

// failureOf finds out why connecting failed. gRPC does not tell, but a call
// that does not wait for the connection gets the reason for an answer.
func failureOf(ctx context.Context, conn *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	desc := &grpc.StreamDesc{StreamName: "Deliver", ServerStreams: true, ClientStreams: true}
	if _, err := conn.NewStream(ctx, desc, deliverMethod); err != nil {
		return err
	}
	return errors.New("connection failed")
}
