// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/hyperledger/fabric/core/blockpeer/inspect"
)

func inspectCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "inspect FILE...",
		Short: "Print block files",
		Long: `Print what is in block files: headers and hashes, transactions with their
types, creators and identifiers, configuration changes, signers. With --json one
JSON object a block. A file that is not a block is an error; a block with faults
is printed with its problems named.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			var failures []error
			for _, file := range files {
				if err := inspectFile(c.OutOrStdout(), file, asJSON); err != nil {
					failures = append(failures, fmt.Errorf("%s: %w", file, err))
				}
			}
			return errors.Join(failures...)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a block")
	return c
}

func inspectFile(out io.Writer, file string, asJSON bool) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	description, err := inspect.Describe(raw)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(out).Encode(description)
	}
	return description.WriteText(out)
}
