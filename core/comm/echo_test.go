// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/golang/protobuf/ptypes/wrappers"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
)

// echo is a service of one unary and one streaming call that return what they
// get; see gets the context of each call.
type echo struct {
	see func(ctx context.Context)
}

func (e *echo) unary(ctx context.Context, dec func(interface{}) error, interceptor grpc.UnaryServerInterceptor) (interface{}, error) {
	in := &wrappers.BytesValue{}
	if err := dec(in); err != nil {
		return nil, err
	}
	answer := func(ctx context.Context, req interface{}) (interface{}, error) {
		if e.see != nil {
			e.see(ctx)
		}
		return req, nil
	}
	if interceptor == nil {
		return answer(ctx, in)
	}
	return interceptor(ctx, in, &grpc.UnaryServerInfo{Server: e, FullMethod: "/test.Echo/Once"}, answer)
}

func (e *echo) stream(stream grpc.ServerStream) error {
	for {
		msg := &wrappers.BytesValue{}
		if err := stream.RecvMsg(msg); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(msg); err != nil {
			return err
		}
	}
}

var echoService = grpc.ServiceDesc{
	ServiceName: "test.Echo",
	HandlerType: (*interface{})(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Once",
		Handler: func(srv interface{}, ctx context.Context, dec func(interface{}) error, i grpc.UnaryServerInterceptor) (interface{}, error) {
			return srv.(*echo).unary(ctx, dec, i)
		},
	}},
	Streams: []grpc.StreamDesc{{
		StreamName:    "Many",
		Handler:       func(srv interface{}, stream grpc.ServerStream) error { return srv.(*echo).stream(stream) },
		ServerStreams: true,
		ClientStreams: true,
	}},
}

// serve starts an echo server on a free port and stops it with the test.
func serve(t *testing.T, e *echo, config comm.ServerConfig) *comm.GRPCServer {
	server, err := comm.NewGRPCServer("127.0.0.1:0", config)
	require.NoError(t, err)
	server.Server().RegisterService(&echoService, e)
	done := make(chan error, 1)
	go func() { done <- server.Start() }()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return server
}

func callOnce(conn *grpc.ClientConn, size int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return conn.Invoke(ctx, "/test.Echo/Once", &wrappers.BytesValue{Value: make([]byte, size)}, &wrappers.BytesValue{})
}

func callMany(conn *grpc.ClientConn, times int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	stream, err := conn.NewStream(ctx, &echoService.Streams[0], "/test.Echo/Many")
	if err != nil {
		return err
	}
	for i := 0; i < times; i++ {
		if err := stream.SendMsg(&wrappers.BytesValue{Value: []byte{byte(i)}}); err != nil {
			return err
		}
		if err := stream.RecvMsg(&wrappers.BytesValue{}); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if err := stream.RecvMsg(&wrappers.BytesValue{}); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
