package generator

// feed takes the bytes that were read into a pipeline's readBuffer, and counts each
// complete reply. After an error the stream is unusable.
func (g *generator) feed(p *pipeline, read []byte) error {
	data, kept := read, len(p.in) > 0
	if kept {
		p.in = p.in[:len(p.in)+len(read)]
		data = p.in
	}
	for len(data) > 0 {
		if p.count == 0 {
			return errUnasked
		}
		r := p.inFlight[p.oldest]
		n, wrong, err := p.codec.MatchReply(data, r.Request)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if p.oldest++; p.oldest == len(p.inFlight) {
			p.oldest = 0
		}
		p.count--
		p.answered++
		g.reply(p, r, wrong)
		data = data[n:]
	}
	switch {
	case len(data) == 0:
		p.in = p.in[:0]
	case kept:
		p.in = p.in[:copy(p.in, data)]
	default:
		if p.in == nil {
			p.in = make([]byte, 0, p.codec.MaxReply())
		}
		p.in = append(p.in, data...)
	}
	return nil
}

// reply counts a reply.
func (g *generator) reply(p *pipeline, r request, wrong error) {
	g.outstanding--
	if p.answered%lookEvery == 0 {
		g.now()
	}
	if wrong != nil {
		g.errors.Wrong++
		g.errors.Note(wrong)
		g.window.countWrong(r, g.read)
		return
	}
	g.requests++
	if g.window.open {
		p.counted++
	}
	g.window.count(r, g.read, g.schedule != nil)
}
