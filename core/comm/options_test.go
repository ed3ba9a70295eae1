// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"crypto/tls"
	"crypto/x509"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc/keepalive"
)

func TestDefaults(t *testing.T) {
	assert.Equal(t, 10*time.Second, EndpointDisableInterval)
	assert.Equal(t, [2]int{104857600, 104857600}, [2]int{MaxRecvMsgSize, MaxSendMsgSize})
	assert.Equal(t, 5*time.Second, DefaultConnectionTimeout)
	assert.Equal(t, &KeepaliveOptions{time.Minute, 20 * time.Second, 2 * time.Hour, 20 * time.Second, time.Minute},
		DefaultKeepaliveOptions)
	var names []string
	for _, suite := range DefaultTLSCipherSuites {
		names = append(names, tls.CipherSuiteName(suite))
	}
	assert.Equal(t, []string{
		"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
		"TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384"}, names)
}

func TestKeepalive(t *testing.T) {
	assert.Equal(t, keepalive.ClientParameters{Time: time.Minute, Timeout: 20 * time.Second, PermitWithoutStream: true},
		clientKeepalive(DefaultKeepaliveOptions))
	assert.Equal(t, keepalive.ClientParameters{Time: math.MaxInt64, PermitWithoutStream: true},
		clientKeepalive(&KeepaliveOptions{}), "no interval means never, not ten seconds")
	assert.Len(t, ClientKeepaliveOptions(nil), 1)
	assert.Len(t, ServerKeepaliveOptions(nil), 2)
	assert.Len(t, ServerKeepaliveOptions(&KeepaliveOptions{}), 2)
}

func TestPoolIsMadeOncePerContent(t *testing.T) {
	var cache poolCache
	entry := []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	assert.Nil(t, cache.get("A", [][]byte{entry}))
	marker := x509.NewCertPool()
	cache.pools["A"] = cachedPool{content: digestOf([][]byte{entry}), roots: marker}
	assert.True(t, marker == cache.get("A", [][]byte{entry}))
	assert.Nil(t, cache.get("B", [][]byte{entry}), "channels share nothing")
	assert.Nil(t, cache.get("A", [][]byte{entry[:5], entry[5:]}), "the same bytes cut differently")
	assert.Nil(t, cache.get("A", [][]byte{entry}), "the last content counts")
}
