package braket

import (
	"errors"
	"fmt"
	"strings"

	"qgan/backends"
	"qgan/backends/service"
)

// deviceRow is a device of which we know where it is and what it costs.
type deviceRow struct {
	arn string
	// shot is the price of a shot in US dollars; 0: not known.
	shot float64
}

// The prices, and the price of a task on any processor, are those of Amazon's price page
// at the date; a device's own cost, which it tells per shot, counts where it is higher.
const (
	taskUSD     = 0.30
	priceDate   = "2026-11-25"
	priceSource = "https://aws.amazon.com/braket/pricing/"
)

// devices is the table. Simulators are paid by the time that they run, which is not known
// before.
var devices = []deviceRow{
	{"arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1", 0.08},
	{"arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1", 0.08},
	{"arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet", 0.00145},
	{"arn:aws:braket:eu-north-1::device/qpu/iqm/Emerald", 0.0016},
	{"arn:aws:braket:us-west-1::device/qpu/rigetti/Ankaa-3", 0.0009},
	{"arn:aws:braket:us-west-1::device/qpu/rigetti/Cepheus-1-108Q", 0.000425},
	{"arn:aws:braket:::device/quantum-simulator/amazon/sv1", 0},
	{"arn:aws:braket:::device/quantum-simulator/amazon/dm1", 0},
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
	return "", backends.Refuse("the device %q is not known by its name (known are %s): give its ARN, which `qgan devices list --service braket` shows", device, strings.Join(names, ", "))
}

// regionOf is the region of an ARN, "" where it has none.
func regionOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 5); len(parts) == 5 {
		return parts[3]
	}
	return ""
}

// Price is that of a task: of one on a processor, and of its shots.
func (c *Client) Price(programs []service.Program) (service.Price, bool) {
	if c.endpoint != "" {
		return service.Price{Basis: "not Amazon's address: free"}, true
	}
	c.mu.Lock()
	shot := 0.0
	if c.device != nil && strings.EqualFold(c.device.capabilities.Service.Cost.Unit, "shot") {
		shot = c.device.capabilities.Service.Cost.Price
	}
	c.mu.Unlock()
	for _, d := range devices {
		if d.arn != c.arn || d.shot == 0 {
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

// errSimulator is what Snapshot says of a simulator.
var errSimulator = errors.New("it is a simulator, which circuits are not compiled for: run them with --backend ideal or noisy")
