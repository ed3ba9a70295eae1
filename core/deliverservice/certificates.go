// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"sync"
	"time"
)

// refusedCertificate finds the certificate that an error of the TLS or X.509
// libraries is about. Newer libraries wrap what older ones return.
func refusedCertificate(err error) *x509.Certificate {
	for err != nil {
		switch e := err.(type) {
		case x509.UnknownAuthorityError:
			return e.Cert
		case x509.CertificateInvalidError:
			return e.Cert
		case x509.HostnameError:
			return e.Certificate
		}
		wrapper, ok := err.(interface {
			Unwrap() error
		})
		if !ok {
			return nil
		}
		err = wrapper.Unwrap()
	}
	return nil
}

func describe(cert *x509.Certificate) string {
	return fmt.Sprintf("subject %q, issuer %q, valid until %s",
		cert.Subject.CommonName, cert.Issuer.CommonName, cert.NotAfter.UTC().Format(time.RFC3339))
}

// urgency grades how soon a certificate expires.
type urgency int

const (
	notSoon urgency = iota
	withinWeek
	withinDay
	expired
)

func (u urgency) String() string {
	return [...]string{"expires later", "expires within a week", "expires within a day", "has expired"}[u]
}

func urgencyOf(notAfter, now time.Time) urgency {
	switch left := notAfter.Sub(now); {
	case left <= 0:
		return expired
	case left <= 24*time.Hour:
		return withinDay
	case left <= 7*24*time.Hour:
		return withinWeek
	default:
		return notSoon
	}
}

// warnings remembers which urgency was logged last for which certificate, so
// that a peer that reconnects often does not say so each time.
type warnings struct {
	mutex sync.Mutex
	given map[[sha256.Size]byte]urgency
}

// maxWarnings bounds the memory; beyond it, everything may be said once more.
const maxWarnings = 1000

// due says whether there is something to be said now that was not said before.
func (w *warnings) due(der []byte, u urgency) bool {
	if u == notSoon {
		return false
	}
	key := sha256.Sum256(der)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.given[key] >= u {
		return false
	}
	if w.given == nil || len(w.given) >= maxWarnings {
		w.given = make(map[[sha256.Size]byte]urgency)
	}
	w.given[key] = u
	return true
}

// expiryWarnings belongs to the process, like the certificates themselves.
var expiryWarnings warnings

// warnBeforeExpiry logs, once for each grade, that a certificate is about to
// expire. What does not parse is left to those who use it.
func warnBeforeExpiry(what string, der []byte) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return
	}
	if u := urgencyOf(cert.NotAfter, time.Now()); expiryWarnings.due(der, u) {
		logger.Warningf("The %s %s: %s", what, u, describe(cert))
	}
}
