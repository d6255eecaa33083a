package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"
)

// layer is the file system of an image on one kind of processor.
type layer struct {
	arch    string
	entries []entry
}

// rooted puts the files of an archive where an image has them: the program on the path, the
// licences beside, and a folder to work in that anybody may write to.
func rooted(entries []entry) []entry {
	out := []entry{{"tmp/", 0o1777, nil}, {"usr/local/bin/", 0o755, nil}, {"usr/share/doc/qgan/", 0o755, nil}, {"work/", 0o1777, nil}}
	for _, e := range entries {
		switch {
		case e.name == "qgan":
			out = append(out, entry{"usr/local/bin/qgan", 0o755, e.data})
		case !strings.Contains(e.name, "/"):
			out = append(out, entry{path.Join("usr/share/doc/qgan", e.name), 0o644, e.data})
		}
	}
	return out
}

// Media types of the parts of an image.
const (
	indexType    = "application/vnd.oci.image.index.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// blob is what an image is made of: bytes by their sum.
type blob map[string]any

// layout is the archive of an image: its blobs so far.
type layout struct{ entries []entry }

// add puts bytes into the archive and returns what refers to them.
func (l *layout) add(kind string, data []byte) blob {
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	l.entries = append(l.entries, entry{"blobs/sha256/" + sum, 0o644, data})
	return blob{"mediaType": kind, "digest": "sha256:" + sum, "size": len(data)}
}

// addJSON is add of an object.
func (l *layout) addJSON(kind string, object any) (blob, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return l.add(kind, data), nil
}

// image makes an archive of a container image for several kinds of processors (OCI image
// layout 1.0.0), which `podman load`, `docker load` and `skopeo copy oci-archive:` read. It
// holds the program alone, which runs as an unprivileged user.
func image(version string, at time.Time, layers []layer) ([]byte, error) {
	var l layout
	var manifests []blob
	for _, a := range layers {
		var plain, packed bytes.Buffer
		if err := writeTar(&plain, a.entries, at); err != nil {
			return nil, err
		}
		if err := packTar(&packed, a.entries, at); err != nil {
			return nil, err
		}
		config, err := l.addJSON(configType, blob{
			"created": at.Format(time.RFC3339), "architecture": a.arch, "os": "linux",
			"config": blob{
				"Entrypoint": []string{"qgan"}, "WorkingDir": "/work", "User": "65532:65532",
				"Env":    []string{"PATH=/usr/local/bin", "HOME=/work"},
				"Labels": blob{"org.opencontainers.image.version": version, "org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.title": "qgan"},
			},
			"rootfs":  blob{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(plain.Bytes()))}},
			"history": []blob{{"created": at.Format(time.RFC3339), "created_by": "make dist"}},
		})
		if err != nil {
			return nil, err
		}
		manifest, err := l.addJSON(manifestType, blob{"schemaVersion": 2, "mediaType": manifestType, "config": config, "layers": []blob{l.add(layerType, packed.Bytes())}})
		if err != nil {
			return nil, err
		}
		manifest["platform"] = blob{"architecture": a.arch, "os": "linux"}
		manifests = append(manifests, manifest)
	}
	index, err := l.addJSON(indexType, blob{"schemaVersion": 2, "mediaType": indexType, "manifests": manifests})
	if err != nil {
		return nil, err
	}
	index["annotations"] = blob{"org.opencontainers.image.ref.name": version, "io.containerd.image.name": "qgan:" + version}
	top, err := json.Marshal(blob{"schemaVersion": 2, "mediaType": indexType, "manifests": []blob{index}})
	if err != nil {
		return nil, err
	}
	l.entries = append(l.entries, entry{"index.json", 0o644, top}, entry{"oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`)})
	var out bytes.Buffer
	err = writeTar(&out, l.entries, at)
	return out.Bytes(), err
}
