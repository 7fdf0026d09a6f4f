// Package report makes a page from the results of a lab run: one HTML file that needs
// neither network nor scripts, and its pictures once more as SVG files. The same
// results give the same bytes.
package report
