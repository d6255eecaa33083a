package service

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"
)

// Session is a processor that is held for the jobs of one client. It ends by itself after a
// time, whoever forgets it.
type Session struct {
	Body []byte        // of the request that opens it
	Most time.Duration // it ends by itself after so long
	// Price is what it costs at most beside its jobs; Priced says that it is known.
	Price  Price
	Priced bool
}

// Sessions is a Service that has sessions. Poll and Cancel, which closes one to new jobs, take
// them by the ids that SessionID makes; one that has ended is Completed.
type Sessions interface {
	// Session is what is asked for; ok is false where none is.
	Session() (s Session, ok bool)
	// OpenSession asks for a session, once, and returns the service's id.
	OpenSession(ctx context.Context, body []byte) (id string, err error)
	// InSession is the body of a job of a session.
	InSession(body []byte, id string) []byte
}

// sessionPrefix marks a session among the service's ids in a ledger.
const sessionPrefix = "session:"

// SessionID is how a ledger, which keeps sessions among jobs, calls one of a service.
func SessionID(id string) string { return sessionPrefix + id }

// SessionOf is the service's id of what is a session.
func SessionOf(remote string) (id string, ok bool) { return strings.CutPrefix(remote, sessionPrefix) }

// WithMember is a JSON object with one more member, a text.
func WithMember(object []byte, name, value string) []byte {
	key, err := json.Marshal(name)
	text, err2 := json.Marshal(value)
	inner, ok := bytes.CutSuffix(object, []byte("}"))
	if err != nil || err2 != nil || !ok {
		return object
	}
	comma := ","
	if len(bytes.TrimSpace(inner)) == 1 {
		comma = ""
	}
	return bytes.Join([][]byte{inner, []byte(comma), key, []byte(":"), text, []byte("}")}, nil)
}
