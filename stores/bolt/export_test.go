package bolt

// Hold keeps the writer busy until the function that it returns is called.
func Hold(s *Store) (release func()) {
	held, free := make(chan bool), make(chan bool)
	go func() {
		s.changes <- &change{done: make(chan error, 1), do: func(*tx) error {
			close(held)
			<-free
			return nil
		}}
	}()
	<-held
	return func() { close(free) }
}

// Waiting returns how many changes wait for the writer.
func Waiting(s *Store) int { return len(s.changes) }

// Transactions returns the number of the last transaction.
func Transactions(s *Store) (n int) {
	tx, err := s.db.Begin(false)
	if err != nil {
		panic(err)
	}
	defer tx.Rollback()
	return tx.ID()
}
