// SPDX-License-Identifier: Apache-2.0

package comm

// What the tests that are in a package of their own see besides the exported
// names.
const (
	IdleTimeout     = idleTimeout
	SettleTime      = settleTime
	Housekeeping    = housekeeping
	MaxIntroduction = maxIntroduction
)

var (
	CertHashFromRawCert = certHashFromRawCert
	CertHashFromContext = extractCertificateHashFromContext
)

// Peers is how many peers there are streams to or from.
func (c *commImpl) Peers() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.table.Len()
}

// Strangers is how many inbound streams are not authenticated yet.
func (c *commImpl) Strangers() int {
	c.strangers.lock.Lock()
	defer c.strangers.lock.Unlock()
	return c.strangers.all
}
