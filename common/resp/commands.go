package resp

// command is a command and what COMMAND says of it.
type command struct {
	name    string // lower case
	arity   int    // the number of bulk strings, the name included; -n: at least n
	most    int    // bulk strings; 0: any number
	run     func(*call)
	open    bool // permitted before the password
	updates bool // needs a store.Updater

	first, last, step int // the keys among the arguments, as in COMMAND; a negative last counts from the end

	group   string // of Redis's documentation
	flags   string // Redis's, separated by spaces
	since   string // version of Redis
	summary string
}

// maxWords is how many bulk strings a command with options may have. Redis permits any
// number, because it looks at each of them in the same time.
const maxWords = 32

// commands are all commands, by name.
var commands map[string]*command

func init() {
	commands = make(map[string]*command)
	for _, group := range [][]command{connectionCommands, stringCommands, keyCommands, serverCommands} {
		for i := range group {
			commands[group[i].name] = &group[i]
		}
	}
}

// find returns the command with a name in any case, or nil.
func find(name []byte) *command {
	var lowered [16]byte
	if len(name) > len(lowered) {
		return nil
	}
	for i, c := range name {
		lowered[i] = lower(c)
	}
	return commands[string(lowered[:len(name)])]
}
