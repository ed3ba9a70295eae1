// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"fmt"
	"strings"

	"github.com/hyperledger/fabric/common/capabilities"
	"github.com/hyperledger/fabric/common/policies"
	cb "github.com/hyperledger/fabric/protos/common"
	pb "github.com/hyperledger/fabric/protos/peer"
)

// ApplicationProtos holds the decoded values of the application section.
type ApplicationProtos struct {
	ACLs         *pb.ACLs
	Capabilities *cb.Capabilities
}

// ApplicationConfig is the application section. It implements Application.
type ApplicationConfig struct {
	capabilities *capabilities.ApplicationProvider
	acls         aclTable
	orgs         map[string]ApplicationOrg
}

// NewApplicationConfig reads the section. The MSPs of its organizations join
// those of the handler.
func NewApplicationConfig(appGroup *cb.ConfigGroup, mspConfig *MSPConfigHandler) (*ApplicationConfig, error) {
	var values ApplicationProtos
	if err := DeserializeProtoValuesFromGroup(appGroup, &values); err != nil {
		return nil, err
	}
	ac := &ApplicationConfig{
		capabilities: capabilities.NewApplicationProvider(values.Capabilities.Capabilities),
		acls:         newACLTable(values.ACLs),
		orgs:         make(map[string]ApplicationOrg, len(appGroup.Groups)),
	}
	// The key itself is what peers without the capability stumble over, even
	// with an empty table behind it.
	if _, present := appGroup.Values[ACLsKey]; present && !ac.capabilities.ACLs() {
		return nil, fmt.Errorf("ACLs may not be specified without the required capability")
	}
	for _, name := range sortedKeys(appGroup.Groups) {
		org, err := NewApplicationOrgConfig(name, appGroup.Groups[name], mspConfig)
		if err != nil {
			return nil, err
		}
		ac.orgs[name] = org
	}
	return ac, nil
}

// Organizations maps group names to organizations. Read only.
func (ac *ApplicationConfig) Organizations() map[string]ApplicationOrg { return ac.orgs }

// Capabilities says what peers must implement.
func (ac *ApplicationConfig) Capabilities() ApplicationCapabilities { return ac.capabilities }

// APIPolicyMapper finds the policy that guards an API.
func (ac *ApplicationConfig) APIPolicyMapper() PolicyMapper { return ac.acls }

// aclTable maps API names to absolute policy paths.
type aclTable map[string]string

func newACLTable(acls *pb.ACLs) aclTable {
	table := make(aclTable, len(acls.Acls))
	var ignored []string
	for _, api := range sortedKeys(acls.Acls) {
		ref := acls.Acls[api].GetPolicyRef()
		switch {
		case ref == "":
			// As good as not listed: the API keeps its default policy.
			ignored = append(ignored, api)
		case strings.HasPrefix(ref, policies.PathSeparator):
			table[api] = ref
		default:
			table[api] = applicationPath + policies.PathSeparator + ref
		}
	}
	if len(ignored) > 0 {
		logger.Warningf("Of %d ACLs %d name no policy and are ignored, among them that for %.80q", len(acls.Acls), len(ignored), ignored[0])
	}
	return table
}

const applicationPath = policies.PathSeparator + RootGroupKey + policies.PathSeparator + ApplicationGroupKey

// PolicyRefForAPI returns the absolute path of the policy, "" when none is set.
func (t aclTable) PolicyRefForAPI(apiName string) string { return t[apiName] }
