package training

import "context"

// tree is ObjectiveWGAN with exact expectations, for a memory that begins anew with
// each window: every beginning of a window is one circuit, and the law of all
// 2^(nt) windows is the product along the way to each.
type tree struct {
	gen      *Recurrent
	cube     *cubeObjective
	of       []history   // those of length 0, then 1, …
	reach    [][]float64 // probability of each beginning, by its length; windows last
	value    [][]float64 // mean of the critic over the windows that begin so
	laws, up []float64
}

func newTree(c Config, g *Recurrent, net *Critic, d *Data) (*tree, error) {
	table, err := d.States.Table()
	if err != nil {
		return nil, err
	}
	r := &tree{gen: g, cube: newCubeObjective(c, net, table)}
	for k, size := 0, 1; k <= c.Timesteps; k, size = k+1, size*g.words() {
		r.reach, r.value = append(r.reach, make([]float64, size)), append(r.value, make([]float64, size))
		for p := 0; p < size && k < c.Timesteps; p++ {
			past := make([]uint32, k)
			for j, rest := k-1, p; j >= 0; j, rest = j-1, rest/g.words() {
				past[j] = uint32(rest % g.words())
			}
			r.of = append(r.of, history{past, g.circuit(k)})
		}
	}
	r.laws = make([]float64, len(r.of)*g.words())
	r.up = make([]float64, len(r.laws))
	r.reach[0][0] = 1
	r.reach[c.Timesteps] = r.cube.law
	return r, nil
}

// spread fills reach, and with it the law of all windows, from the laws.
func (r *tree) spread() {
	laws := r.laws
	for k, from := range r.reach[:len(r.reach)-1] {
		for i, p := range laws[:len(from)*r.gen.words()] {
			r.reach[k+1][i] = from[i/r.gen.words()] * p
		}
		laws = laws[len(from)*r.gen.words():]
	}
}

func (r *tree) critic(ctx context.Context, u update, grad []float64, out *Losses) error {
	if err := r.gen.laws(ctx, u.params, r.of, r.laws); err != nil {
		return err
	}
	r.spread()
	r.cube.descend(u.draw, grad, out)
	return nil
}

func (r *tree) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	if err := r.gen.forward(ctx, u.params, r.of, r.laws); err != nil {
		return err
	}
	r.spread()
	last := len(r.reach) - 1
	copy(r.value[last], r.cube.values())
	end := len(r.laws)
	for k := last - 1; k >= 0; k-- {
		size := len(r.value[k+1])
		laws, up := r.laws[end-size:end], r.up[end-size:end]
		end -= size
		clear(r.value[k])
		for i, p := range laws {
			from := i / r.gen.words()
			up[i] = -r.reach[k][from] * r.value[k+1][i]
			r.value[k][from] += p * r.value[k+1][i]
		}
	}
	out.Generator = -r.value[0][0]
	out.Count = meanCount(r.cube.law)
	return r.gen.backward(ctx, r.up, grad)
}

// meanCount is the mean number of ones of a law over states.
func meanCount(law []float64) float64 {
	sum := 0.0
	for x, p := range law {
		sum += p * float64(popcount(uint32(x)))
	}
	return sum
}
