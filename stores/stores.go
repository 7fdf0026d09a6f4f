package stores

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores/bolt"
	"github.com/ioflavors/ioflavors/stores/etcd"
	"github.com/ioflavors/ioflavors/stores/redis"
)

// Store is a store that Open has opened.
type Store interface {
	store.Store
	store.Batcher
	store.Updater
	store.Timed
	Close() error
}

// Config is what Open must know besides the address.
type Config struct {
	// Password is for a Redis or an etcd that asks for one. It is no part of the address,
	// because other users of the machine can read a command's arguments.
	Password string
	// Timeout bounds the time of each operation. 0: DefaultTimeout.
	Timeout time.Duration
	// Limit bounds the size of a bolt file, in bytes; 0: no limit. Other stores have their
	// limits in their own configuration.
	Limit int64
}

// DefaultTimeout is how long an operation waits if Config does not say.
const DefaultTimeout = time.Second

// Forms are the forms of an address, for help texts.
const Forms = "bolt:PATH, redis://[USER@]HOST:PORT[,HOST:PORT…][/DB], etcd://[USER@]HOST:PORT[,HOST:PORT…][/PREFIX]"

// Address says which store to open: ParseAddress reads it.
type Address struct {
	Kind   string   // "bolt", "redis" or "etcd"
	Path   string   // of a bolt file
	Hosts  []string // host:port of the others
	User   string   // "" if there is none
	DB     int      // of Redis
	Prefix string   // of all keys in etcd; "": its default
}

// ParseAddress reads an address in one of the Forms.
func ParseAddress(text string) (a Address, err error) {
	if path, ok := strings.CutPrefix(text, "bolt:"); ok {
		if path == "" {
			return a, errors.New("bolt: has no path of a file behind it")
		}
		return Address{Kind: "bolt", Path: path}, nil
	}
	kind, rest, ok := strings.Cut(text, "://")
	if !ok || kind != "redis" && kind != "etcd" {
		return a, fmt.Errorf("want %s", Forms)
	}
	a.Kind = kind
	rest, below, deep := strings.Cut(rest, "/")
	if user, hosts, ok := strings.Cut(rest, "@"); ok {
		if strings.Contains(user, ":") {
			return a, errors.New("a password does not belong here, because other users can read it; put it into a file")
		}
		a.User, rest = user, hosts
	}
	for host := range strings.SplitSeq(rest, ",") {
		name, port, err := net.SplitHostPort(host)
		n, numeric := strconv.ParseUint(port, 10, 16)
		if err != nil || name == "" || numeric != nil || n == 0 {
			return a, fmt.Errorf("%q: want host:port", host)
		}
		a.Hosts = append(a.Hosts, host)
	}
	if kind == "etcd" {
		a.Prefix = below
	} else if deep && below != "" {
		if a.DB, err = strconv.Atoi(below); err != nil || a.DB < 0 {
			return a, fmt.Errorf("%q is no number of a database", below)
		}
	}
	return a, nil
}

// Open opens the store at an address.
func Open(a Address, cfg Config) (Store, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	switch a.Kind {
	case "bolt":
		return bolt.Open(a.Path, bolt.Config{Timeout: cfg.Timeout, MaxBytes: cfg.Limit})
	case "redis":
		return redis.Open(redis.Config{Addrs: a.Hosts, Username: a.User, Password: cfg.Password, DB: a.DB, Timeout: cfg.Timeout})
	case "etcd":
		return etcd.Open(etcd.Config{Addrs: a.Hosts, Username: a.User, Password: cfg.Password, Prefix: a.Prefix, Timeout: cfg.Timeout})
	}
	return nil, fmt.Errorf("there is no store of the kind %q", a.Kind)
}
