// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"syscall"
)

// process is a command that greets on its first line and then runs until it is
// told to end.
type process struct {
	command  *exec.Cmd
	greeting string
	ended    chan error // gets the outcome of Wait, once
}

// startProcess starts a command and waits for its greeting. The process is
// killed when ctx ends.
func startProcess(ctx context.Context, executable string, arguments ...string) (*process, error) {
	command := exec.CommandContext(ctx, executable, arguments...)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", executable, err)
	}
	lines := bufio.NewScanner(output)
	greeted := lines.Scan()
	p := &process{command: command, greeting: lines.Text(), ended: make(chan error, 1)}
	go func() {
		for lines.Scan() { // nothing more is expected; keep the pipe empty
		}
		p.ended <- command.Wait()
	}()
	if !greeted {
		err := <-p.ended
		return nil, fmt.Errorf("%s %s ended before it was ready: %v: %s", executable, arguments[0], err, complaints.String())
	}
	return p, nil
}

func (p *process) pid() int { return p.command.Process.Pid }

// kill ends the process without giving it a chance to tidy up.
func (p *process) kill() error {
	if err := p.command.Process.Kill(); err != nil {
		return err
	}
	<-p.ended
	return nil
}

// terminate asks the process to end and waits for it.
func (p *process) terminate() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return nil // it has ended already
	}
	return <-p.ended
}
