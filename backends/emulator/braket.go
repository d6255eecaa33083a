package emulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"qgan/calibration"
)

// Braket is Amazon Braket with one processor, and of S3 and STS what its clients need, at
// one address: the scope of a signature tells which is meant.
type Braket struct {
	*frame
	http.Handler
	arn          string
	capabilities json.RawMessage
	actions      braketActions

	mu      sync.Mutex
	tokens  map[string]*job // tasks by client token
	objects map[string][]byte
	buckets map[string]bool
}

// The account and its keys that are taken; the secret is Options.Key.
const (
	braketARN     = "arn:aws:braket:eu-north-1::device/qpu/iqm/Emulated"
	braketAccount = "123456789012"
	braketKey     = "AKIADUMMY"
	braketSecret  = "dummysecretdummysecretdummysecret00000000"
)

// braketActions are the bounds of the device that its capabilities tell.
type braketActions struct {
	Service struct {
		Shots []int `json:"shotsRange"`
	} `json:"service"`
	Action map[string]struct {
		Partial     *bool `json:"supportsPartialVerbatimBox"`
		Executables int   `json:"maximumExecutables"`
		TotalShots  int   `json:"maximumTotalShots"`
	} `json:"action"`
}

// NewBraket returns the service.
func NewBraket(o Options) (*Braket, error) {
	s, err := newFrame(o, kind{"Amazon Braket", func() []calibration.File { return built(ladder()) }, "", braketWords})
	if err != nil {
		return nil, err
	}
	e := &Braket{frame: s, arn: o.ARN, tokens: map[string]*job{}, objects: map[string][]byte{}, buckets: map[string]bool{}}
	if err := e.describe(s.options.Files); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(e.capabilities, &e.actions); err != nil {
		return nil, fmt.Errorf("the emulator's device %s: %w", s.device.name, err)
	}
	if parts := strings.Split(e.arn, ":"); len(parts) != 6 || !strings.HasPrefix(e.arn, "arn:aws:braket:") || parts[3] == "" && !e.simulates() || !strings.HasPrefix(parts[5], "device/") {
		return nil, fmt.Errorf("the emulator's device %q: an ARN is arn:aws:braket:REGION::device/…", e.arn)
	}
	s.newID = func(n int) string {
		return "arn:aws:braket:" + e.region() + ":" + braketAccount + ":quantum-task/" + s.uuid(n)
	}
	s.missing = func(w http.ResponseWriter, r *http.Request) {
		e.refuse(w, 404, "ResourceNotFoundException", "Quantum task "+r.PathValue("id")+" not found.")
	}
	m := http.NewServeMux()
	for pattern, f := range map[string]http.HandlerFunc{
		"GET /device/{arn}":             e.showDevice,
		"POST /devices":                 e.searchDevices,
		"POST /quantum-task":            e.create,
		"GET /quantum-task/{id}":        e.here(e.show),
		"PUT /quantum-task/{id}/cancel": e.here(e.stop),
		"POST /quantum-tasks":           e.search,
		"POST /spending-limits": func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, map[string]any{"spendingLimits": []any{}})
		},
	} {
		m.HandleFunc(pattern, f)
	}
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		e.refuse(w, 404, "UnknownOperationException", "There is nothing here.")
	})
	e.Handler = s.wrap(e.signed(map[string]http.Handler{"braket": m, "s3": http.HandlerFunc(e.storage), "sts": http.HandlerFunc(e.identity)}))
	return e, nil
}

// Credentials are what its clients need.
func (e *Braket) Credentials() (key, secret string) { return braketKey, e.orDefault(braketSecret) }

// Environment are the variables of the credentials.
func (e *Braket) Environment() [][2]string {
	key, secret := e.Credentials()
	return [][2]string{{"AWS_ACCESS_KEY_ID", key}, {"AWS_SECRET_ACCESS_KEY", secret}, {"AWS_SESSION_TOKEN", ""}}
}

// Device is the device's ARN.
func (e *Braket) Device() string { return e.arn }

// simulates says that the device is a simulator of the service's, which is in all regions.
func (e *Braket) simulates() bool { return strings.Contains(e.arn, "device/quantum-simulator/") }

func (e *Braket) region() string { return cmp.Or(strings.Split(e.arn, ":")[3], "us-east-1") }

// describe finds ARN and capabilities: those of a file of the service, or made of the
// snapshot.
func (e *Braket) describe(files []calibration.File) error {
	var d struct {
		ARN          string          `json:"deviceArn"`
		Capabilities string          `json:"deviceCapabilities"`
		Header       json.RawMessage `json:"braketSchemaHeader"`
	}
	if len(files) == 1 && json.Unmarshal(files[0].Data, &d) == nil {
		switch {
		case d.Capabilities != "":
			e.capabilities, e.arn = json.RawMessage(d.Capabilities), cmp.Or(e.arn, d.ARN)
		case d.Header != nil:
			e.capabilities = files[0].Data
		}
	}
	e.arn = cmp.Or(e.arn, braketARN)
	if e.capabilities != nil {
		return nil
	}
	var err error
	if e.simulates() {
		e.capabilities, err = simulatorOf(e.device.snapshot)
	} else {
		e.capabilities, err = capabilitiesOf(e.device.snapshot)
	}
	return err
}

// refuse writes an error as REST-JSON services of AWS do.
func (e *Braket) refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	answer(w, status, map[string]any{"message": message})
}

// refuseXML writes an error as S3 and, wrapped, STS do.
func refuseXML(w http.ResponseWriter, service string, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	var text bytes.Buffer
	xml.EscapeText(&text, []byte(message))
	inner := "<Error><Code>" + code + "</Code><Message>" + text.String() + "</Message></Error>"
	if service == "sts" {
		inner = "<ErrorResponse>" + inner + "</ErrorResponse>"
	}
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n%s", inner)
}

// scopes are the words of each service for signatures that it refuses.
var scopes = map[string]struct{ key, signature string }{
	"braket": {"UnrecognizedClientException", "InvalidSignatureException"},
	"s3":     {"InvalidAccessKeyId", "SignatureDoesNotMatch"},
	"sts":    {"InvalidClientTokenId", "SignatureDoesNotMatch"},
}

// signed checks the signature of a request and hands it to the service that it is for.
func (e *Braket) signed(to map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, ok := readScope(r)
		words, known := scopes[s.service]
		if !ok || !known {
			e.refuse(w, 403, "MissingAuthenticationTokenException", "Missing Authentication Token")
			return
		}
		refuse := func(code, message string) {
			if s.service == "braket" {
				e.refuse(w, 403, code, message)
			} else {
				refuseXML(w, s.service, 403, code, message)
			}
		}
		key, secret := e.Credentials()
		if s.key != key {
			refuse(words.key, "The security token included in the request is invalid.")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 100<<20)
		if problem := s.verify(r, secret, e.options.Now()); problem != "" {
			refuse(words.signature, problem)
			return
		}
		if _, bad := e.faults.next(r, BadToken); bad {
			refuse(words.signature, "The security token included in the request is expired.")
			return
		}
		if s.service == "braket" && s.region != e.region() {
			r.Header.Set(elsewhere, s.region)
		}
		to[s.service].ServeHTTP(w, r)
	})
}

// elsewhere marks a request to a region that has not the device.
const elsewhere = "X-Qgan-Region"

func (e *Braket) showDevice(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("arn") != e.arn || r.Header.Get(elsewhere) != "" {
		e.refuse(w, 404, "ResourceNotFoundException", "Device "+r.PathValue("arn")+" not found.")
		return
	}
	d := e.summary()
	d["deviceCapabilities"] = string(e.capabilities)
	waiting := 0
	for _, j := range e.all() {
		if e.stage(j) == queued {
			waiting++
		}
	}
	d["deviceQueueInfo"] = []any{
		map[string]any{"queue": "QUANTUM_TASKS_QUEUE", "queueSize": fmt.Sprint(waiting), "queuePriority": "Normal"},
		map[string]any{"queue": "QUANTUM_TASKS_QUEUE", "queueSize": "0", "queuePriority": "Priority"},
		map[string]any{"queue": "JOBS_QUEUE", "queueSize": "0"},
	}
	answer(w, 200, d)
}

// stage is where a task stands, without running it.
func (e *Braket) stage(j *job) phase {
	if now := e.options.Now(); now.Before(j.created.Add(e.options.Queue)) {
		return queued
	}
	return running
}

func (e *Braket) summary() map[string]any {
	provider, kind := strings.Split(e.arn, "/"), "QPU"
	if e.simulates() {
		kind = "SIMULATOR"
	}
	return map[string]any{"deviceArn": e.arn, "deviceName": provider[len(provider)-1], "providerName": provider[max(0, len(provider)-2)], "deviceType": kind, "deviceStatus": "ONLINE"}
}

// filter is a condition of a search.
type filter struct {
	Name     string   `json:"name"`
	Values   []string `json:"values"`
	Operator string   `json:"operator"`
}

func (e *Braket) searchDevices(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Filters []filter `json:"filters"`
	}
	if err := readBody(w, r, &q); err != nil || q.Filters == nil {
		e.refuse(w, 400, "ValidationException", "filters is required.")
		return
	}
	list := []any{}
	if r.Header.Get(elsewhere) == "" {
		list = append(list, e.summary())
	}
	for _, f := range q.Filters {
		switch {
		case f.Name != "deviceArn":
			e.refuse(w, 400, "ValidationException", "Invalid filter name "+f.Name)
			return
		case !slices.Contains(f.Values, e.arn):
			list = []any{}
		}
	}
	answer(w, 200, map[string]any{"devices": list, "nextToken": nil})
}

// braketWords are the states.
var braketWords = map[phase]string{queued: "QUEUED", running: "RUNNING", completed: "COMPLETED", failed: "FAILED", cancelled: "CANCELLED"}

// here hands over the task of a request to the region that has the device.
func (e *Braket) here(next func(w http.ResponseWriter, r *http.Request, j *job)) http.HandlerFunc {
	about := e.about(next)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(elsewhere) != "" {
			e.missing(w, r)
			return
		}
		about(w, r)
	}
}

// object is a task as lists show it.
func (e *Braket) object(j *job, p phase) map[string]any {
	t := j.extra.(*braketTask)
	o := map[string]any{
		"quantumTaskArn": j.id, "status": e.words[p], "deviceArn": e.arn, "shots": j.shots, "outputS3Bucket": t.bucket, "outputS3Directory": t.directory(j),
		"createdAt": stampOf(j.created), "tags": j.metadata,
	}
	if p == completed || p == failed || p == cancelled {
		o["endedAt"] = stampOf(j.created.Add(e.options.Queue + e.options.Execution))
	}
	return o
}

func stampOf(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (e *Braket) show(w http.ResponseWriter, r *http.Request, j *job) {
	p := e.shown(r, j)
	t := j.extra.(*braketTask)
	o := e.object(j, p)
	o["deviceParameters"], o["associations"] = cmp.Or(t.parameters, "{}"), []any{}
	action := map[string]any{"actionType": t.action}
	if t.action == actionSet {
		action["programCount"], action["executableCount"] = len(t.programs), len(j.programs)
	}
	o["actionMetadata"] = action
	switch p {
	case completed:
		o["numSuccessfulShots"] = j.shots
	case failed:
		o["failureReason"] = j.err.Error()
	}
	if strings.Contains(r.URL.RawQuery, "QueueInfo") {
		queue := map[string]any{"queue": "QUANTUM_TASKS_QUEUE", "position": "1", "queuePriority": "Normal"}
		if p != queued {
			queue["position"], queue["message"] = "None", "Task is in "+e.words[p]+" status. AWS does not show queue position for this status."
		}
		o["queueInfo"] = queue
	}
	answer(w, 200, o)
}

func (e *Braket) stop(w http.ResponseWriter, _ *http.Request, j *job) {
	if p := e.phaseOf(j); p != queued && p != running {
		e.refuse(w, 409, "ConflictException", "Quantum task is in "+e.words[p]+" status and cannot be cancelled.")
		return
	}
	e.cancel(j)
	answer(w, 200, map[string]any{"quantumTaskArn": j.id, "cancellationStatus": "CANCELLING"})
}

func (e *Braket) search(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Filters []filter `json:"filters"`
		Next    string   `json:"nextToken"`
		Most    int      `json:"maxResults"`
	}
	if err := readBody(w, r, &q); err != nil || q.Filters == nil || q.Most < 0 || q.Most > 100 {
		e.refuse(w, 400, "ValidationException", "filters is required, maxResults is 1 to 100.")
		return
	}
	jobs := e.listed(r, true)
	if r.Header.Get(elsewhere) != "" {
		jobs = nil
	}
	list := []any{}
	for _, j := range jobs {
		o := e.object(j, e.phaseOf(j))
		keep := true
		for _, f := range q.Filters {
			value, ok := o[f.Name].(string)
			if !ok {
				e.refuse(w, 400, "ValidationException", "Invalid filter name "+f.Name)
				return
			}
			keep = keep && f.holds(value)
		}
		if keep {
			list = append(list, o)
		}
	}
	first := 0
	fmt.Sscan(q.Next, &first)
	list, next := page(list, first, cmp.Or(q.Most, 100))
	answer(w, 200, map[string]any{"quantumTasks": list, "nextToken": next})
}

// holds applies a filter; times compare as their text does.
func (f *filter) holds(value string) bool {
	if len(f.Values) == 0 {
		return true
	}
	c := strings.Compare(value, f.Values[0])
	switch f.Operator {
	case "LT":
		return c < 0
	case "LTE":
		return c <= 0
	case "GT":
		return c > 0
	case "GTE":
		return c >= 0
	case "BETWEEN":
		return c >= 0 && len(f.Values) > 1 && value <= f.Values[1]
	}
	return slices.Contains(f.Values, value)
}

// identity is STS.
func (e *Braket) identity(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("Action") != "GetCallerIdentity" {
		refuseXML(w, "sts", 400, "InvalidAction", "Could not find operation "+r.PostForm.Get("Action"))
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::%[1]s:user/emulated</Arn><UserId>AIDADUMMY</UserId><Account>%[1]s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, braketAccount)
}

// storage is S3, with the buckets that Braket's policy covers: those that clients make, and
// the results of tasks.
func (e *Braket) storage(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !usable(bucket) {
		refuseXML(w, "s3", 403, "AccessDenied", "Access Denied")
		return
	}
	switch {
	case key == "" && r.Method == http.MethodPut:
		e.mu.Lock()
		e.buckets[bucket] = true
		e.mu.Unlock()
		w.Header().Set("Location", "/"+bucket)
	case key == "" && r.Method == http.MethodHead:
		w.Header().Set("X-Amz-Bucket-Region", e.region())
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			refuseXML(w, "s3", 400, "IncompleteBody", err.Error())
			return
		}
		e.mu.Lock()
		e.objects[bucket+"/"+key] = body
		e.mu.Unlock()
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		body := e.file(bucket, key)
		if _, early := e.faults.next(r, NotReady); early || body == nil {
			// Who may not list a bucket isn't told what is not there.
			refuseXML(w, "s3", 403, "AccessDenied", "Access Denied")
			return
		}
		raw(w, body)
	default:
		refuseXML(w, "s3", 405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
}

// usable are the buckets of the policy AmazonBraketFullAccess.
func usable(bucket string) bool { return strings.HasPrefix(bucket, "amazon-braket-") }

// file is an object: what was put there, or of a result.
func (e *Braket) file(bucket, key string) []byte {
	e.mu.Lock()
	body, ok := e.objects[bucket+"/"+key]
	e.mu.Unlock()
	if ok {
		return body
	}
	for _, j := range e.all() {
		t := j.extra.(*braketTask)
		if t.bucket != bucket || !strings.HasPrefix(key, t.directory(j)+"/") {
			continue
		}
		if e.phaseOf(j) != completed {
			return nil
		}
		return e.resultFiles(j)[strings.TrimPrefix(key, t.directory(j)+"/")]
	}
	return nil
}
