// Package plot draws pictures as SVG: text, shapes, axes, bars, keys. It knows
// nothing of results.
package plot
