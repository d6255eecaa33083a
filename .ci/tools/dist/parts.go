package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// licences are the texts of the licences of modules, by their paths; "" is Go's own.
type licences map[string][]licence

// licence is a file of a licence.
type licence struct {
	name string
	text []byte
}

// named are the files of a module that hold its licence.
var named = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// readLicences reads the licences of all modules that the project may be built from.
func readLicences(root string) (licences, error) {
	cmd := exec.Command("go", "list", "-m", "-json", "all")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -m: %w", err)
	}
	all := licences{}
	if all[""], err = licencesIn(runtime.GOROOT()); err != nil {
		return nil, err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Path, Dir string
			Main      bool
		}
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if m.Main || m.Dir == "" { // not fetched, so nothing of it is built
			continue
		}
		if all[m.Path], err = licencesIn(m.Dir); err != nil {
			return nil, err
		}
	}
}

// licencesIn reads the licences that lie in a folder, or below it in one of their own.
func licencesIn(dir string) (found []licence, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.IsDir() && f.Name() == "licenses" {
			texts, err := filepath.Glob(filepath.Join(dir, f.Name(), "*.txt"))
			if err != nil {
				return nil, err
			}
			for _, path := range texts {
				text, err := os.ReadFile(path)
				if err != nil {
					return nil, err
				}
				found = append(found, licence{"licenses/" + filepath.Base(path), text})
			}
		}
		if f.IsDir() || !named.MatchString(f.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		found = append(found, licence{f.Name(), text})
	}
	return found, nil
}

// marks are words by which the text of a licence is known, and its name in SPDX; the first that
// fits a text counts. A text that chooses between others names them.
var marks = []struct{ words, id string }{
	{"exactly one of the following two licenses: * The FreeType License", "(FTL OR GPL-2.0-or-later)"},
	{"The FreeType Project LICENSE", ""},
	{"GNU GENERAL PUBLIC LICENSE Version 2", ""},
	{"SIL OPEN FONT LICENSE Version 1.1", "OFL-1.1"},
	{"Creative Commons Attribution 4.0 International", "CC-BY-4.0"},
	{"Apache License", "Apache-2.0"},
	{"Mozilla Public License", "MPL-2.0"},
	{"Permission is hereby granted, free of charge", "MIT"},
	{"Permission to use, copy, modify, and/or distribute", "ISC"},
	{"Neither the name", "BSD-3-Clause"},
	{"Redistribution and use in source and binary forms", "BSD-2-Clause"},
}

// idOf is the name in SPDX of the licences that a module's files hold, all of which count.
func idOf(files []licence) string {
	var ids []string
	for _, f := range files {
		text := strings.Join(strings.Fields(string(f.text)), " ")
		for _, m := range marks {
			if strings.Contains(text, m.words) {
				if m.id != "" && !slices.Contains(ids, m.id) {
					ids = append(ids, m.id)
				}
				break
			}
		}
	}
	if len(ids) == 0 {
		return "NOASSERTION"
	}
	return strings.Join(ids, " AND ")
}

// part is a module in a program.
type part struct{ path, version string }

// parts tells what is in a program: a list in SPDX 2.3 and the texts of the licences. A module
// without one is an error, since it could not be given on.
func (r *release) parts(file string, program []byte, goos, goarch string) (list, text []byte, err error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	parts := []part{{"", strings.TrimPrefix(info.GoVersion, "go")}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		parts = append(parts, part{m.Path, m.Version})
	}
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.path, b.path) })
	var t bytes.Buffer
	fmt.Fprintf(&t, "What is in this program and was written by others, with its licences.\n")
	for _, p := range parts {
		files := r.licences[p.path]
		if len(files) == 0 {
			return nil, nil, fmt.Errorf("%s %s: no file of a licence was found", p.path, p.version)
		}
		fmt.Fprintf(&t, "\n%s\n%s %s (%s)\n", strings.Repeat("=", 80), p.title(), p.version, idOf(files))
		for _, f := range files {
			fmt.Fprintf(&t, "%s\n%s\n\n%s\n", strings.Repeat("-", 80), f.name, bytes.TrimSpace(f.text))
		}
	}
	list, err = r.spdx(parts, program, goos, goarch)
	return list, t.Bytes(), err
}

// title is a part's name for people.
func (p part) title() string {
	if p.path == "" {
		return "the Go standard library"
	}
	return p.path
}

// spdx lists the parts of a program.
func (r *release) spdx(parts []part, program []byte, goos, goarch string) ([]byte, error) {
	type object = map[string]any
	sum := fmt.Sprintf("%x", sha256.Sum256(program))
	packages := []object{{
		"name": "qgan", "SPDXID": "SPDXRef-qgan", "versionInfo": r.version, "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
		"licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION", "primaryPackagePurpose": "APPLICATION",
		"checksums": []object{{"algorithm": "SHA256", "checksumValue": sum}},
	}}
	relations := []object{{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-qgan"}}
	odd := regexp.MustCompile(`[^A-Za-z0-9.-]+`)
	for _, p := range parts {
		name, purl := p.path, "pkg:golang/"+p.path+"@"+p.version
		if p.path == "" {
			name, purl = "stdlib", "pkg:golang/stdlib@"+p.version
		}
		id := "SPDXRef-" + odd.ReplaceAllString(name, "-")
		packages = append(packages, object{
			"name": name, "SPDXID": id, "versionInfo": p.version, "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
			"licenseConcluded": idOf(r.licences[p.path]), "licenseDeclared": idOf(r.licences[p.path]), "copyrightText": "NOASSERTION",
			"externalRefs": []object{{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}},
		})
		relations = append(relations, object{"spdxElementId": "SPDXRef-qgan", "relationshipType": "CONTAINS", "relatedSpdxElement": id})
	}
	document := object{
		"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
		"name":              fmt.Sprintf("qgan_%s_%s_%s", r.version, goos, goarch),
		"documentNamespace": "urn:qgan:spdx:" + r.version + ":" + goos + "-" + goarch + ":" + sum[:32],
		"creationInfo":      object{"created": r.at.Format(time.RFC3339), "creators": []string{"Tool: qgan-dist"}},
		"packages":          packages, "relationships": relations,
	}
	data, err := json.MarshalIndent(document, "", "  ")
	return append(data, '\n'), err
}
