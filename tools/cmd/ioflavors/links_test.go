package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/advise"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// plant makes links to another user's file, at all names that are, or once were,
// written in a folder. It returns the file.
func plant(t *testing.T, dir string, names ...string) (secret string) {
	t.Helper()
	secret = filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("mine"), 0o600))
	for _, name := range names {
		if err := os.Symlink(secret, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	return secret
}

func assertUntouched(t *testing.T, secret string) {
	t.Helper()
	text, err := os.ReadFile(secret)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(text))
}

// Once report wrote through report.html.tmp, and load through the file
// itself.
func TestNothingIsWrittenThroughLinks(t *testing.T) {
	t.Run("report", func(t *testing.T) {
		dir := t.TempDir()
		_, err := (&results.Results{Schema: results.Schema}).Write(dir)
		require.NoError(t, err)
		secret := plant(t, dir, "report.html", "report.html.tmp")
		code, _, stderr := ioflavors(t, "report", dir)
		assert.Zero(t, code, stderr)
		assertUntouched(t, secret)
		assert.FileExists(t, filepath.Join(dir, "report.html"))
	})
	t.Run("lab", func(t *testing.T) {
		dir := t.TempDir()
		secret := plant(t, dir, "results.json", "results.json.tmp")
		_, err := (&results.Results{Schema: results.Schema}).Write(dir)
		require.NoError(t, err)
		assertUntouched(t, secret)
		_, err = results.Read(t.Context(), filepath.Join(dir, results.FileName))
		require.NoError(t, err)
	})
	t.Run("advise", func(t *testing.T) { // the links appear after the check by folder.Use
		dir := t.TempDir()
		secret := plant(t, dir, advise.Files...)
		require.NoError(t, new(advise.Advice).Write(dir))
		assertUntouched(t, secret)
	})
	t.Run("load", func(t *testing.T) {
		dir := t.TempDir()
		secret := plant(t, dir, "hdr")
		code, _, stderr := ioflavors(t, "load", nobody(t), "--hdr", filepath.Join(dir, "hdr"))
		assert.Equal(t, 1, code)
		assert.Contains(t, stderr, "is a link")
		assertUntouched(t, secret)
	})
}

// /dev/stdout is a link, too.
func TestStandardOutputIsATarget(t *testing.T) {
	if _, err := os.Lstat("/dev/stdout"); err != nil {
		t.Skip(err)
	}
	hdr, err := openTarget("/dev/stdout")
	require.NoError(t, err)
	hdr.close()
}
