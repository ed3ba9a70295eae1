// SPDX-License-Identifier: Apache-2.0

package configtx

import (
	"strings"

	"github.com/pkg/errors"
)

// maxNameLength bounds the names of channels, groups, values and policies.
const maxNameLength = 249

const (
	lowerCase   = "abcdefghijklmnopqrstuvwxyz"
	upperCase   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits      = "0123456789"
	punctuation = ".-"
)

// checkElementName says whether a configuration element may have this name.
func checkElementName(name string) error {
	if err := checkLength(name); err != nil {
		return err
	}
	if name == "." || name == ".." {
		return errors.Errorf("name %q is reserved", name)
	}
	return checkAlphabet(name, lowerCase+upperCase+digits+punctuation)
}

// checkChannelID says whether a channel may have this name. The rule is
// narrower than for elements, because the name is used in file names and in
// the names of topics and databases.
func checkChannelID(id string) error {
	if err := checkLength(id); err != nil {
		return err
	}
	if strings.IndexByte(lowerCase, id[0]) < 0 {
		return errors.Errorf("%q does not begin with a lower-case letter", id)
	}
	return checkAlphabet(id, lowerCase+digits+punctuation)
}

// checkModPolicy says whether a mod_policy could name a policy at all.
func checkModPolicy(path string) error {
	if path == "" {
		return errors.New("it is empty")
	}
	for _, name := range strings.Split(strings.TrimPrefix(path, pathSeparator), pathSeparator) {
		if err := checkElementName(name); err != nil {
			return errors.WithMessage(err, "path "+quoteShort(path))
		}
	}
	return nil
}

func checkLength(name string) error {
	if name == "" {
		return errors.New("name is empty")
	}
	if len(name) > maxNameLength {
		return errors.Errorf("name %s has %d characters, more than %d", quoteShort(name), len(name), maxNameLength)
	}
	return nil
}

func checkAlphabet(name, alphabet string) error {
	for i := 0; i < len(name); i++ {
		if strings.IndexByte(alphabet, name[i]) < 0 {
			return errors.Errorf("name %q has the illegal character %q at position %d", name, name[i:i+1], i)
		}
	}
	return nil
}
