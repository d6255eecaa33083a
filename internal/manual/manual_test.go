package manual

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spf13/cobra"
)

// shop is a small tree of commands.
func shop() *cobra.Command {
	none := func(*cobra.Command, []string) {}
	root := &cobra.Command{Use: "shop", Short: "Sell things"}
	sell := &cobra.Command{
		Use: "sell THING|FILE", Short: "Sell a thing", Run: none,
		Long: "Sell a thing to whoever\npays most.\n\nThings:\n\n  tea   what is drunk in the afternoon, and in some countries from the morning on as well\n  salt  what is not\n",
		Example: `  shop sell tea --price 3
  shop sell salt --price 12 --colour white --paper "brown and thin" --note "what the buyer said of it"`,
	}
	sell.Flags().Int("price", 0, "what is asked for it, in cents (0: what it cost)")
	sell.Flags().String("colour", "white", "its colour")
	sell.Flags().String("paper", "", "what it is wrapped in, such as --paper <thin>")
	sell.Flags().StringArray("note", nil, "a note (can be repeated)")
	sell.Flags().String("town", "", "where to")
	sell.Flags().Bool("json", false, "print one JSON object")
	root.AddCommand(sell)
	stock := &cobra.Command{Use: "stock", Short: "Look at the stock"}
	for _, name := range []string{"count", "value"} {
		c := &cobra.Command{Use: name, Short: strings.ToUpper(name[:1]) + name[1:] + " what is there", Run: none}
		c.Flags().String("town", "", "where, of many")
		stock.AddCommand(c)
	}
	hidden := &cobra.Command{Use: "__secret", Short: "Hidden", Hidden: true, Run: none}
	root.AddCommand(stock, hidden)
	return root
}

// texts are those beside the shop.
func texts() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"flags.txt": file("# what flags take\n[Money]\nprice CENTS\n[Looks]\ncolour white|black\npaper FILE\nnote TEXT\nstock:town TOWN\n[Output]\njson\ntown NAME\n"),
		"json.txt":  file("[sell]\nprice  what was paid\nnotes[].{at,text}  the notes\n"),
		"front.md":  file("# The shop\n"), "back.md": file("## The end\n"), "sell.md": file("### More\n\nSo it is.\n"),
	}
}

func theShop(t *testing.T) (*Book, *cobra.Command) {
	t.Helper()
	root := shop()
	b, err := Read(root, texts(), map[string][]string{"TOWN": {"Uppsala", "Tartu"}})
	if err != nil {
		t.Fatal(err)
	}
	return b, root
}

func find(t *testing.T, root *cobra.Command, path ...string) *cobra.Command {
	t.Helper()
	c, _, err := root.Find(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestHelp(t *testing.T) {
	b, root := theShop(t)
	var out bytes.Buffer
	if err := b.Help(&out, find(t, root, "sell"), 50); err != nil {
		t.Fatal(err)
	}
	const want = `Sell a thing to whoever pays most.

Things:

  tea   what is drunk in the afternoon, and in
        some countries from the morning on as well
  salt  what is not

Usage:
  shop sell THING|FILE [FLAG]…

Examples:
  shop sell tea --price 3
  shop sell salt --price 12 --colour white \
    --paper "brown and thin" \
    --note "what the buyer said of it"

Money:
  --price CENTS         What is asked for it, in
                        cents. Default: what it
                        cost.

Looks:
  --colour white|black  Its colour. Default:
                        white.
  --paper FILE          What it is wrapped in,
                        such as --paper <thin>.
  --note TEXT           A note. Can be repeated.

Output:
  --json                Print one JSON object.
  --town NAME           Where to.
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
	out.Reset()
	if err := b.Help(&out, root, 80); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "  sell   Sell a thing.\n  stock  Look at the stock.\n") || strings.Contains(text, "secret") || !strings.Contains(text, "  shop VERB\n") {
		t.Errorf("got\n%s", text)
	}
	if err := b.Help(broken{}, root, 80); err == nil {
		t.Error("a help that could not be written is no error")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, fs.ErrClosed }

func TestDocument(t *testing.T) {
	b, _ := theShop(t)
	got := string(b.Document())
	for _, want := range []string{
		"# The shop\n\n## Verbs\n\n| verb | what it does |\n|---|---|\n| [`sell`](#sell) | Sell a thing. |\n| [`stock`](#stock) | Look at the stock. |\n",
		"\n## sell\n\n    shop sell THING|FILE [FLAG]…\n\nSell a thing to whoever pays most.\n",
		"\n```sh\nshop sell tea --price 3\n",
		"\n| money | value | default | what it does |\n|---|---|---|---|\n| `--price` | `CENTS` | what it cost | What is asked for it, in cents. |\n",
		"| `--colour` | `white\\|black` | `white` | Its colour. |\n",
		"| `--paper` | `FILE` |  | What it is wrapped in, such as `--paper` `<thin>`. |\n",
		"| field of `--json` | what it is |\n|---|---|\n| `price` | What was paid. |\n| `notes[].{at,text}` | The notes. |\n",
		"\n### More\n\nSo it is.\n",
		"\n## stock\n\n    shop stock count|value [FLAG]…\n",
		"| `--town` | `Uppsala\\|Tartu` |  | Where, of many. |\n",
		"\n## The end\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
}

// A page of the manual is what man(7) reads: no line that begins a request by chance, and no
// hyphen that becomes another sign.
func TestPages(t *testing.T) {
	b, _ := theShop(t)
	pages := b.Pages()
	if names := sorted(pages); !slices.Equal(names, []string{"shop-sell.1", "shop-stock-count.1", "shop-stock-value.1", "shop-stock.1", "shop.1"}) {
		t.Errorf("pages %q", names)
	}
	page := string(pages["shop-sell.1"])
	for _, want := range []string{
		".SH NAME\nshop\\-sell \\- sell a thing\n", ".SH SYNOPSIS\n", ".SS Money\n.TP\n.B \\-\\-price CENTS\nWhat is asked for it, in cents. Default: what it cost.\n",
		".SH JSON\n", ".SH EXAMPLES\n.nf\nshop sell tea \\-\\-price 3\n", ".SH \"SEE ALSO\"\n\\fBshop\\fR(1)\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %q in\n%s", want, page)
		}
	}
	for text, want := range map[string]string{".so": `\&.so`, "'tis": `\&'tis`, `a\b`: `a\eb`, "a-b": `a\-b`} {
		if got := roff(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	again, _ := theShop(t)
	for name, data := range again.Pages() {
		if !bytes.Equal(data, pages[name]) {
			t.Errorf("%s is another one the second time", name)
		}
	}
}

func TestCheck(t *testing.T) {
	b, _ := theShop(t)
	if err := b.Check(); err != nil {
		t.Error(err)
	}
	wrong := texts()
	wrong["flags.txt"] = &fstest.MapFile{Data: []byte("[Money]\nprice CENTS\nsize CM\nnote TEXT\npaper FILE\njson\ntown TOWN\n")}
	wrong["json.txt"] = &fstest.MapFile{Data: []byte("[steal]\nprice  none\n")}
	wrong["lend.md"] = &fstest.MapFile{Data: []byte("Lend.\n")}
	b, err := Read(shop(), wrong, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := b.Check().Error()
	for _, want := range []string{"no row for the flag colour of sell", "a row size that is no flag's", "about steal, which is no verb", "about lend, which is no verb", "no fields of sell"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not told in %q", want, got)
		}
	}
	for name, text := range map[string]string{"flags.txt": "price CENTS\n", "json.txt": "[sell]\nprice what\n"} {
		bad := texts()
		bad[name] = &fstest.MapFile{Data: []byte(text)}
		if _, err := Read(shop(), bad, nil); err == nil || !strings.Contains(err.Error(), name+": line ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "its colour": "Its colour.", "e_L_Q of it": "e_L_Q of it.", "effort: 0": "Effort: 0.", "Why?": "Why?", "seed:N": "Seed:N.", "3 of them": "3 of them.",
	} {
		if got := sentence(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCandidates(t *testing.T) {
	sources := Sources{
		"RUN":            func(string) []string { return []string{"runs/a", "runs/b", "rest"} },
		"SERVICE:DEVICE": func(string) []string { return []string{"ibm:", "ionq:"} },
	}
	for _, c := range []struct {
		value, typed string
		want         []string
		files, space bool
	}{
		{"none|full", "", []string{"none", "full"}, false, true},
		{"none|full", "f", []string{"full"}, false, true},
		{"RUN|FILE.qasm", "runs/", []string{"runs/a", "runs/b"}, true, true},
		{"FILE", "x", nil, true, true},
		{"N", "", nil, false, true},
		{"SERVICE:DEVICE", "ib", []string{"ibm:"}, false, false},
		{"SERVICE:DEVICE", "i", []string{"ibm:", "ionq:"}, false, true},
		{"odd|even|A:B", "", []string{"odd", "even"}, false, true},
	} {
		got, directive := sources.candidates(c.value, c.typed)
		files, space := directive&cobra.ShellCompDirectiveNoFileComp == 0, directive&cobra.ShellCompDirectiveNoSpace == 0
		if !slices.Equal(got, c.want) || files != c.files || space != c.space {
			t.Errorf("%s after %q: %q, files %v, space %v", c.value, c.typed, got, files, space)
		}
	}
	f := sources.args("[RUN] FILE…")
	if got, _ := f(nil, nil, "re"); !slices.Equal(got, []string{"rest"}) {
		t.Errorf("first argument: %q", got)
	}
	if _, d := f(nil, []string{"a", "b", "c"}, ""); d != cobra.ShellCompDirectiveDefault {
		t.Errorf("a repeated argument: %v", d)
	}
	if _, d := sources.args("RUN")(nil, []string{"a"}, ""); d != cobra.ShellCompDirectiveNoFileComp {
		t.Errorf("an argument too many: %v", d)
	}
}

func TestFolders(t *testing.T) {
	disk := fstest.MapFS{"runs/a/manifest.json": {}, "runs/b/x": {}, "c/manifest.json": {}, "file": {}}
	list := func(dir string) ([]fs.DirEntry, error) { return disk.ReadDir(dir) }
	accept := func(dir string) bool { _, err := disk.Stat(dir + "/manifest.json"); return err == nil }
	for typed, want := range map[string][]string{"": {"c", "runs/a"}, "ru": {"runs/a"}, "runs/": {"runs/a"}, "runs/b": nil, "c": {"c"}} {
		if got := Folders(list, typed, accept); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

// The script for bash works in a shell that has no package bash-completion.
func TestBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	b, _ := theShop(t)
	var script bytes.Buffer
	if err := b.Bash(&script, true); err != nil {
		t.Fatal(err)
	}
	// The program answers with what it was asked, as one proposal.
	script.WriteString(`
compopt() { :; }
shop() { printf 'ibm:torino\tA processor\nibm:fez\n:4\n'; }
COMP_LINE="$1"; COMP_POINT=${#1}; COMP_TYPE=63
COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
__start_shop
printf '%s|' "${COMPREPLY[@]}"
`)
	for line, want := range map[string]string{
		"shop sell --to ibm:": "torino", "shop sell --to ibm:t": "torino", "shop sell ": "ibm:torino", "shop sell --to=ibm:f": "fez",
	} {
		cmd := exec.Command(bash, "--norc", "--noprofile", "-c", script.String(), "bash", line)
		cmd.Env = append(os.Environ(), "COLUMNS=80")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "command not found") {
			t.Errorf("%q: %q, %v", line, out, err)
		}
	}
}
