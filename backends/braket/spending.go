package braket

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// spendingLimit is a limit of the account's for a processor ("SpendingLimitSummary", API
// reference; amounts are texts). The service holds each task against it.
type spendingLimit struct {
	Device string `json:"deviceArn"`
	Limit  string `json:"spendingLimit"`
	Queued string `json:"queuedSpend"`
	Total  string `json:"totalSpend"`
	Period struct {
		Start any `json:"startAt"`
		End   any `json:"endAt"`
	} `json:"timePeriod"`
}

// left is what a limit leaves at a time; nil where its amounts can't be read. Outside of its
// period the service takes no tasks.
func (s *spendingLimit) left(now time.Time) *float64 {
	var x [3]float64
	for i, text := range []string{s.Limit, s.Total, s.Queued} {
		var err error
		if x[i], err = strconv.ParseFloat(text, 64); err != nil && (text != "" || i == 0) {
			return nil
		}
	}
	usd := max(0, x[0]-x[1]-x[2])
	if start, ok := moment(s.Period.Start); ok && now.Before(start) {
		usd = 0
	}
	if end, ok := moment(s.Period.End); ok && now.After(end) {
		usd = 0
	}
	return &usd
}

// moment reads a time, seconds since 1970 or RFC 3339.
func moment(v any) (time.Time, bool) {
	switch v := v.(type) {
	case interface{ Float64() (float64, error) }:
		if x, err := v.Float64(); err == nil && math.Abs(x) < 1e11 {
			return time.UnixMilli(int64(1000 * x)), true
		}
	case string:
		t, err := time.Parse(time.RFC3339, v)
		return t, err == nil
	}
	return time.Time{}, false
}

// left is what the account's limits leave for the device now; nil where there is none, or who
// asks may not know: the service holds tasks against them all the same.
func (c *Client) left(ctx context.Context) *float64 {
	var answer struct {
		Limits []spendingLimit `json:"spendingLimits"`
	}
	q := map[string]any{"filters": []any{map[string]any{"name": "deviceArn", "operator": "EQUAL", "values": []string{c.Device()}}}}
	if ask(ctx, c.rest, http.MethodPost, "spending-limits", q, &answer) != nil {
		return nil
	}
	var least *float64
	for i := range answer.Limits {
		if s := &answer.Limits[i]; strings.EqualFold(s.Device, c.Device()) {
			if x := s.left(c.clock.time()); x != nil && (least == nil || *x < *least) {
				least = x
			}
		}
	}
	return least
}
