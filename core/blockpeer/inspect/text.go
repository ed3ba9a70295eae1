// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"fmt"
	"io"
)

// WriteText prints the description for a person. Names and texts from the
// block are quoted where they could disturb a terminal.
func (d *Block) WriteText(w io.Writer) error {
	p := printer{w: w}
	p.line("block %d of channel %q, %d bytes, %d transactions", d.Number, d.Channel, d.Bytes, len(d.Transactions))
	p.line("  header hash    %s", d.HeaderHash)
	p.line("  previous hash  %s", orNone(d.PreviousHash))
	p.line("  data hash      %s%s", orNone(d.DataHash), map[bool]string{true: "", false: "  (NOT that of the data)"}[d.DataIntact])
	if d.LastConfig != nil {
		p.line("  last config    block %d", *d.LastConfig)
	}
	for _, s := range d.Signers {
		p.line("  signed by      %s", s)
	}
	for _, problem := range d.Problems {
		p.line("  PROBLEM        %q", problem)
	}
	d.Config.write(&p)
	for _, t := range d.Transactions {
		p.line("  tx %-4d %s %d bytes", t.Index, t.Type, t.Bytes)
		if t.TxID != "" {
			p.line("          id      %q", t.TxID)
		}
		if t.Time != "" {
			p.line("          time    %s", t.Time)
		}
		if t.Creator != nil {
			p.line("          creator %s", t.Creator)
		}
		if t.Problem != "" {
			p.line("          PROBLEM %q", t.Problem)
		}
	}
	return p.err
}

func (c *Config) write(p *printer) {
	if c == nil {
		return
	}
	p.line("  configuration %d", c.Sequence)
	p.line("    orderers       %q", c.OrdererAddresses)
	p.line("    organizations  %q", c.Organizations)
	for _, change := range c.Changes {
		p.line("    changes        %q", change)
	}
	for _, s := range c.UpdateSigners {
		p.line("    approved by    %s", s)
	}
}

// String is the identity in one line.
func (i Identity) String() string {
	if i.Problem != "" {
		return fmt.Sprintf("%q (%q)", i.MSP, i.Problem)
	}
	return fmt.Sprintf("%q %q, expires %s", i.MSP, i.Subject, i.Expires)
}

func orNone(hash string) string {
	if hash == "" {
		return "(none)"
	}
	return hash
}

// printer writes lines until one fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
