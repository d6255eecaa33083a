package braket

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/internal/named"
)

// deviceRow is a device of which we know where it is and what it costs.
type deviceRow struct {
	arn string
	// shot is the price of a shot, minute that of a simulator's minute, in US dollars; 0: not
	// known.
	shot, minute float64
}

// The prices, and the price of a task on any processor, are those of Amazon's price page
// at the date; a device's own cost, which it tells per shot, counts where it is higher.
const (
	taskUSD     = 0.30
	priceDate   = "2026-11-25"
	priceSource = "https://aws.amazon.com/braket/pricing/"
)

// devices is the table.
var devices = []deviceRow{
	{"arn:aws:braket:eu-north-1::device/qpu/aqt/Ibex-Q1", 0.0235, 0}, // by code of others; the page of prices was not seen
	{"arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1", 0.08, 0},
	{"arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1", 0.08, 0},
	{"arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet", 0.00145, 0},
	{"arn:aws:braket:eu-north-1::device/qpu/iqm/Emerald", 0.0016, 0},
	{"arn:aws:braket:us-west-1::device/qpu/rigetti/Ankaa-3", 0.0009, 0},
	{"arn:aws:braket:us-west-1::device/qpu/rigetti/Cepheus-1-108Q", 0.000425, 0},
	{"arn:aws:braket:::device/quantum-simulator/amazon/sv1", 0, simulatorUSD},
	{"arn:aws:braket:::device/quantum-simulator/amazon/dm1", 0, simulatorUSD},
}

// regions are those with devices ("Amazon Braket supported regions and devices").
var regions = []string{"us-east-1", "us-west-1", "us-west-2", "eu-west-2", "eu-north-1"}

// defaultRegion is where simulators run and devices are asked for when nothing else is set.
const defaultRegion = "us-east-1"

// nameOf is the last part of an ARN.
func nameOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// ARN returns the full name of a device that is called by it or by its last part, in any
// case, as in Garnet.
func ARN(device string) (string, error) {
	if strings.HasPrefix(device, "arn:") {
		if parts := strings.Split(device, ":"); len(parts) != 6 || parts[2] != "braket" || !strings.HasPrefix(parts[5], "device/") || len(device) > 256 {
			return "", backends.Refuse("%s names no device of Braket: it is arn:aws:braket:REGION::device/…", device)
		}
		return device, nil
	}
	var names []string
	for _, d := range devices {
		if strings.EqualFold(nameOf(d.arn), device) {
			return d.arn, nil
		}
		names = append(names, nameOf(d.arn))
	}
	return "", named.Inputf("the device %q is not known by its name (known are %s): give its ARN, which `qgan devices list {service} braket` shows", device, strings.Join(names, ", "))
}

// regionOf is the region of an ARN, "" where it has none.
func regionOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 5); len(parts) == 5 {
		return parts[3]
	}
	return ""
}

// Price is that of a task: of one on a processor, and of its shots.
func (c *Client) Price(_ context.Context, programs []service.Program) (service.Price, bool) {
	if free, ok := c.Gratis(); ok {
		return free, true
	}
	if usd, ok := c.minute(); ok {
		return simulatorPrice(c.Device(), usd, programs), true
	}
	c.mu.Lock()
	shot := 0.0
	if c.device != nil && strings.EqualFold(c.device.capabilities.Service.Cost.Unit, "shot") {
		shot = c.device.capabilities.Service.Cost.Price
	}
	c.mu.Unlock()
	for _, d := range devices {
		if d.arn != c.Device() || d.shot == 0 {
			continue
		}
		shot = max(shot, d.shot)
		shots := 0
		for _, p := range programs {
			shots += p.Shots
		}
		return service.Price{USD: taskUSD + shot*float64(shots), Basis: fmt.Sprintf("$%.2f a task + $%g a shot, %s", taskUSD, shot, priceDate), Source: priceSource}, true
	}
	return service.Price{}, false
}

// limitsSource is where the bounds come from; those of a device are its own.
const limitsSource = "the device's capabilities; Amazon Braket quotas: 20 tasks a second"

// tasksPerMinute is the quota of new tasks, 20 a second.
const tasksPerMinute = 20 * 60

// Devices lists the devices of the account's region; without one those of all regions, but
// for regions that the account may not ask.
func (c *Client) Devices(ctx context.Context) ([]service.DeviceInfo, error) {
	where := []string{c.account.Region}
	if c.account.Region == "" {
		where = regions
	}
	out := []service.DeviceInfo{}
	var refusal error
	seen := map[string]bool{}
	for _, region := range where {
		rest, err := c.service("braket", cmp.Or(region, defaultRegion))
		if err != nil {
			return nil, err
		}
		found, err := search(ctx, rest)
		switch {
		case service.StatusOf(err) == http.StatusForbidden && len(where) > 1:
			refusal = err
			continue
		case err != nil:
			return nil, err
		}
		for _, d := range found {
			if !seen[d.Name] { // simulators are in all of them
				seen[d.Name] = true
				out = append(out, d)
			}
		}
	}
	if len(out) == 0 && refusal != nil {
		return nil, refusal
	}
	return out, nil
}

// pages bounds how long a list is read.
const pages = 50

func search(ctx context.Context, rest *service.REST) (out []service.DeviceInfo, err error) {
	next := ""
	for range pages {
		q := map[string]any{"filters": []any{}, "maxResults": 100}
		if next != "" {
			q["nextToken"] = next
		}
		var answer struct {
			Devices []struct {
				ARN      string `json:"deviceArn"`
				Type     string `json:"deviceType"`
				Status   string `json:"deviceStatus"`
				Provider string `json:"providerName"`
			} `json:"devices"`
			Next *string `json:"nextToken"`
		}
		if err := ask(ctx, rest, http.MethodPost, "devices", q, &answer); err != nil {
			return nil, err
		}
		for _, d := range answer.Devices {
			if d.Status != "RETIRED" {
				out = append(out, service.DeviceInfo{Name: d.ARN, Status: strings.ToLower(d.Status)})
			}
		}
		if answer.Next == nil || *answer.Next == "" {
			break
		}
		next = *answer.Next
	}
	return out, nil
}

// device is what a device tells of itself.
type device struct {
	Type         string `json:"deviceType"`
	Status       string `json:"deviceStatus"`
	Capabilities string `json:"deviceCapabilities"`
	Reason       *struct {
		Reason string `json:"reason"`
	} `json:"deviceStatusReason"`

	capabilities capabilities
	snapshot     *calibration.Snapshot
}

// capabilities are what of them a submission is held against.
type capabilities struct {
	Service struct {
		Shots []int `json:"shotsRange"`
		Cost  struct {
			Price float64 `json:"price"`
			Unit  string  `json:"unit"`
		} `json:"deviceCost"`
	} `json:"service"`
	Action map[string]struct {
		PartialBox *bool `json:"supportsPartialVerbatimBox"`
		AllQubits  bool  `json:"requiresAllQubitsMeasurement"`
		Circuits   int   `json:"maximumExecutables"`
		TotalShots int   `json:"maximumTotalShots"`
		// Operations are gates that it takes beside its native ones.
		Operations []string `json:"supportedOperations"`
	} `json:"action"`
	Paradigm struct {
		Qubits       int `json:"qubitCount"`
		Connectivity struct {
			Full bool `json:"fullyConnected"`
		} `json:"connectivity"`
	} `json:"paradigm"`
}

// The names of what devices run.
const (
	actionProgram = "braket.ir.openqasm.program"
	actionSet     = "braket.ir.openqasm.program_set"
)

// Detail tells a device's qubits and how many tasks wait for it.
func (c *Client) Detail(ctx context.Context, d service.DeviceInfo) (service.DeviceInfo, error) {
	rest, err := c.service("braket", cmp.Or(regionOf(d.Name), c.account.Region, defaultRegion))
	if err != nil {
		return d, err
	}
	a, err := rest.Describe(ctx, d.Name, "device/"+escape(d.Name))
	if err != nil {
		return d, err
	}
	var answer struct {
		Status       string `json:"deviceStatus"`
		Capabilities string `json:"deviceCapabilities"`
		Queues       []struct {
			Queue    string `json:"queue"`
			Size     string `json:"queueSize"` // of many ">4000"
			Priority string `json:"queuePriority"`
		} `json:"deviceQueueInfo"`
	}
	if err := rest.JSON(a, &answer); err != nil {
		return d, err
	}
	d.Status = strings.ToLower(cmp.Or(answer.Status, d.Status))
	var own struct {
		Paradigm struct {
			Qubits int `json:"qubitCount"`
		} `json:"paradigm"`
	}
	if json.Unmarshal([]byte(answer.Capabilities), &own) == nil {
		d.Qubits = own.Paradigm.Qubits
	}
	for _, q := range answer.Queues {
		if n, err := strconv.Atoi(strings.Trim(q.Size, "> +")); err == nil && q.Queue == "QUANTUM_TASKS_QUEUE" && q.Priority != "Priority" {
			d.Queue = &n
		}
	}
	return d, nil
}

// Snapshot reads the device's calibration data.
func (c *Client) Snapshot(ctx context.Context) (*calibration.Snapshot, error) {
	a, err := c.rest.Describe(ctx, c.Device(), "device/"+escape(c.Device()))
	if err != nil {
		return nil, err
	}
	d := &device{}
	if err := c.rest.JSON(a, d); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(d.Capabilities), &d.capabilities); err != nil {
		return nil, fmt.Errorf("braket: the capabilities of %s can't be read: %w", c.Device(), err)
	}
	if d.simulated() {
		err = d.simulator(c.Device())
	} else {
		d.snapshot, err = calibration.Read(calibration.File{Name: "capabilities of " + c.Device(), Data: a.Body})
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.device = d
	c.mu.Unlock()
	return d.snapshot, nil
}

// known is the device as it was last read.
func (c *Client) known(ctx context.Context) (*device, error) {
	c.mu.Lock()
	d := c.device
	c.mu.Unlock()
	if d != nil {
		return d, nil
	}
	if _, err := c.Snapshot(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.device, nil
}

// Limits are the device's.
func (c *Client) Limits(ctx context.Context) (service.Limits, error) {
	d, err := c.known(ctx)
	if err != nil {
		return service.Limits{}, err
	}
	l := service.Limits{Programs: 1, EqualShots: true, PerMinute: tasksPerMinute, Source: limitsSource}
	if c.Local() {
		l.PerMinute = 0 // a quota of Amazon's; who answers elsewhere says so with 429
	} else if !d.simulated() { // simulators have none
		l.Left = c.left(ctx)
	}
	if set, ok := d.capabilities.Action[actionSet]; ok {
		l.Programs, l.TotalShots = max(1, set.Circuits), set.TotalShots
	}
	if r := d.capabilities.Service.Shots; len(r) == 2 {
		l.MinShots, l.MaxShots = max(1, r[0]), r[1] // of a simulator 0 asks for laws, which are not read
	}
	if d.Status != "ONLINE" {
		l.Maintenance = strings.ToLower(d.Status)
		if d.Reason != nil {
			l.Maintenance += " (" + d.Reason.Reason + ")"
		}
	}
	return l, nil
}
