package study

import (
	"fmt"
	"math"
	"strings"

	"qgan/metrics/report"
)

// ---- gradient variance against shots

func shotNoisePlan(o Options) Plan {
	return plan("shot-noise", o, part{
		Kind:     "gradient",
		Seeds:    o.seeds(5, 2),
		Settings: map[string]any{"layers": 5, "repeats": pick(o.Quick, 60, 400)},
		Grid: map[string]any{
			"neurons": pick(o.Quick, list(2, 4), list(2, 4, 6)),
			"shots":   pick(o.Quick, list(10, 100, 1000), list(10, 32, 100, 316, 1000, 3162, 10000)),
			"latents": list(1, 16),
		},
	})
}

func shotNoisePage(t Table) report.Study {
	s := t.page("Variance of gradients against shots")
	for _, latents := range t.values("latents") {
		f := report.XY{
			Name: "variance_latents_" + latents, Title: fmt.Sprintf("Variance of a derivative, %s a gradient", counted(latents, "latent vector")),
			X: "shots of each shifted circuit", Y: "variance", LogX: true, LogY: true,
			Caption: "Variance of the estimates over repetitions (points, quartiles over the seeds) and the part of it that shots make, as the estimates tell (dashed); what is left at many shots is that of the latent vectors.",
		}
		for _, n := range t.values("neurons") {
			rows := t.rowsWhere("variance", map[string]string{"neurons": n, "latents": latents})
			f.Series = append(f.Series, curve(n+" neurons", rows, "shots", "variance"))
			part := curve(n+" neurons, due to shots", rows, "shots", "shot_part")
			part.Reference, part.Own, part.Low, part.High = true, true, nil, nil
			f.Series = append(f.Series, part)
			_, slope, half := powerLaw(part.X, part.Y)
			_, all, allHalf := powerLaw(f.Series[len(f.Series)-2].X, f.Series[len(f.Series)-2].Y)
			s.Says = append(s.Says, fmt.Sprintf("%s, %s: the part due to shots falls as shots^(%.3f ± %.3f) (95 %%), the whole variance as shots^(%.3f ± %.3f).", counted(n, "neuron"), counted(latents, "latent vector"), slope, half, all, allHalf))
		}
		s.Figures = append(s.Figures, f)
	}
	s.Says = append(s.Says, "What an estimate from a single latent vector owes to it can't be told from that estimate: there the dashed line is below the points by that part.")
	s.Says = append(s.Says, "Without bias the part due to shots falls as 1/shots. More shots stop helping where the latent vectors' part takes over: then more latent vectors help, not more shots.",
		"The gradients are of a random function of the outcome at random angles; those of a trained critic are smaller at the end of training.")
	s.Tables = []report.Table{t.pageTable("All figures")}
	return s
}

// ---- plateau

func plateauPlan(o Options) Plan {
	return plan("plateau", o, part{
		Kind:     "plateau",
		Seeds:    o.seeds(1, 1),
		Settings: map[string]any{"draws": pick(o.Quick, 200, 3000)},
		Grid: map[string]any{
			"neurons":    pick(o.Quick, list(2, 4, 6), list(2, 4, 6, 8, 10)),
			"layers":     pick(o.Quick, list(2, 5), list(2, 5, 10)),
			"observable": list("Z_0", "Z_last", "parity", "silence", "rate", "critic"),
		},
	})
}

func plateauPage(t Table) report.Study {
	s := t.page("How gradients shrink with the circuit")
	for _, layers := range t.values("layers") {
		v := report.XY{
			Name: "variance_layers_" + layers, Title: "Variance of a derivative, " + layers + " layers", X: "neurons", Y: "variance over random angles", LogY: true,
			Caption: "Variance, over angles drawn from all, of the derivative by the RY of neuron 0 in the middle layer. A straight line is an exponential fall.",
		}
		n := report.XY{
			Name: "shots_layers_" + layers, Title: "Shots that show a derivative, " + layers + " layers", X: "neurons", Y: "shots", LogY: true,
			Caption: "Shots of each shifted circuit at which the error of the derivative is as large as the derivative.",
		}
		var falls []string
		for _, name := range t.values("observable") {
			rows := t.rowsWhere("variance", map[string]string{"layers": layers, "observable": name})
			c := curve(name, rows, "neurons", "variance")
			v.Series = append(v.Series, c)
			n.Series = append(n.Series, curve(name, rows, "neurons", "shots"))
			if slope, ok := doublings(c.X, c.Y); ok {
				falls = append(falls, fmt.Sprintf("%s %.2f", name, slope))
			}
		}
		s.Figures = append(s.Figures, v, n)
		if len(falls) > 0 {
			s.Says = append(s.Says, fmt.Sprintf("%s layers: the variance changes with every further neuron by 2 to the power of: %s.", layers, strings.Join(falls, ", ")))
		}
	}
	s.Says = append(s.Says, "A function of all neurons (parity, a critic) loses its gradient with every neuron; one of a neuron near the shifted angle (Z_0) does not, as long as the circuit is shallow. Small first angles, which training uses, are no random ones: this is the worst case and not what training sees.")
	s.Tables = []report.Table{t.pageTable("All figures")}
	return s
}

// doublings is the slope of log2 y over x.
func doublings(xs, ys []float64) (float64, bool) {
	if len(xs) < 2 {
		return 0, false
	}
	exps := make([]float64, len(xs))
	for i, x := range xs {
		exps[i] = math.Exp2(x)
	}
	_, slope, _ := powerLaw(exps, ys)
	return slope, !math.IsNaN(slope)
}

// ---- metric error

func metricErrorPlan(o Options) Plan {
	return plan("metric-error", o, part{
		Kind:     "metric-error",
		Seeds:    o.seeds(1, 1),
		Settings: map[string]any{"repeats": pick(o.Quick, 10, 50)},
		Grid: map[string]any{
			"neurons":   pick(o.Quick, list(4, 8), list(4, 8, 10)),
			"timesteps": pick(o.Quick, list(1), list(1, 2)),
			"windows":   pick(o.Quick, list(100, 1000, 10000), list(100, 316, 1000, 3162, 10000, 31623, 100000)),
		},
	})
}

func metricErrorPage(t Table) report.Study {
	s := t.page("Errors of figures against the number of windows")
	for _, steps := range t.values("timesteps") {
		for _, n := range t.values("neurons") {
			rows := t.rowsWhere("js", map[string]string{"neurons": n, "timesteps": steps})
			bars := func(name, figure string) report.Series {
				c := curve(name, rows, "windows", figure)
				d := curve(name, rows, "windows", figure+"_sd")
				c.Low, c.High = make([]float64, len(c.X)), make([]float64, len(c.X))
				for i, y := range c.Y {
					c.Low[i], c.High[i] = y-d.Y[i], y+d.Y[i]
				}
				return c
			}
			where := fmt.Sprintf("n%s_t%s", n, steps)
			plug := bars("plug-in", "js")
			null := curve("two draws of the same law", rows, "windows", "null")
			null.Reference, null.Low, null.High = true, nil, nil
			corrected := bars("|corrected|", "corrected")
			for i := range corrected.Y {
				corrected.Y[i] = math.Abs(corrected.Y[i])
			}
			corrected.Low, corrected.High = nil, nil
			s.Figures = append(s.Figures, report.XY{
				Name: "js_" + where, Title: fmt.Sprintf("Divergence to the own law (true value 0), %s, %s", counted(n, "neuron"), counted(steps, "bin")), X: "windows drawn", Y: "JS (nats)", LogX: true, LogY: true,
				Series:  []report.Series{plug, corrected, null},
				Caption: "Plug-in divergence of drawn windows to the law they are drawn from, with the standard deviation over repetitions; without its bias to leading order (absolute value); and what as many draws of the same law score.",
			}, report.XY{
				Name: "statistics_" + where, Title: fmt.Sprintf("Relative errors of statistics, %s, %s", counted(n, "neuron"), counted(steps, "bin")), X: "windows drawn", Y: "relative error", LogX: true, LogY: true,
				Series:  []report.Series{bars("rates", "rate"), bars("covariances", "covariance"), bars("k-probabilities", "k")},
				Caption: "Mean error of the rates over the mean rate, of the covariances of pairs within a bin over their size, and the summed differences of the k-probabilities.",
			})
			_, slope, half := powerLaw(plug.X, plug.Y)
			s.Says = append(s.Says, fmt.Sprintf("%s, %s: the plug-in divergence of windows of the very same law falls as windows^(%.2f ± %.2f).", counted(n, "neuron"), counted(steps, "bin"), slope, half))
		}
	}
	s.Says = append(s.Says, "A distance below the dashed line says nothing against a model. The correction holds from about 4 draws for each window that was seen (column enough); below it the corrected value is still biased.")
	s.Tables = []report.Table{t.pageTable("All figures")}
	return s
}

// counted puts a number and what it counts together.
func counted(n, what string) string {
	if n == "1" {
		return "1 " + what
	}
	return n + " " + what + "s"
}
