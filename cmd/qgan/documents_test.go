package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// sessions are the commands that a document shows in its console blocks, behind a dollar sign, with their lines.
func sessions(text string) map[int]string {
	found := map[int]string{}
	inside := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside && strings.HasPrefix(line, "$ "):
			found[i+1] = strings.TrimPrefix(line, "$ ")
		}
	}
	return found
}

// Every command that a document shows names a verb that is there, with flags that it has and values that
// they take, and no fewer arguments than it needs.
func TestDocumentsCommands(t *testing.T) {
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, path := range append(paths, "../../README.md") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line, command := range sessions(string(data)) {
			words := strings.Fields(command)
			if words[0] != "qgan" && words[0] != "bin/qgan" {
				continue
			}
			shown++
			for i, w := range words {
				if w == ">" || w == "&" || w == "|" || w == "#" {
					words = words[:i]
					break
				}
			}
			cmd, rest, err := newRootCmd(testApp()).Find(words[1:])
			if err != nil || !cmd.Runnable() {
				t.Errorf("%s:%d: %s: no such verb", path, line, command)
				continue
			}
			if err := cmd.ParseFlags(rest); err != nil && err != pflag.ErrHelp {
				t.Errorf("%s:%d: %s: %v", path, line, command, err)
				continue
			}
			if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
				t.Errorf("%s:%d: %s: %v", path, line, command, err)
			}
		}
	}
	if shown < 40 {
		t.Errorf("%d commands are shown, at least 40 are there", shown)
	}
}
