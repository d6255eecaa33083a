package study

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"qgan/internal/durable"
	"qgan/internal/named"
)

// Queue says who hands out the tasks of a study.
type Queue struct {
	Kind QueueKind
	// Place is the path of a folder or the address of a server.
	Place string
}

// QueueKind is a kind of queue.
type QueueKind string

// The kinds: this process alone, whoever sees a folder, or a NATS server.
const (
	Local  QueueKind = "local"
	Shared QueueKind = "dir"
	Server QueueKind = "nats"
)

// ParseQueue reads local, dir:PATH, nats://HOST or tls://HOST. Of another text the queue
// has no kind, and still prints without secrets.
func ParseQueue(text string) (Queue, error) {
	path, folder := strings.CutPrefix(text, "dir:")
	switch {
	case text == string(Local):
		return Queue{Kind: Local}, nil
	case folder:
		return Queue{Shared, path}, nil
	case strings.HasPrefix(text, "nats://"), strings.HasPrefix(text, "tls://"):
		return Queue{Server, text}, nil
	}
	q := Queue{Place: text}
	return q, named.Inputf("{queue} %s: it can be local, dir:PATH or nats://HOST", q)
}

// String is the queue in words, without the secrets that an address may hold.
func (q Queue) String() string {
	switch q.Kind {
	case Local:
		return string(Local)
	case Shared:
		return "dir:" + q.Place
	}
	return plainURL(q.Place)
}

// Folder is where a plan is kept for which no folder is named: that of the queue, or one
// below studies that is named after the plan.
func (q Queue) Folder(p Plan) string {
	if q.Kind == Shared {
		return q.Place
	}
	return filepath.Join("studies", p.Name+"-"+p.Hash()[:8])
}

// Workers are those of a process: as many as are given and, where that is below 0, as many
// as CPUs, and none where a server has others.
func (q Queue) Workers(given int) int {
	switch {
	case given >= 0:
		return given
	case q.Kind == Server:
		return 0
	}
	return runtime.GOMAXPROCS(0)
}

// plainURL is an address without its secrets.
func plainURL(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	return scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
}

// Joined is a study that another process began.
type Joined struct {
	Board
	// Folder holds the folders that tasks write into.
	Folder *Folder

	close []func()
}

// Join opens a study that another process began: of a folder, or of a server, where hash
// names it (empty: the only one) and tasks write into scratch (empty: a folder that Close
// removes). The error of a server is a *BoardError. Close it after use.
func Join(ctx context.Context, fsys durable.FS, q Queue, hash, scratch string) (*Joined, error) {
	if q.Kind != Server {
		f, err := OpenFolder(fsys, q.Place)
		if err != nil {
			return nil, err
		}
		return &Joined{Board: f, Folder: f}, nil
	}
	b, err := OpenNATS(ctx, q.Place, hash)
	if err != nil {
		return nil, &BoardError{Err: err}
	}
	j := &Joined{Board: b, close: []func(){b.Close}}
	if err := j.makeFolder(fsys, scratch); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

// makeFolder makes the folder that tasks write into, with the board's plan and lease.
func (j *Joined) makeFolder(fsys durable.FS, scratch string) (err error) {
	if scratch == "" {
		if scratch, err = os.MkdirTemp("", "qgan-worker-"); err != nil {
			return err
		}
		j.close = append(j.close, func() { os.RemoveAll(scratch) })
	}
	j.Folder, err = CreateFolder(fsys, scratch, j.Plan(), j.Lease())
	return err
}

// Close leaves the study.
func (j *Joined) Close() {
	for i := len(j.close) - 1; i >= 0; i-- {
		j.close[i]()
	}
}
