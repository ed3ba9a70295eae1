// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"
	"github.com/spf13/viper"
)

// The keys this package reads, all of them here. "At start" means at each
// StartDeliverForChannel (and at each restart of a static leader's delivery),
// "at dial" at each connection attempt.
//
//	key                                            type      default   read
//	peer.deliveryclient.reconnectTotalTimeThreshold duration 3600s     at start
//	peer.deliveryclient.reConnectBackoffThreshold  duration¹ 15s       at start
//	peer.deliveryclient.connTimeout                duration  3s        at dial
//	peer.deliveryclient.addressOverrides           list²     none      at dial
//	peer.deliveryclient.staticRootsEnabled         bool      false     at dial
//	peer.keepalive.deliveryClient.interval         duration  60s       at dial
//	peer.keepalive.deliveryClient.timeout          duration  20s       at dial
//	peer.tls.enabled                               bool      false     both
//	peer.gossip.orgLeader                          bool      false     at start
//
// ¹ A duration such as "10s"; a bare number counts nanoseconds.
// ² Entries with from, to and caCertsFile: connections to the endpoint "from"
// are made to "to" instead, and the certificates in the file, if one is named,
// are trusted there in addition to the channel's. An environment variable may
// hold the list as JSON.
const (
	keyTotalTime        = "peer.deliveryclient.reconnectTotalTimeThreshold"
	keyBackoffCap       = "peer.deliveryclient.reConnectBackoffThreshold"
	keyConnTimeout      = "peer.deliveryclient.connTimeout"
	keyAddressOverrides = "peer.deliveryclient.addressOverrides"
	keyStaticRoots      = "peer.deliveryclient.staticRootsEnabled"
	keyPingInterval     = "peer.keepalive.deliveryClient.interval"
	keyPingTimeout      = "peer.keepalive.deliveryClient.timeout"
	keyTLSEnabled       = "peer.tls.enabled"
	keyStaticLeader     = "peer.gossip.orgLeader"
)

const (
	defaultTotalTime   = 3600 * time.Second
	defaultConnTimeout = 3 * time.Second
	// defaultBackoffCap keeps a peer from sleeping on long after its orderers
	// are back; v1.3.0's hour applies only where an operator asks for it.
	defaultBackoffCap = 15 * time.Second
	// neverReadBackoffCap is what the sample configuration has always shipped
	// and v1.3.0 could not read. Nobody chose it, so it counts as unset.
	neverReadBackoffCap = 3600 * time.Second
)

func totalTimeLimit() time.Duration {
	return durationOr(keyTotalTime, defaultTotalTime)
}

func connTimeout() time.Duration {
	return durationOr(keyConnTimeout, defaultConnTimeout)
}

func durationOr(key string, fallback time.Duration) time.Duration {
	if d := viper.GetDuration(key); d != 0 {
		return d
	}
	return fallback
}

func tlsEnabled() bool { return viper.GetBool(keyTLSEnabled) }

func isStaticLeader() bool { return viper.GetBool(keyStaticLeader) }

func staticRootsEnabled() bool { return viper.GetBool(keyStaticRoots) }

// backoffCap returns the longest nominal delay between two attempts. The key is
// a duration to the operators who set it ("3600s" in the sample configuration)
// and was a float of nanoseconds to v1.3.0's code, so both are understood.
func backoffCap() time.Duration {
	value := viper.Get(keyBackoffCap)
	if value == nil {
		return defaultBackoffCap
	}
	d, err := durationOf(value)
	if err != nil {
		logger.Warningf("Ignoring %s: %s; the longest delay between attempts is %s", keyBackoffCap, err, defaultBackoffCap)
		return defaultBackoffCap
	}
	if d <= 0 || d == neverReadBackoffCap {
		return defaultBackoffCap
	}
	return d
}

// durationOf converts a configured value, bare numbers being nanoseconds.
func durationOf(value interface{}) (time.Duration, error) {
	switch v := value.(type) {
	case time.Duration:
		return v, nil
	case string:
		return parseDuration(strings.TrimSpace(v))
	case float64:
		return nanoseconds(v), nil
	case float32:
		return nanoseconds(float64(v)), nil
	case int:
		return time.Duration(v), nil
	case int32:
		return time.Duration(v), nil
	case int64:
		return time.Duration(v), nil
	case uint64:
		return nanoseconds(float64(v)), nil
	default:
		return 0, errors.Errorf("a duration cannot be made from a %T", value)
	}
}

func parseDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		return nanoseconds(number), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.Errorf("%q is neither a duration nor a number of nanoseconds", text)
	}
	return d, nil
}

// nanoseconds converts with saturation; what is no number counts as unset.
func nanoseconds(n float64) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	switch {
	case n >= float64(longest):
		return longest
	case n > 0:
		return time.Duration(n)
	default:
		return 0
	}
}

// addressOverride redirects connections meant for one endpoint.
type addressOverride struct {
	From        string `mapstructure:"from" json:"from"`
	To          string `mapstructure:"to" json:"to"`
	CACertsFile string `mapstructure:"caCertsFile" json:"caCertsFile"`
}

// addressOverrideOf returns the override configured for an endpoint; one
// without a target keeps the endpoint. The first entry that fits counts.
func addressOverrideOf(endpoint string) (addressOverride, error) {
	overrides, err := addressOverrides()
	if err != nil {
		return addressOverride{}, err
	}
	for _, o := range overrides {
		if o.From == endpoint {
			if o.To == "" {
				o.To = endpoint
			}
			return o, nil
		}
	}
	return addressOverride{To: endpoint}, nil
}

func addressOverrides() ([]addressOverride, error) {
	var overrides []addressOverride
	var err error
	switch value := viper.Get(keyAddressOverrides).(type) {
	case nil:
		return nil, nil
	case string:
		if strings.TrimSpace(value) == "" {
			return nil, nil
		}
		err = json.Unmarshal([]byte(value), &overrides)
	default:
		err = viper.UnmarshalKey(keyAddressOverrides, &overrides)
	}
	return overrides, errors.Wrapf(err, "cannot read %s", keyAddressOverrides)
}
