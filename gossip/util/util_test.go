// SPDX-License-Identifier: Apache-2.0

package util_test

import (
	"testing"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/gossip/util"
)

func TestDefaultsStandInForZeroAbsentAndUnparsable(t *testing.T) {
	defer viper.Reset()
	for _, value := range []interface{}{nil, 0, "", "soon"} {
		viper.Reset()
		if value != nil {
			viper.Set("some.key", value)
		}
		assert.Equal(t, 7, util.GetIntOrDefault("some.key", 7), "%v", value)
		assert.Equal(t, 7.5, util.GetFloat64OrDefault("some.key", 7.5), "%v", value)
		assert.Equal(t, time.Hour, util.GetDurationOrDefault("some.key", time.Hour), "%v", value)
	}
	viper.Set("some.key", -3)
	assert.Equal(t, -3, util.GetIntOrDefault("some.key", 7), "negative values pass")
	assert.Equal(t, -3.0, util.GetFloat64OrDefault("some.key", 7))
	assert.Equal(t, time.Duration(-3), util.GetDurationOrDefault("some.key", time.Hour), "a bare number is nanoseconds")
	viper.Set("some.key", "1500ms")
	assert.Equal(t, 1500*time.Millisecond, util.GetDurationOrDefault("some.key", time.Hour))
}

func TestSetDurationWhileOthersRead(t *testing.T) {
	defer viper.Reset()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 1; i <= 100; i++ {
			util.SetDuration("changing.key", time.Duration(i))
		}
	}()
	for i := 0; i < 100; i++ {
		util.GetDurationOrDefault("changing.key", time.Second)
	}
	<-done
	assert.Equal(t, time.Duration(100), util.GetDurationOrDefault("changing.key", time.Second))
}

func TestLoggers(t *testing.T) {
	defer flogging.Reset()
	defer util.ForgetLoggers()
	one := util.GetLogger(util.LoggingCommModule, "peer1")
	assert.True(t, one == util.GetLogger(util.LoggingCommModule, "peer2"), "peers share a logger")
	util.SetupTestLogging()
	util.SetupTestLogging()
	assert.Equal(t, "WARN", flogging.DefaultLevel())
	separate := util.GetLogger(util.LoggingCommModule, "peer1")
	assert.False(t, separate == util.GetLogger(util.LoggingCommModule, "peer2"), "tests tell peers apart")
	assert.True(t, separate == util.GetLogger(util.LoggingCommModule, "peer1"))
	assert.True(t, one == util.GetLogger(util.LoggingCommModule, ""))
}
