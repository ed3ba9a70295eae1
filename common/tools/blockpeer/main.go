// SPDX-License-Identifier: Apache-2.0

// Command blockpeer is a Fabric peer that only moves blocks: it pulls a
// channel's blocks from its orderers as an organization's leader, verifies and
// stores them. For a first look it also is the orderer, the client and the
// magnifying glass:
//
//	blockpeer demo      the whole flow on this machine, in half a minute
//	blockpeer start     pull a channel until stopped
//	blockpeer fetch     a range of blocks into files, once
//	blockpeer orderer   an embedded orderer, or a recorded chain played back
//	blockpeer inspect   print block files
//
// FABRIC_LOGGING_SPEC sets the levels of its log, which goes to standard error.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := rootCommand()
	root.SetArgs(os.Args[1:])
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "blockpeer:", err)
		stop()
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "blockpeer",
		Short:         "A Fabric peer that only moves blocks",
		SilenceErrors: true, // main prints them
		SilenceUsage:  true, // an error says what to do; usage is for --help
	}
	root.AddCommand(startCommand(), fetchCommand(), ordererCommand(), inspectCommand(), demoCommand())
	return root
}
