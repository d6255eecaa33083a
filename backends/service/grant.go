package service

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"qgan/backends"
	"qgan/internal/named"
)

// Grant is a processor that the scheduler of a cluster gave to the job in which the program
// runs, as the quantum resource management interface tells it (QRMI 0.26,
// https://github.com/qiskit-community/qrmi): a plugin of Slurm sets the variables for `sbatch
// --qpu=NAME`.
type Grant struct {
	Resource string // its name in the cluster
	Type     string // of QRMI
	Service  string // "": of a kind that no service here is
	prefixes []string
	getenv   func(string) string
}

// The variables that list what was given, and the older ones, which count where these are not
// set.
var (
	resourceLists = []string{"QRMI_JOB_QPU_RESOURCES", "SLURM_JOB_QPU_RESOURCES"}
	typeLists     = []string{"QRMI_JOB_QPU_TYPES", "SLURM_JOB_QPU_TYPES"}
)

// GrantKind is a type of QRMI's resources that a service is, and what the names of its
// variables begin with behind the resource's.
type GrantKind struct{ Type, Prefix string }

// Grants reads what was given; nil outside of such a job.
func Grants(getenv func(string) string, rows []Row) ([]Grant, error) {
	between := cmp.Or(getenv("QRMI_LIST_DELIMITER"), ",")
	list := func(names []string) (items []string, name string) {
		for _, name = range names {
			if text := getenv(name); text != "" {
				for _, item := range strings.Split(text, between) {
					items = append(items, strings.TrimSpace(item))
				}
				return items, name
			}
		}
		return nil, names[0]
	}
	resources, from := list(resourceLists)
	types, of := list(typeLists)
	if len(resources) != len(types) {
		return nil, backends.Refuse("%s names %d processors, and %s %d types", from, len(resources), of, len(types))
	}
	var out []Grant
	for i, r := range resources {
		g := Grant{Resource: r, Type: types[i], getenv: getenv}
		for _, row := range rows {
			for _, k := range row.Grants {
				if k.Type == g.Type {
					g.Service = row.Name
				}
			}
		}
		for _, row := range rows {
			for _, k := range row.Grants {
				if row.Name == g.Service { // all of them: a cluster may set names of before for a type of today
					g.prefixes = append(g.prefixes, k.Prefix)
				}
			}
		}
		out = append(out, g)
	}
	return out, nil
}

// Value is what a variable of the resource says, by the end of its name: IAM_APIKEY is that of
// ibm_torino_QRMI_IBM_QCS_IAM_APIKEY; the second result is that name.
func (g *Grant) Value(end string) (value, name string) {
	for _, prefix := range slices.Concat(g.prefixes, []string{"QRMI_"}) {
		name := g.Resource + "_" + prefix + end
		if value := g.getenv(name); value != "" {
			return value, name
		}
	}
	return "", g.Resource + "_" + g.prefixes[0] + end
}

// Need is Value of a variable that has to be set.
func (g *Grant) Need(end string) (value, name string, err error) {
	value, name = g.Value(end)
	if value == "" {
		err = fmt.Errorf("the scheduler gave %s (%s), and %s is not set: the cluster's administrator sets it", g.Resource, g.Type, name)
	}
	return value, name, err
}

// Device is the device's name at its service: IQM's have a colon where a variable's name can't
// have one.
func (g *Grant) Device() string {
	if i := strings.LastIndexByte(g.Resource, '_'); g.Service == "iqm" && i > 0 {
		return g.Resource[:i] + ":" + g.Resource[i+1:]
	}
	return g.Resource
}

// String is SERVICE:DEVICE, or what the cluster calls it where that is none.
func (g *Grant) String() string {
	if g.Service == "" {
		return g.Resource + " (" + g.Type + ")"
	}
	return g.Service + ":" + g.Device()
}

// GrantOf is the grant of a device of a service, of several the first; "" is any device. nil: it
// was not given.
func GrantOf(all []Grant, service, device string) *Grant {
	for i, g := range all {
		if g.Service == service && (device == "" || device == g.Device() || device == g.Resource) {
			return &all[i]
		}
	}
	return nil
}

// OnCluster says that the program runs in a job of a cluster, whose scheduler ends it with
// SIGTERM.
func OnCluster(getenv func(string) string) bool {
	return slices.ContainsFunc(slices.Concat(resourceLists, []string{"SLURM_JOB_ID"}), func(name string) bool { return getenv(name) != "" })
}

// Granted is SERVICE:DEVICE of the one processor that was given; "" where none was. Of several
// the user has to name one.
func Granted(getenv func(string) string, rows []Row) (string, error) {
	all, err := Grants(getenv, rows)
	if err != nil {
		return "", err
	}
	var here, others []string
	for _, g := range all {
		if g.Service == "" {
			others = append(others, g.String())
		} else {
			here = append(here, g.String())
		}
	}
	switch {
	case len(here) == 1:
		return here[0], nil
	case len(here) > 1:
		return "", named.Inputf("the scheduler gave %s: say which with {backend}", strings.Join(here, " and "))
	case len(others) > 0:
		return "", named.Inputf("the scheduler gave %s, which is no service here: name a {backend}", strings.Join(others, " and "))
	}
	return "", nil
}
