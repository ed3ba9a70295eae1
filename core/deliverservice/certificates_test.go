// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestUrgency(t *testing.T) {
	now := time.Date(2020, 2, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		left time.Duration
		want urgency
	}{
		{365 * 24 * time.Hour, notSoon},
		{7*24*time.Hour + 1, notSoon},
		{7 * 24 * time.Hour, withinWeek},
		{24*time.Hour + 1, withinWeek},
		{24 * time.Hour, withinDay},
		{1, withinDay},
		{0, expired},
		{-time.Hour, expired},
	} {
		assert.Equal(t, c.want, urgencyOf(now.Add(c.left), now), "%s left", c.left)
	}
}

func TestEachUrgencyIsSaidOnce(t *testing.T) {
	var w warnings
	one, two := []byte("one"), []byte("two")
	assert.False(t, w.due(one, notSoon))
	assert.True(t, w.due(one, withinWeek))
	assert.False(t, w.due(one, withinWeek))
	assert.True(t, w.due(two, withinWeek))
	assert.True(t, w.due(one, expired))
	assert.False(t, w.due(one, withinDay))
	assert.True(t, w.due(two, withinDay))
	for i := 0; i < 10*maxWarnings; i++ {
		w.due([]byte(fmt.Sprint(i)), expired)
	}
	assert.True(t, len(w.given) <= maxWarnings)
}

// wrapping hides an error the way newer TLS libraries do.
type wrapping struct{ inner error }

func (w wrapping) Error() string { return "wrapped: " + w.inner.Error() }
func (w wrapping) Unwrap() error { return w.inner }

func TestRefusedCertificateIsFound(t *testing.T) {
	cert := &x509.Certificate{
		Subject:  pkix.Name{CommonName: "orderer0"},
		Issuer:   pkix.Name{CommonName: "ca0"},
		NotAfter: time.Date(2020, 2, 1, 12, 0, 0, 0, time.UTC),
	}
	for _, err := range []error{
		x509.UnknownAuthorityError{Cert: cert},
		x509.CertificateInvalidError{Cert: cert},
		x509.HostnameError{Certificate: cert},
	} {
		assert.True(t, refusedCertificate(err) == cert, "%T", err)
		assert.True(t, refusedCertificate(wrapping{wrapping{err}}) == cert, "wrapped %T", err)
	}
	assert.Nil(t, refusedCertificate(errOdd))
	assert.Nil(t, refusedCertificate(nil))
	assert.Equal(t, `subject "orderer0", issuer "ca0", valid until 2020-02-01T12:00:00Z`, describe(cert))
}

func TestSuspectsOfAFailedHandshake(t *testing.T) {
	own := newAuthority(t, "peer CA").issue("peer0")
	c := watchedCredentials{leaf: own.Certificate[0]}
	assert.Contains(t, c.suspects(errOdd), `our own certificate: subject "peer0", issuer "peer CA"`)
	orderer := newAuthority(t, "orderer CA").cert
	assert.Contains(t, c.suspects(x509.UnknownAuthorityError{Cert: orderer}), `the orderer's certificate: subject "orderer CA"`)
	assert.Empty(t, watchedCredentials{}.suspects(errOdd))
}
