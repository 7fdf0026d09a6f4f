package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// browser returns a browser to run, and a context and flags to run it with. Without a
// browser here the test is skipped.
func browser(t *testing.T, flags ...string) *exec.Cmd {
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
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir=" + profile,
	}, flags...)...)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func fileURL(file, fragment string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(file), Fragment: fragment}).String()
}

// browse opens a URL in a browser without a window.
func browse(t *testing.T, page string, flags ...string) visit {
	t.Helper()
	log := filepath.Join(t.TempDir(), "net.json")
	cmd := browser(t, append(flags, "--enable-logging=stderr", "--log-net-log="+log, "--dump-dom", page)...)
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
	v := browse(t, fileURL(names[0], ""))
	assert.Equal(t, len(names)-1, strings.Count(v.dom, "<svg"), "each picture")
	assert.Contains(t, v.dom, "</html>")
	assert.Empty(t, v.console)
	assert.Empty(t, v.urls)
	assert.NotContains(t, v.dom, `<details class="claim" open`)

	v = browse(t, fileURL(names[0], "E2"))
	assert.Equal(t, 1, strings.Count(v.dom, `<details class="claim" open`), "a link to a claim opens it, and no other")
	assert.Regexp(t, `<details class="claim" open=""><summary><h3>E2 `, v.dom)

	v = browse(t, fileURL(filepath.Join(dir, "rate.svg"), ""))
	assert.Contains(t, v.dom, "<svg")
	assert.NotContains(t, v.dom, "parsererror")
}

// The preferred colour schemes, by the browser's numbers for them.
var schemes = map[string]string{"light": "1", "dark": "0"}

// screens are the sizes at which people read the page: a phone, half a screen, a small
// screen, a large one.
var screens = []screen{{390, 844}, {800, 1000}, {1280, 800}, {1920, 1080}}

type screen struct{ width, height int }

// framed is a page in a frame, changed by a script.
type framed struct {
	screen
	page, script string
}

// found is what is wrong with a page, and how high it is with all of it open.
type found struct {
	Faults []string `json:"faults"`
	Height int      `json:"height"`
	Dark   bool     `json:"dark"`
}

// measured shows pages in one browser and returns what is wrong with each of them.
func measured(t *testing.T, scheme string, frames ...framed) []found {
	t.Helper()
	measure, err := os.ReadFile("testdata/measure.js")
	require.NoError(t, err)
	var out strings.Builder
	out.WriteString("<!DOCTYPE html><meta charset=utf-8><style>:root { color-scheme: light dark; } iframe { border: 0; }</style><body>\n")
	for _, f := range frames {
		fmt.Fprintf(&out, `<iframe width="%d" height="%d" data-script="%s" srcdoc="%s"></iframe>`+"\n", f.width, f.height, html.EscapeString(f.script), html.EscapeString(f.page))
	}
	out.WriteString("<script>\n" + string(measure) + `
addEventListener("load", () => {
	const found = [...document.querySelectorAll("iframe")].map(frame => {
		new frame.contentWindow.Function(frame.dataset.script)();
		const faults = measure(frame), root = frame.contentDocument.documentElement;
		return { faults, height: root.scrollHeight, dark: frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches };
	});
	document.body.innerHTML = "";
	document.body.dataset.found = JSON.stringify(found);
});
</script>`)
	file := filepath.Join(t.TempDir(), "frames.html")
	require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o666))
	v := browse(t, fileURL(file, ""), "--blink-settings=preferredColorScheme="+schemes[scheme])
	require.Empty(t, v.console)
	data := regexp.MustCompile(`data-found="([^"]*)"`).FindStringSubmatch(v.dom)
	require.NotNil(t, data)
	var all []found
	require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(data[1])), &all))
	require.Len(t, all, len(frames))
	for _, f := range all {
		require.Equal(t, scheme == "dark", f.Dark)
	}
	return all
}

// nine is a run of nine servers with the longest names, in which everything was
// measured, and the machine was noisy.
func nine(t *testing.T) *results.Results {
	t.Helper()
	r := reporttest.Crowd(t)
	for i := range r.Summary {
		c := r.Summary[i].Cost
		c.System, c.Interval = &results.SystemShare{Share: 0.75, Low: 0.7, High: 0.8}, &results.Interval{Low: c.CPU * 0.9, High: c.CPU * 1.1}
	}
	for i := range r.Idle {
		if used := r.Idle[i].Resources; used.CPU > 0 {
			used.CPU = used.CPU * 51 / 50 // more than a core
		}
	}
	return r
}

// wordy is a finding, advice and figures as long as the answer's words may become.
const wordy = `
document.querySelector("h1").textContent = "eventloop and iouring need the least CPU per request; multiblocking needs more and stays fast beside a slow handler; busywait burns a core while idle.";
const lead = document.querySelector(".lead");
lead.innerHTML = "<b>eventloop and iouring</b> pay 3.40–3.62 µs of CPU for a request and 0.32–0.36 KiB of memory for an idle client; one slow handler delays all clients (p99 9.10–9.42 ms). " +
	"<b>multiblocking</b> pays 22 % more for a request and 4.03 KiB for an idle client, and answers cheap requests within 102 µs (p99) beside a slow handler. " +
	"<b>busywait</b> uses 99–100 % of a core while all clients are silent. <b>singleblocking</b> keeps all others waiting for as long as one client is slow. " +
	"A difference of CPU below 25 % should decide nothing; ● marks what this run cannot tell from the best: the same server, measured twice, differed by 2.0–3.0 %.";
if (!document.querySelector(".advice")) lead.insertAdjacentHTML("beforebegin", "<p class='advice'>Take eventloop if all handlers are quick, and multiblocking if some are slow.</p>");
`

// Nothing is cut, lies on something else or is pale, on any screen, light or dark. The
// first screen has the answer. Names without a place to break are the worst case.
func TestInABrowserThePageFits(t *testing.T) {
	page := written(t, nine(t))[FileName]
	worst := nine(t)
	reporttest.Rename(worst, "quick", strings.Repeat("unbroken", 20))
	worst.Servers[1].DNF = strings.Repeat("x", 500)
	worst.Servers[2].Binary = strings.Repeat("0123456789abcdef", 4)
	worstPage := written(t, worst)[FileName]
	for scheme := range schemes {
		t.Run(scheme, func(t *testing.T) {
			var frames []framed
			for _, s := range screens {
				frames = append(frames, framed{s, page, wordy})
			}
			if scheme == "light" { // what is too wide is so in the dark, too
				frames = append(frames, framed{screen: screen{390, 844}, page: worstPage}, framed{screen: screen{1280, 8000}, page: worstPage})
			}
			for i, f := range measured(t, scheme, frames...) {
				assert.Empty(t, f.Faults, "%d pixels wide, frame %d", frames[i].width, i)
			}
			if dir := os.Getenv("REPORT_SCREENSHOTS"); dir != "" {
				screenshots(t, dir, scheme, page)
			}
		})
	}
}

// screenshots writes what people see of a page, and how it is printed.
func screenshots(t *testing.T, dir, scheme, page string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o777))
	take := func(name string, s screen) {
		file := filepath.Join(t.TempDir(), "frame.html")
		require.NoError(t, os.WriteFile(file, []byte(fmt.Sprintf(`<!DOCTYPE html><meta charset=utf-8><style>:root { color-scheme: light dark; } body { margin: 0; } iframe { border: 0; display: block; }</style>`+
			`<iframe width="%d" height="%d" srcdoc="%s"></iframe>`, s.width, s.height, html.EscapeString(page))), 0o666))
		cmd := browser(t, "--blink-settings=preferredColorScheme="+schemes[scheme], "--hide-scrollbars",
			fmt.Sprintf("--window-size=%d,%d", s.width, s.height), "--screenshot="+filepath.Join(dir, name), fileURL(file, ""))
		require.NoError(t, cmd.Run())
	}
	for _, s := range screens {
		take(fmt.Sprintf("%d-%s.png", s.width, scheme), s)
		s.height = 12_000 // higher pictures are cut by the browser
		take(fmt.Sprintf("%d-%s-whole.png", s.width, scheme), s)
	}
	file := filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(file, []byte(page), 0o666))
	require.NoError(t, browser(t, "--blink-settings=preferredColorScheme="+schemes[scheme], "--no-pdf-header-footer",
		"--print-to-pdf="+filepath.Join(dir, scheme+".pdf"), fileURL(file, "")).Run())
}

// TestInABrowserThePageFits would notice a page that does not.
func TestInABrowserABrokenPageIsNoticed(t *testing.T) {
	page := written(t, reporttest.Sample(t))[FileName]
	svg := `const svg = [...document.querySelectorAll("svg")].filter(e => e.checkVisibility()), text = n => [...svg[n].querySelectorAll("text")].find(e => e.textContent === "quick"); `
	broken := []struct{ script, fault string }{
		{`document.querySelector("#cost > h2").innerHTML = "<div style='overflow: hidden; width: 50px; white-space: nowrap'>a text without room</div>"`, "clipped: a text without room"},
		{`document.querySelector(".card h3").style.whiteSpace = "nowrap"; document.querySelector(".card h3").textContent = "wide ".repeat(60)`, "clipped: wide wide"},
		{`document.querySelector("#answer small").style.color = "#999999"`, "pale: 2.85 how it waits"},
		{`document.querySelector(".legend").style.opacity = "0.5"`, "pale: 2.20 ● best"},
		{`document.querySelector("#trust > h2").style.marginBottom = "-2.2rem"`, "overlap: How far to trust this | How to read this"},
		{`document.querySelector("footer p").style.width = "3000px"`, "too wide: "},
		{`document.querySelector("header").style.height = "500px"`, "not on the first screen: .trust"},
		{`text(0).setAttribute("x", "330")`, "clipped: quick"},
		{`text(1).setAttribute("y", 16)`, "overlap: CPU per request · 50 conns × 16 in flight | quick"},
		{`text(2).style.fill = "#aaaaaa"`, "pale: 2.32 quick"},
		{`text(3).style.display = "none"`, "hidden: quick"},
		{`document.querySelector("#cpu").id = "other"`, "a link to nothing: #cpu"},
		{`document.querySelector(".claim td.words b").className = "stamp"`, "a stamp that is no claim's: "},
		{`document.querySelectorAll(".claim td.words b")[1].textContent = "REFUTED"`, "a verdict that is no claim's: REFUTED"},
		{`document.querySelector("#latency figure:last-child").remove()`, "room that is not used: Latency in the closed loop"},
	}
	all := svg
	for _, b := range broken {
		all += b.script + "; "
	}
	whole := screen{1280, 800}
	found := measured(t, "light", framed{whole, page, ""}, framed{whole, page, all})
	assert.Empty(t, found[0].Faults)
	for _, b := range broken {
		assert.True(t, slices.ContainsFunc(found[1].Faults, func(fault string) bool { return strings.HasPrefix(fault, b.fault) }), "%s: %q", b.fault, found[1].Faults)
	}
}

// TestInABrowser would notice a page that fetches something, and one that
// complains.
func TestABrowserTells(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	file := filepath.Join(t.TempDir(), "page.html")
	page := `<img src="` + server.URL + `/x.png"><script>console.error("oh")</script>`
	require.NoError(t, os.WriteFile(file, []byte(page), 0o666))
	v := browse(t, fileURL(file, ""))
	assert.Contains(t, v.urls, server.URL+"/x.png")
	assert.NotEmpty(t, v.console)
}
