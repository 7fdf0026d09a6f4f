package report

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// visit is the outcome of showing a page in a browser.
type visit struct {
	dom     string
	console []string // messages of the page, and errors of the browser about it
	urls    []string // for which the page asked the network
}

// browse opens a file in a browser without a window.
func browse(t *testing.T, file string) visit {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("no chromium, chromium-browser or google-chrome here: the page was not opened")
	}
	// Not t.TempDir: a helper of the browser's may still write there at the end.
	profile, err := os.MkdirTemp("", "browser")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	log := filepath.Join(t.TempDir(), "net.json")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+profile, "--enable-logging=stderr", "--log-net-log="+log, "--dump-dom",
		(&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String())
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), stderr.String())

	v := visit{dom: stdout.String(), urls: requests(t, log)}
	for line := range strings.Lines(stderr.String()) {
		if strings.Contains(line, ":CONSOLE") {
			v.console = append(v.console, line)
		}
	}
	return v
}

// requests returns the URLs in a net-log that a page asked for. The browser
// has requests of its own, which have no origin.
func requests(t *testing.T, log string) []string {
	t.Helper()
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	var events struct {
		Events []struct {
			Params struct {
				URL       string `json:"url"`
				Initiator string `json:"initiator"`
			} `json:"params"`
		} `json:"events"`
	}
	require.NoError(t, json.Unmarshal(text, &events))
	var all []string
	for _, e := range events.Events {
		p := e.Params
		if p.URL != "" && p.Initiator != "" && p.Initiator != "not an origin" && !strings.HasPrefix(p.URL, "file:") {
			all = append(all, p.URL)
		}
	}
	return all
}

func TestInABrowser(t *testing.T) {
	dir := t.TempDir()
	names, err := Write(dir, reporttest.Sample(t))
	require.NoError(t, err)
	v := browse(t, names[0])
	assert.Equal(t, len(names)-1, strings.Count(v.dom, "<svg"), "each picture")
	assert.Contains(t, v.dom, "</html>")
	assert.Empty(t, v.console)
	assert.Empty(t, v.urls)
	for _, picture := range names[1:2] {
		v := browse(t, picture)
		assert.Contains(t, v.dom, "<svg")
		assert.NotContains(t, v.dom, "parsererror")
	}
}

// Every text is inside its picture, and no text is on another, even with as many
// models as there are and with their longest names.
func TestLabels(t *testing.T) {
	var page strings.Builder
	page.WriteString("<!DOCTYPE html><meta charset=utf-8><style>svg { display: block; width: 360px; }</style><body>\n")
	for name, text := range written(t, reporttest.Crowd(t)) {
		if strings.HasSuffix(name, ".svg") {
			page.WriteString(text)
		}
	}
	page.WriteString(`<script>
const bad = [];
for (const svg of document.querySelectorAll("svg")) {
	const id = svg.querySelector("title").id;
	const view = svg.viewBox.baseVal;
	const boxes = [...svg.querySelectorAll("text")].map(e => [e.textContent, e.getBBox()]);
	boxes.forEach(([text, b], i) => {
		if (b.x < 0 || b.y < 0 || b.x + b.width > view.width || b.y + b.height > view.height) {
			bad.push(id + ": out: " + text);
		}
		for (const [other, o] of boxes.slice(i + 1)) {
			const wide = Math.min(b.x + b.width, o.x + o.width) - Math.max(b.x, o.x);
			// A text's box has room above and below its letters.
			const high = Math.min(b.y + b.height, o.y + o.height) - Math.max(b.y, o.y);
			if (wide > 0 && high > 4) {
				bad.push(id + ": " + text + " on " + other);
			}
		}
	});
}
document.body.dataset.bad = JSON.stringify(bad);
</script>`)
	file := filepath.Join(t.TempDir(), "labels.html")
	require.NoError(t, os.WriteFile(file, []byte(page.String()), 0o666))
	found := regexp.MustCompile(`data-bad="([^"]*)"`).FindStringSubmatch(browse(t, file).dom)
	require.NotNil(t, found)
	var bad []string
	require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(found[1])), &bad))
	assert.Empty(t, bad)
}

// A phone's screen is 390 pixels wide, and a wider page must be scrolled
// sideways. Names without a place to break are the worst case. Nothing may stick
// out of a card, on a phone or on a wide screen.
func TestNothingIsTooWide(t *testing.T) {
	r := reporttest.Crowd(t)
	reporttest.Rename(r, "quick", strings.Repeat("unbroken", 20))
	r.Servers[1].DNF = strings.Repeat("x", 500)
	r.Servers[2].Binary = strings.Repeat("0123456789abcdef", 4)
	for i := range r.Summary {
		c := r.Summary[i].Cost
		c.System, c.Interval = &results.SystemShare{Share: 0.75, Low: 0.7, High: 0.8}, &results.Interval{Low: c.CPU * 0.9, High: c.CPU * 1.1}
	}
	text := html.EscapeString(written(t, r)[FileName])
	var frames strings.Builder
	for _, wide := range []string{"390", "1200"} {
		frames.WriteString(`<iframe style="width:` + wide + `px;height:800px;border:0" srcdoc="` + text + `"></iframe>`)
	}
	frames.WriteString(`<script>
for (const frame of document.querySelectorAll("iframe")) {
	frame.onload = () => {
		const page = frame.contentDocument.documentElement;
		const out = [...page.querySelectorAll(".card")].filter(card =>
			[...card.querySelectorAll("*")].some(e => e.getBoundingClientRect().right > card.getBoundingClientRect().right));
		frame.dataset.found = (page.scrollWidth - page.clientWidth) + " " + out.length;
	};
}
</script>`)
	file := filepath.Join(t.TempDir(), "frames.html")
	require.NoError(t, os.WriteFile(file, []byte("<!DOCTYPE html><meta charset=utf-8><body>"+frames.String()), 0o666))
	found := regexp.MustCompile(`data-found="([^"]*)"`).FindAllStringSubmatch(browse(t, file).dom, -1)
	require.Len(t, found, 2)
	assert.Equal(t, "0 0", found[0][1], "pixels too many, and cards out of which something sticks")
	assert.Equal(t, "0 0", found[1][1])
}

// TestInABrowser would notice a page that fetches something, and one that
// complains.
func TestABrowserTells(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	file := filepath.Join(t.TempDir(), "page.html")
	page := `<img src="` + server.URL + `/x.png"><script>console.error("oh")</script>`
	require.NoError(t, os.WriteFile(file, []byte(page), 0o666))
	v := browse(t, file)
	assert.Contains(t, v.urls, server.URL+"/x.png")
	assert.NotEmpty(t, v.console)
}
