// measure returns what is wrong with a page in a frame, as people would see it: texts that
// are cut, that lie on others, that are pale; links to nothing; room that is not used. It
// opens all that is folded, after it has looked at the first screen.
function measure(frame) {
	const doc = frame.contentDocument, win = frame.contentWindow, root = doc.documentElement;
	const faults = [];
	const say = (what, text) => faults.push(what + ": " + text.trim().replace(/\s+/g, " ").slice(0, 80));
	const box = e => e.getBoundingClientRect();

	firstScreen();
	for (const d of doc.querySelectorAll("details")) d.open = true;
	if (root.scrollWidth > root.clientWidth) say("too wide", (root.scrollWidth - root.clientWidth) + " pixels");
	const texts = visibleTexts();
	for (const t of texts) {
		if (t.lost) say("clipped", t.text);
		const ratio = contrast(t);
		if (!(ratio >= 4.5)) say("pale", ratio.toFixed(2) + " " + t.text);
	}
	overlaps(texts);
	stamps();
	links();
	rows();
	return faults;

	// The finding, the whole table and the line of trust are on the first screen, where it
	// is wide.
	function firstScreen() {
		if (win.innerWidth < 1280) return;
		for (const part of ["h1", ".answer", ".answer tbody tr:last-child", ".trust"]) {
			const e = doc.querySelector(part);
			if (!e) say("missing", part);
			else if (box(e).bottom > win.innerHeight || box(e).top < 0) say("not on the first screen", part + " ends at " + box(e).bottom);
		}
	}

	// visibleTexts returns the pieces of text, a line each. lost: a part of it cannot be
	// seen, and not be scrolled to.
	function visibleTexts() {
		const all = [];
		const walker = doc.createTreeWalker(doc.body, NodeFilter.SHOW_TEXT);
		for (let node; (node = walker.nextNode());) {
			const e = node.parentElement;
			if (!node.data.trim() || e.closest("script, style, title, desc, .unseen")) continue;
			if (!e.checkVisibility({ visibilityProperty: true })) {
				if (e.ownerSVGElement?.checkVisibility()) say("hidden", node.data);
				continue;
			}
			let rects;
			if (e.ownerSVGElement) {
				rects = [box(e)];
			} else {
				const range = doc.createRange();
				range.selectNodeContents(node);
				rects = [...range.getClientRects()];
			}
			for (const r of rects) {
				if (r.width < 1 || r.height < 1) continue;
				const seen = { left: r.left, right: r.right, top: r.top, bottom: r.bottom };
				let lost = r.left < -1 || r.top + win.scrollY < -1, hidden = false;
				for (let a = e; a && a !== root; a = a.parentElement) {
					const style = win.getComputedStyle(a), b = box(a);
					const picture = a.localName === "svg";
					const inline = style.display === "inline";
					if (inline && !picture) continue;
					const out = r.left < b.left - 1 || r.right > b.right + 1 || r.top < b.top - 3 || r.bottom > b.bottom + 3;
					if (picture || /hidden|clip/.test(style.overflowX + style.overflowY)) {
						lost ||= out;
					} else if (/auto|scroll/.test(style.overflowX)) {
						seen.left = Math.max(seen.left, b.left);
						seen.right = Math.min(seen.right, b.right);
						hidden ||= seen.right - seen.left < 1;
						break; // it can be scrolled to, so what is around does not cut it
					} else if (!transparent(style.backgroundColor)) {
						lost ||= r.left < b.left - 1 || r.right > b.right + 1; // it sticks out of its card
					}
				}
				lost ||= seen.right > root.clientWidth + 1;
				if (!hidden) all.push({ ...seen, text: node.data, element: e, node, lost });
			}
		}
		return all;
	}

	function overlaps(texts) {
		texts.sort((a, b) => a.top - b.top);
		texts.forEach((a, i) => {
			for (let j = i + 1; j < texts.length && texts[j].top < a.bottom; j++) {
				const b = texts[j];
				if (a.node === b.node) continue;
				const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
				// A text's box has room above and below its letters.
				const high = Math.min(a.bottom, b.bottom) - b.top;
				if (wide > 1 && high > 0.35 * Math.min(a.bottom - a.top, b.bottom - b.top)) say("overlap", a.text + " | " + b.text);
			}
		});
	}

	function colour(text) {
		const n = (text.match(/-?[\d.]+(e-?\d+)?/g) || []).map(Number);
		const rgb = text.startsWith("color(") ? n.slice(0, 3).map(c => c * 255) : n.slice(0, 3);
		return [...rgb, n.length > 3 ? n[3] : 1];
	}
	function transparent(text) { return colour(text)[3] === 0; }
	function over(top, below) {
		const a = top[3];
		return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a)).concat(1);
	}
	function luminance(c) {
		const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	}

	// ground returns the colour behind an element: the grounds of those around it, and in
	// a picture the rectangles that were drawn before it.
	function ground(t) {
		const e = t.element, layers = [];
		let behind = e.ownerSVGElement ? e.previousElementSibling : null;
		const x = (t.left + t.right) / 2, y = (t.top + t.bottom) / 2;
		for (; behind; behind = behind.previousElementSibling) {
			if (behind.localName !== "rect" && !/^M\S+ \S+h\S+v\S+h\S+z$/.test(behind.getAttribute("d") || "")) continue;
			const b = box(behind), style = win.getComputedStyle(behind);
			if (style.fill === "none" || x < b.left || x > b.right || y < b.top || y > b.bottom) continue;
			const fill = colour(style.fill);
			fill[3] *= Number(style.fillOpacity);
			layers.push(fill);
		}
		for (let a = e; a; a = a.parentElement) {
			const c = colour(win.getComputedStyle(a).backgroundColor);
			if (c[3] > 0) layers.push(c);
			if (c[3] === 1) break;
		}
		return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
	}
	function contrast(t) {
		const style = win.getComputedStyle(t.element), below = ground(t);
		const top = colour(t.element.ownerSVGElement ? style.fill : style.color);
		for (let a = t.element; a; a = a.parentElement) top[3] *= Number(win.getComputedStyle(a).opacity);
		const [a, b] = [luminance(over(top, below)), luminance(below)].sort((a, b) => b - a);
		return (a + 0.05) / (b + 0.05);
	}

	// Only a claim is confirmed or refuted. A claim's rule may say when it is, and the table
	// of all figures has the claims, too.
	function stamps() {
		for (const e of doc.querySelectorAll(".stamp")) {
			if (!e.closest(".claim") || e.closest("table, figure")) say("a stamp that is no claim's", e.closest("section").id);
		}
		const words = doc.createTreeWalker(doc.querySelector("main"), NodeFilter.SHOW_TEXT);
		for (let node; (node = words.nextNode());) {
			const e = node.parentElement;
			if (/\b(CONFIRMED|REFUTED|ONLY WHEN)\b/.test(node.data) && !e.closest(".stamp, .case, #table")) say("a verdict that is no claim's", node.data);
		}
	}

	function links() {
		for (const a of doc.querySelectorAll('a[href^="#"]')) {
			if (!doc.getElementById(a.getAttribute("href").slice(1))) say("a link to nothing", a.getAttribute("href"));
		}
		const heads = doc.querySelectorAll(".answer thead th a");
		if (heads.length !== 6) say("heads without evidence", String(6 - heads.length));
	}

	// Pictures use the width that there is: no row of them ends early.
	function rows() {
		if (win.innerWidth < 1100) return;
		for (const g of doc.querySelectorAll(".group")) {
			const ends = new Map();
			for (const e of g.children) {
				const b = box(e.matches("figure") ? [...e.querySelectorAll("svg")].find(s => s.checkVisibility()) : e);
				const top = Math.round(box(e).top);
				ends.set(top, Math.max(ends.get(top) || 0, b.right));
			}
			for (const end of ends.values()) {
				if (end < box(g).right - 8) say("room that is not used", g.textContent);
			}
		}
	}
}
