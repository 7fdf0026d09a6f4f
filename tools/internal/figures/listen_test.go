package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// servesHTTP finds code that makes an HTTP server without the bounds of
// servercmd.Admin.
var servesHTTP = regexp.MustCompile(`\bhttp\.(Server\{|Serve\(|ServeTLS\(|ListenAndServe)|"net/http/httptest"|_ "(expvar|net/http/pprof)"`)

// Once the servers' processes had two HTTP servers, and neither had a bound for
// connections, bodies or time. Now one place makes them.
func TestHTTPIsServedInOnePlaceOnly(t *testing.T) {
	const place = "common/servercmd/admin.go"
	var places []string
	require.NoError(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if servesHTTP.Match(text) {
			name, err = filepath.Rel(root, name)
			require.NoError(t, err)
			places = append(places, filepath.ToSlash(name))
		}
		return nil
	}))
	assert.Equal(t, []string{place}, places)
}
