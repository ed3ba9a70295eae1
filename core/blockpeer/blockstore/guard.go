// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	dberrors "github.com/syndtr/goleveldb/leveldb/errors"
	"github.com/syndtr/goleveldb/leveldb/storage"
)

// guard is the database's view of its files. It adds two things to the plain
// one: it hears what the database only writes to its own log (which parts of a
// journal it gave up), and it refuses tables whose footer is damaged. The
// footer is the one part of a table that carries no checksum, and the database
// would allocate whatever length it finds there.
type guard struct {
	storage.Storage
	dir string

	mu      sync.Mutex
	dropped []string // journal parts that were given up, as the database words it
}

// openFiles locks the folder for this process.
func openFiles(dir string) (*guard, error) {
	files, err := storage.OpenFile(dir, false)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, storage.ErrLocked) {
		return nil, fmt.Errorf("block store %s is in use: another process, or another store of this one, has it open", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open block store %s: %w", dir, err)
	}
	return &guard{Storage: files, dir: dir}, nil
}

// journalDrop begins each line by which the database reports lost journal data.
const journalDrop = "journal@drop "

// Log implements storage.Storage.
func (g *guard) Log(line string) {
	if strings.HasPrefix(line, journalDrop) {
		g.mu.Lock()
		g.dropped = append(g.dropped, strings.TrimPrefix(line, journalDrop))
		g.mu.Unlock()
	}
	g.Storage.Log(line)
}

// takeDropped returns what was dropped since the last call.
func (g *guard) takeDropped() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	dropped := g.dropped
	g.dropped = nil
	return dropped
}

// Open implements storage.Storage.
func (g *guard) Open(fd storage.FileDesc) (storage.Reader, error) {
	r, err := g.Storage.Open(fd)
	if err != nil || fd.Type != storage.TypeTable {
		return r, err
	}
	if err := checkFooter(r); err != nil {
		r.Close()
		return nil, &dberrors.ErrCorrupted{Fd: fd, Err: err}
	}
	return r, nil
}

// setAsideTables renames tables with a damaged footer, which would make the
// database's own recovery fail as a whole, and returns the new names. Nothing is
// deleted.
func (g *guard) setAsideTables() ([]string, error) {
	tables, err := g.List(storage.TypeTable)
	if err != nil {
		return nil, err
	}
	var aside []string
	for _, fd := range tables {
		r, err := g.Open(fd)
		if err == nil {
			r.Close()
			continue
		}
		if !isCorrupted(err) {
			return aside, err
		}
		name := filepath.Join(g.dir, fd.String())
		if err := os.Rename(name, name+".damaged"); err != nil {
			return aside, err
		}
		aside = append(aside, name+".damaged")
	}
	return aside, nil
}

const (
	footerSize  = 48
	footerMagic = "\x57\xfb\x80\x8b\x24\x75\x47\xdb"
	trailerSize = 5 // follows each block of a table: compression, checksum
)

// checkFooter tells whether the block handles at the end of a table stay within
// it. What they point to is protected by checksums.
func checkFooter(r storage.Reader) error {
	size, err := r.Seek(0, 2)
	if err != nil {
		return err
	}
	if size < footerSize {
		return fmt.Errorf("table has %d bytes, too few for a footer", size)
	}
	var footer [footerSize]byte
	if _, err := r.ReadAt(footer[:], size-footerSize); err != nil {
		return err
	}
	if string(footer[footerSize-len(footerMagic):]) != footerMagic {
		return errors.New("table footer has a wrong magic number")
	}
	rest, limit := footer[:footerSize-len(footerMagic)], uint64(size-footerSize)
	for _, name := range []string{"meta index", "index"} {
		offset, n := binary.Uvarint(rest)
		if n <= 0 {
			return fmt.Errorf("table footer: %s offset is damaged", name)
		}
		rest = rest[n:]
		length, n := binary.Uvarint(rest)
		if n <= 0 {
			return fmt.Errorf("table footer: %s length is damaged", name)
		}
		rest = rest[n:]
		if length > limit || offset > limit-length || limit-length-offset < trailerSize {
			return fmt.Errorf("table footer: %s lies outside the table", name)
		}
	}
	return nil
}

func isCorrupted(err error) bool {
	return err != nil && dberrors.IsCorrupted(err)
}
