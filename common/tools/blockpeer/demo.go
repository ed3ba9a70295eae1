// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hyperledger/fabric/core/blockpeer/demo"
)

func demoCommand() *cobra.Command {
	var o demo.Options
	c := &cobra.Command{
		Use:   "demo",
		Short: "See the whole flow on this machine, in half a minute",
		Long: `Make certificates and a channel, start an orderer and a leader over mutual TLS,
submit transactions, kill and restart the orderer, change the configuration, and
check that leader and orderer hold the same chain. Each step of the delivery
flow is shown with its function and line of code as it happens. The exit status
tells whether the chains are the same.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.Executable, err = os.Executable(); err != nil {
				return fmt.Errorf("which program starts the orderer: %w", err)
			}
			o.Color = term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == ""
			return demo.Run(c.Context(), c.OutOrStdout(), o)
		},
	}
	c.Flags().StringVar(&o.Dir, "keep", "", "keep the certificates, blocks and configuration in this folder, to go on with the other commands")
	c.Flags().IntVar(&o.Transactions, "transactions", 400, "how many are submitted before and after the crash")
	return c
}
