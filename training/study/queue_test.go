package study

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qgan/internal/durable"
)

// The folder of a worker that joined has the plan and the lease of the board, and goes with
// the worker where nobody named it.
func TestFolderOfJoined(t *testing.T) {
	board, err := CreateFolder(durable.OS{}, t.TempDir(), squares(2), 7*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	named := filepath.Join(t.TempDir(), "scratch")
	for _, scratch := range []string{"", named} {
		j := &Joined{Board: board}
		if err := j.makeFolder(durable.OS{}, scratch); err != nil {
			t.Fatal(err)
		}
		dir := j.Folder.dir
		if j.Folder.Lease() != 7*time.Second || !cmp.Equal(j.Folder.Plan(), board.Plan()) || scratch != "" && dir != named {
			t.Errorf("folder %s: lease %v, plan %v", dir, j.Folder.Lease(), j.Folder.Plan())
		}
		if again, err := OpenFolder(durable.OS{}, dir); err != nil || again.Lease() != 7*time.Second {
			t.Errorf("the folder opened again: %+v, %v", again, err)
		}
		j.Close()
		if _, err := os.Stat(dir); (err == nil) != (scratch != "") {
			t.Errorf("folder %q after the end: %v", scratch, err)
		}
	}
}
