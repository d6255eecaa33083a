package qasm

import (
	"os"
	"path/filepath"
	"testing"

	"qgan/qasm/syntax"
)

// largeFiles are read by the benchmark: gates of one and two qubits with long
// angles; relative to the corpus.
var largeFiles = []string{
	"qasmbench/large/multiplier_n400/multiplier_n400.qasm",
	"qasmbench/large/quantum_telecloning_N1_M100_LNN/Quantum_Telecloning_N1_M100_LNN.qasm3",
	"qasmbench/large/quantum_telecloning_N1_M100_all_to_all/Quantum_Telecloning_N1_M100_all_to_all.qasm3",
}

func large(b *testing.B, name string) []byte {
	b.Helper()
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		b.Skip("QGAN_SHARED is not set")
	}
	text, err := os.ReadFile(filepath.Join(shared, "corpus", filepath.FromSlash(name)))
	if err != nil {
		b.Fatal(err)
	}
	return text
}

func BenchmarkRead(b *testing.B) {
	for _, name := range largeFiles {
		b.Run(filepath.Base(name), func(b *testing.B) {
			text := large(b, name)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(name, text, ReadOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSyntax(b *testing.B) {
	text := string(large(b, largeFiles[0]))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		p := syntax.NewParser(&syntax.File{Name: "a", Text: text})
		for p.Next() != nil {
			p.Recycle()
		}
		if err := p.Errors().Err(); err != nil {
			b.Fatal(err)
		}
	}
}
