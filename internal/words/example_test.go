package words_test

import (
	"fmt"
	"os"
	"time"

	"qgan/internal/words"
)

func Example() {
	error := 0.0123
	fmt.Println(words.Count(1, "qubit"), words.Count(3, "gate"))
	fmt.Println(words.Figure(&error, "%.2g"), words.Figure(nil, "%.2g"))
	fmt.Println(words.Age(50 * time.Hour))
	t := words.NewTable(os.Stdout)
	t.Row("qubit", "error")
	t.Row("12", words.Figure(&error, "%.2g"))
	t.Flush()
	// Output:
	// 1 qubit 3 gates
	// 0.012 –
	// 50 h
	// qubit  error
	// 12     0.012
}
