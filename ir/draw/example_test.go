package draw_test

import (
	"fmt"

	"qgan/ir"
	"qgan/ir/draw"
)

func ExampleText() {
	c := ir.New(2, 2)
	c.Gate(ir.H, []int{0})
	c.Gate(ir.CX, []int{0, 1})
	c.MeasureAll()
	fmt.Print(draw.Text(c, 80))
	// Output:
	//        ┌───┐   ┌───┐
	// q[0]: ─┤ H ├─●─┤ M ├───────
	//        └───┘ │ └─╥─┘ ┌───┐
	// q[1]: ───────⊕───╫───┤ M ├─
	//                  ║   └─╥─┘
	//  c/2: ═══════════╩═════╩═══
	//                  0     1
}
