package plot

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// servers is how many servers a run may have before marks repeat: nine of ours, and five
// peers.
const servers = 14

// Each server has a shape of its own, so that servers differ in grey, too, and a colour of
// its own.
func TestServersAreDistinguishable(t *testing.T) {
	require.GreaterOrEqual(t, len(shapes), servers)
	require.GreaterOrEqual(t, modelColours, servers)
	marks, colours := make(map[string]bool), make(map[string]bool)
	for i := range servers {
		var p Picture
		p.Shape(Class("full", i), i, 0, 0)
		marks[p.Marks[0].Path] = true
		colours[Class("full", i)] = true
	}
	assert.Len(t, marks, servers)
	assert.Len(t, colours, servers)
}

// The servers' colours are apart from each other, and from the ground, light and dark.
func TestColoursAreApart(t *testing.T) {
	light, dark, found := strings.Cut(colours, "@media screen and (prefers-color-scheme: dark)")
	require.True(t, found)
	for name, sheet := range map[string]string{"light": light, "dark": dark} {
		value := func(of string) (rgb [3]float64) {
			m := regexp.MustCompile(`--` + of + `: #([0-9a-f]{6});`).FindStringSubmatch(sheet)
			require.NotNil(t, m, "%s in %s", of, name)
			for i := range rgb {
				n, err := strconv.ParseUint(m[1][2*i:2*i+2], 16, 8)
				require.NoError(t, err)
				rgb[i] = linear(float64(n) / 255)
			}
			return rgb
		}
		for i := range modelColours {
			mine := value(fmt.Sprintf("c%d", i))
			assert.Greater(t, contrast(mine, value("ground")), 3.0, "c%d in %s", i, name)
			for j := range i {
				other := value(fmt.Sprintf("c%d", j))
				assert.Greater(t, difference(mine, other), 14.0, "c%d and c%d in %s", i, j, name)
			}
		}
	}
}

func linear(c float64) float64 {
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

func luminance(c [3]float64) float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }

// contrast is that of WCAG 2.
func contrast(a, b [3]float64) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// difference is CIE76: 2.3 is just noticeable.
func difference(a, b [3]float64) float64 {
	x, y := lab(a), lab(b)
	return math.Sqrt(math.Pow(x[0]-y[0], 2) + math.Pow(x[1]-y[1], 2) + math.Pow(x[2]-y[2], 2))
}

func lab(c [3]float64) [3]float64 {
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	x := f((0.4124*c[0] + 0.3576*c[1] + 0.1805*c[2]) / 0.95047)
	y := f(luminance(c))
	z := f((0.0193*c[0] + 0.1192*c[1] + 0.9505*c[2]) / 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}
