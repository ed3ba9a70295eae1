// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"context"

	"google.golang.org/grpc"
)

// nestUnary makes one interceptor out of several, the first one outermost.
// (gRPC's own chaining is younger than the oldest release we build with.)
func nestUnary(interceptors []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	interceptors = append([]grpc.UnaryServerInterceptor(nil), interceptors...)
	return func(ctx context.Context, req interface{}, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (interface{}, error) {
		for i := len(interceptors) - 1; i > 0; i-- {
			inner, wrap := handler, interceptors[i]
			handler = func(ctx context.Context, req interface{}) (interface{}, error) {
				return wrap(ctx, req, info, inner)
			}
		}
		return interceptors[0](ctx, req, info, handler)
	}
}

// nestStream is nestUnary for streams.
func nestStream(interceptors []grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	interceptors = append([]grpc.StreamServerInterceptor(nil), interceptors...)
	return func(srv interface{}, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		for i := len(interceptors) - 1; i > 0; i-- {
			inner, wrap := handler, interceptors[i]
			handler = func(srv interface{}, stream grpc.ServerStream) error {
				return wrap(srv, stream, info, inner)
			}
		}
		return interceptors[0](srv, stream, info, handler)
	}
}
