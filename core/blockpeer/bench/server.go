// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// server is the serving process, as its parent sees it.
type server struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader

	// What it said of itself.
	address      string
	blocks       int // block 0 included
	blockBytes   int // of each but block 0, about
	transactions int // in each
}

// startServer starts the process and waits until it serves. It is killed when
// ctx ends.
func startServer(ctx context.Context, n *network, o *options, size int) (*server, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	arguments := []string{serveArgument,
		"-dir", n.dir,
		"-tls=" + strconv.FormatBool(n.tls),
		"-raw=" + strconv.FormatBool(o.raw),
		"-size", strconv.Itoa(size),
		"-tx", strconv.Itoa(o.tx),
		"-chain", strconv.Itoa(o.chain),
	}
	if o.profile != "" {
		arguments = append(arguments, "-cpuprofile", o.profile+".server")
	}
	s := &server{command: exec.CommandContext(ctx, executable, arguments...)}
	s.command.Stderr = os.Stderr
	if s.input, err = s.command.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.output = bufio.NewReader(output)
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if _, err := fmt.Fscanf(s.output, greetingFormat, &s.address, &s.blocks, &s.blockBytes, &s.transactions); err != nil {
		s.stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	return s, nil
}

// cpu is the CPU time that the process has used so far.
func (s *server) cpu() (time.Duration, error) {
	if _, err := fmt.Fprintln(s.input); err != nil {
		return 0, fmt.Errorf("asking the server for its CPU time: %w", err)
	}
	var nanoseconds int64
	if _, err := fmt.Fscanf(s.output, cpuFormat, &nanoseconds); err != nil {
		return 0, fmt.Errorf("asking the server for its CPU time: %w", err)
	}
	return time.Duration(nanoseconds), nil
}

// stop ends the process and waits for it. It may be called again.
func (s *server) stop() error {
	if s.command == nil {
		return nil
	}
	s.input.Close()
	err := s.command.Wait()
	s.command = nil
	return err
}
