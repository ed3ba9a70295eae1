// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/comm"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
)

func TestBackoffCap(t *testing.T) {
	defer viper.Reset()
	viper.Reset()
	assert.Equal(t, 15*time.Second, backoffCap(), "default")
	for _, c := range []struct {
		value interface{}
		want  time.Duration
	}{
		{"3600s", defaultBackoffCap}, // as shipped, and never read by v1.3.0
		{"1h1s", time.Hour + time.Second},
		{" 250ms ", 250 * time.Millisecond},
		{"", defaultBackoffCap},
		{"0", defaultBackoffCap},
		{"2e9", 2 * time.Second},
		{"5000000000", 5 * time.Second},
		{"soon", defaultBackoffCap},
		{"-3s", defaultBackoffCap},
		{10 * time.Second, 10 * time.Second},
		{float64(3 * time.Second), 3 * time.Second},
		{float32(1 << 30), 1 << 30},
		{int(time.Second), time.Second},
		{int32(7), 7},
		{int64(8), 8},
		{uint64(9), 9},
		{0, defaultBackoffCap},
		{-1.5, defaultBackoffCap},
		{math.NaN(), defaultBackoffCap},
		{1e300, math.MaxInt64},
		{[]string{"1s"}, defaultBackoffCap},
	} {
		viper.Set(keyBackoffCap, c.value)
		assert.Equal(t, c.want, backoffCap(), "%T %v", c.value, c.value)
	}
}

func TestDurationsAndTheirDefaults(t *testing.T) {
	defer viper.Reset()
	viper.Reset()
	assert.Equal(t, time.Hour, totalTimeLimit())
	assert.Equal(t, 3*time.Second, connTimeout())
	viper.Set(keyTotalTime, "90s")
	viper.Set(keyConnTimeout, 5*time.Second)
	assert.Equal(t, 90*time.Second, totalTimeLimit())
	assert.Equal(t, 5*time.Second, connTimeout())
	viper.Set(keyConnTimeout, 0)
	assert.Equal(t, 3*time.Second, connTimeout())
}

const overridesYAML = `
peer:
  deliveryclient:
    addressOverrides:
      - from: orderer.old:7050
        to: orderer.new:7051
        caCertsFile: new.pem
      - from: orderer.old:7050
        to: never.reached:1
      - from: same.address:7050
        caCertsFile: same.pem
`

func TestAddressOverrides(t *testing.T) {
	defer viper.Reset()
	viper.Reset()
	assertOverride(t, "orderer.old:7050", addressOverride{To: "orderer.old:7050"})

	viper.SetConfigType("yaml")
	assert.NoError(t, viper.ReadConfig(strings.NewReader(overridesYAML)))
	assertOverride(t, "orderer.old:7050", addressOverride{"orderer.old:7050", "orderer.new:7051", "new.pem"})
	assertOverride(t, "same.address:7050", addressOverride{"same.address:7050", "same.address:7050", "same.pem"})
	assertOverride(t, "other:7050", addressOverride{To: "other:7050"})
}

func TestAddressOverridesFromTheEnvironment(t *testing.T) {
	defer viper.Reset()
	viper.Reset()
	const name = "DELIVERCLIENT_TEST_OVERRIDES"
	assert.NoError(t, os.Setenv(name, `[{"from": "a:1", "to": "b:2"}]`))
	defer os.Unsetenv(name)
	assert.NoError(t, viper.BindEnv(keyAddressOverrides, name))
	assertOverride(t, "a:1", addressOverride{From: "a:1", To: "b:2"})

	viper.Set(keyAddressOverrides, " ")
	assertOverride(t, "a:1", addressOverride{To: "a:1"})
	for _, bad := range []interface{}{"a:1=b:2", 17, []interface{}{"a:1"}} {
		viper.Set(keyAddressOverrides, bad)
		_, err := addressOverrideOf("a:1")
		if assert.Error(t, err, "%v", bad) {
			assert.Contains(t, err.Error(), "cannot read peer.deliveryclient.addressOverrides")
		}
	}
}

func assertOverride(t *testing.T, endpoint string, want addressOverride) {
	got, err := addressOverrideOf(endpoint)
	assert.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestConfiguredPolicy(t *testing.T) {
	defer viper.Reset()
	viper.Reset()
	elected := configuredPolicy()
	for attempt := 0; attempt < 100; attempt++ {
		delay, again := elected(attempt, time.Second)
		assert.True(t, again && delay > 0 && delay <= defaultBackoffCap, "attempt %d: %s", attempt, delay)
	}
	first, _ := elected(1, 0)
	assert.True(t, first >= 800*time.Millisecond && first <= time.Second, "first delay is %s", first)
	_, again := elected(1, time.Hour+1)
	assert.False(t, again)

	viper.Set(keyStaticLeader, true)
	_, again = configuredPolicy()(1, 1000*time.Hour)
	assert.True(t, again, "a static leader gave up")
}

func TestDelaysDifferBetweenPeers(t *testing.T) {
	policy := configuredPolicy()
	seen := make(map[time.Duration]bool)
	for i := 0; i < 20; i++ {
		delay, _ := policy(3, 0)
		seen[delay] = true
	}
	assert.True(t, len(seen) > 10, "only %d different delays of 20", len(seen))
}

func TestKeepaliveOverridesAreNotEverybodys(t *testing.T) {
	defer viper.Reset()
	viper.Set(keyPingInterval, "25s")
	viper.Set(keyPingTimeout, "5s")
	before := *comm.DefaultKeepaliveOptions
	transportOptions()
	assert.Equal(t, before, *comm.DefaultKeepaliveOptions)
}
