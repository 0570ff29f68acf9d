const NOTHING = 255; // stands for "no number here" among shares in steps of 1/200
const AHEAD_S = 6;
const LONGEST_STILL_S = 2;
const OPENED_AHEAD = 4; // pictures: they are decoded by the time that they are played
const INK = "#8A94A6";

export default function (component) {
  const { data, parentElement: root, setTriggerValue, setStateValue } = component;
  const player = (root.player ??= new Player(root));
  player.tell = (time) => setTriggerValue("position", time);
  player.ask = (span) => setStateValue("span", span);
  player.take(data);
  return () => {
    player.dispose();
    delete root.player;
  };
}

/** One moment of a clip everywhere: picture, crop, heatmap, bars, and a cursor on every timeline. */
class Player {
  constructor(root) {
    this.find = (name) => root.querySelector(`[data-part=${name}]`);
    this.box = this.find("box");
    this.spans = new Map();
    this.index = 0;
    this.find("back").onclick = () => this.step(-1);
    this.find("on").onclick = () => this.step(1);
    this.find("play").onclick = () => (this.playing ? this.pause() : this.play());
    this.find("slider").oninput = (event) => this.go(Number(event.target.value));
    this.find("label").onchange = () => this.draw();
    this.find("marks").onchange = () => this.draw();
    this.box.onkeydown = (event) => this.key(event); // while the focus is here: elsewhere the keys are the page's own
    this.onHeat = () => this.clip && this.draw();
    document.addEventListener("studio-heat", this.onHeat);
    this.resizes = new ResizeObserver(() => {
      if (!this.clip) return;
      this.paintLines();
      this.lines.forEach((line) => this.cursor(line));
      this.drawAxis();
    });
    this.resizes.observe(this.find("lines"));
  }

  dispose() {
    this.pause();
    clearTimeout(this.telling);
    document.removeEventListener("studio-heat", this.onHeat);
    this.resizes.disconnect();
    for (const span of this.spans.values()) span.pictures.forEach(forget);
    this.spans.clear();
  }

  /** New data from the server: another clip, another stretch of it, or what is here already. */
  take(data) {
    if (this.id !== data.clip.id) this.open(data.clip);
    if (!this.spans.has(data.span.number)) this.add(data.span);
    const memory = (window.studioMoments ??= new Map());
    const known = memory.get(this.id);
    if (this.start !== data.start) {
      this.start = data.start;
      const time = known?.start === data.start ? known.time : data.start;
      this.index = this.frameAt(time);
    }
    this.asked = undefined;
    if (JSON.stringify(data.marks) !== JSON.stringify(this.marks)) for (const line of this.lines) line.width = undefined;
    this.marks = data.marks;
    this.paintLines();
    this.draw();
  }

  open(clip) {
    for (const span of this.spans.values()) span.pictures.forEach(forget);
    this.spans.clear();
    this.id = clip.id;
    this.clip = clip;
    this.start = undefined;
    this.times = new Float64Array(bytes(clip.times).buffer);
    this.series = Object.fromEntries(Object.entries(clip.series).map(([name, part]) => [name, bytes(part)]));
    this.find("slider").max = this.times.length - 1;
    const names = clip.groups.verdict.map((item, at) => new Option(item.name, at, false, at === clip.label));
    this.find("label").replaceChildren(...names);
    this.bars = {};
    const titles = { verdict: "Running verdict so far", emotions: "Emotions of this frame", quality: "Its quality" };
    this.find("bars").replaceChildren(...Object.entries(titles).map(([group, title]) => this.barGroup(group, title)));
    this.lines = [
      this.line("verdict", "Verdict over time", clip.groups.verdict, drawVerdict),
      this.line("emotions", "Emotions of each frame", clip.groups.emotions, drawStack),
      this.line("quality", "Quality of each frame", clip.groups.quality, drawQuality),
    ];
    this.find("lines").replaceChildren(...this.lines.map((line) => line.element));
    this.drawAxis();
  }

  barGroup(group, title) {
    const element = make("div", { role: "group", ariaLabel: title });
    element.append(make("p", { className: "title", textContent: title }));
    this.bars[group] = this.clip.groups[group].map(({ name, colour }) => {
      const fill = make("b", {});
      fill.style.background = colour;
      const value = make("span", {});
      const row = make("div", { className: "bar", title: name });
      const track = make("i", {});
      track.append(fill);
      row.append(make("span", { textContent: name }), track, value);
      element.append(row);
      return { fill, value };
    });
    return element;
  }

  line(name, title, items, paint) {
    const element = make("div", { className: "line" });
    const header = make("header", {});
    header.append(make("b", { textContent: title }));
    for (const item of items) {
      const dot = make("i", {});
      dot.style.background = item.colour;
      const word = make("span", {});
      word.append(dot, item.name);
      header.append(word);
    }
    const canvas = make("canvas", { title: "Click to go there", tabIndex: 0, role: "slider", ariaLabel: title });
    canvas.ariaValueMin = this.clip.start_s.toFixed(1);
    canvas.ariaValueMax = this.clip.end_s.toFixed(1);
    canvas.dataset.line = name;
    const jump = (event) => {
      const place = canvas.getBoundingClientRect();
      const { start_s, end_s } = this.clip;
      this.go(this.frameAt(start_s + ((event.clientX - place.left) / place.width) * (end_s - start_s)));
    };
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      jump(event);
    };
    canvas.onpointermove = (event) => event.buttons && jump(event);
    const scale = make("div", { className: "scale", ariaHidden: "true" });
    scale.append(...["100%", "50%", "0%"].map((textContent) => make("span", { textContent })));
    const plot = make("div", { className: "plot" });
    plot.append(scale, canvas);
    element.append(header, plot);
    return { name, element, canvas, paint, back: document.createElement("canvas") };
  }

  add(span) {
    const parts = bytes(span.pictures);
    let place = 0;
    const files = span.lengths.map((length) => {
      place += length;
      return length ? parts.subarray(place - length, place) : null;
    });
    const points = new Int16Array(bytes(span.points).buffer);
    this.spans.set(span.number, { ...span, files, pictures: [], points, crops: bytes(span.crops) });
    if (this.spans.size > 4) {
      const farthest = [...this.spans.keys()].sort((a, b) => Math.abs(b - span.number) - Math.abs(a - span.number))[0];
      this.spans.get(farthest).pictures.forEach(forget);
      this.spans.delete(farthest);
    }
  }

  /** The picture of a frame of a stretch, null where it has none; it is opened when it is first wanted. */
  picture(span, at) {
    if (!span.files[at]) return null;
    if (span.pictures[at]) return span.pictures[at];
    const picture = (span.pictures[at] = new Image());
    picture.onload = () => this.spans.get(this.span) === span && this.index - span.first === at && this.draw();
    picture.src = URL.createObjectURL(new Blob([span.files[at]], { type: "image/jpeg" }));
    return picture;
  }

  key(event) {
    const on = event.composedPath()[0];
    if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|SELECT)$/.test(on.tagName)) return;
    const second = Math.max(1, Math.round(this.clip.rate_hz));
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageDown: -second, PageUp: second };
    if (event.key in steps) this.step(steps[event.key]);
    else if (event.key === "Home") this.step(-this.times.length);
    else if (event.key === "End") this.step(this.times.length);
    else if (event.key === " " && on.tagName !== "BUTTON") this.find("play").click();
    else return;
    event.preventDefault();
  }

  step(by) {
    this.pause();
    this.go(this.index + by);
  }

  go(index) {
    this.index = Math.min(Math.max(index, 0), this.times.length - 1);
    if (this.playing) this.playFrom();
    this.draw();
    this.report();
  }

  play() {
    if (this.index >= this.times.length - 1) this.index = 0;
    this.playFrom();
    const tick = (now) => {
      const { time, at } = this.playing;
      if (!this.current()) return this.await(tick);
      const wanted = time + ((now - at) / 1000) * Number(this.find("speed").value);
      let index = this.frameAt(wanted);
      const next = this.times[index + 1];
      if (next - this.times[index] > LONGEST_STILL_S && wanted - this.times[index] > 1 / this.clip.rate_hz) {
        index += 1; // no picture for long: nobody waits that out
        this.playing = { time: next, at: now };
      }
      if (index !== this.index) {
        this.index = index;
        this.draw();
      }
      if (index >= this.times.length - 1) return this.pause();
      this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
    this.find("play").textContent = "Pause";
  }

  /** The stretch to play next is on its way: wait for it where we are. */
  await(tick) {
    this.playFrom();
    this.frame = requestAnimationFrame(tick);
  }

  playFrom() {
    this.playing = { time: this.times[this.index], at: performance.now() };
  }

  pause() {
    cancelAnimationFrame(this.frame);
    if (!this.playing) return;
    this.playing = undefined;
    this.find("play").textContent = "Play";
    this.report();
  }

  /** Tell the other tabs where we are, once the hand is still. */
  report() {
    (window.studioMoments ??= new Map()).set(this.id, { start: this.start, time: this.times[this.index] });
    clearTimeout(this.telling);
    if (!this.playing) this.telling = setTimeout(() => this.tell(this.times[this.index]), 500);
  }

  frameAt(time) {
    let low = 0, high = this.times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= time + 1e-4) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The stretch that holds the frame on show, if it is here; else it is asked for, as is the next one in good time. */
  current() {
    const size = this.clip.span_frames;
    this.span = Math.floor(this.index / size);
    const soon = Math.floor(Math.min(this.index + AHEAD_S * this.clip.rate_hz, this.times.length - 1) / size);
    const missing = [this.span, soon].find((number) => !this.spans.has(number));
    if (missing !== undefined && missing !== this.asked) {
      this.asked = missing;
      this.ask(missing);
    }
    return this.spans.get(this.span);
  }

  draw() {
    const span = this.current();
    const at = this.index - (span?.first ?? 0);
    this.box.dataset.frame = this.index;
    this.find("slider").value = this.index;
    this.find("slider").setAttribute("aria-valuetext", `${this.times[this.index].toFixed(1)} seconds`);
    this.find("clock").textContent = `${this.times[this.index].toFixed(1)} s of ${this.clip.end_s.toFixed(1)} s`;
    this.drawScene(span, at);
    this.drawFace(span, at);
    for (const [group, rows] of Object.entries(this.bars)) {
      rows.forEach(({ fill, value }, column) => {
        const share = this.share(group, this.index, column);
        fill.style.width = `${100 * (share ?? 0)}%`;
        const most = group === "quality" ? 100 : 99; // a probability is never said to be 100%
        value.textContent = share === undefined ? "–" : `${Math.min(most, Math.round(100 * share))}%`;
      });
    }
    this.lines.forEach((line) => this.cursor(line));
    this.lines.forEach((line) => this.say(line));
  }

  /** What a timeline holds at the moment on show, in words. */
  say({ name, canvas }) {
    const told = this.clip.groups[name].map((item, column) => {
      const share = this.share(name, this.index, column);
      return share === undefined ? "" : `${item.name} ${Math.round(100 * share)}%`;
    });
    canvas.ariaValueNow = this.times[this.index].toFixed(1);
    canvas.ariaValueText = `${canvas.ariaValueNow} seconds: ${told.filter(Boolean).join(", ") || "no usable face"}`;
  }

  /** Seconds under the timelines, as many as there is room for. */
  drawAxis() {
    const { start_s, end_s } = this.clip, room = Math.max(2, this.find("axis").clientWidth / 70);
    const step = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600].find((size) => (end_s - start_s) / size <= room) ?? 1200;
    const ticks = [];
    for (let time = Math.ceil(start_s / step) * step; time <= end_s; time += step) {
      const tick = make("span", { textContent: String(Math.round(10 * time) / 10) });
      tick.style.left = `${(100 * (time - start_s)) / (end_s - start_s)}%`;
      ticks.push(tick);
    }
    this.find("axis").replaceChildren(...ticks);
  }

  share(group, index, column) {
    const value = this.series[group][index * this.clip.groups[group].length + column];
    return value === NOTHING ? undefined : value / 200;
  }

  drawScene(span, at) {
    const canvas = this.find("scene"), { width, height } = this.clip;
    const scale = Math.min(1, 960 / Math.max(width, height));
    fit(canvas, Math.round(width * scale), Math.round(height * scale));
    const pen = canvas.getContext("2d");
    const ahead = span ? OPENED_AHEAD : -1;
    const [picture] = Array.from({ length: 1 + ahead }, (_, more) => this.picture(span, at + more));
    const note = this.find("note");
    note.hidden = Boolean(picture);
    note.textContent = span ? this.clip.no_picture : "Reading this part of the clip …";
    if (picture?.complete && picture.naturalWidth) pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    else if (!picture) pen.clearRect(0, 0, canvas.width, canvas.height);
    if (!span || !this.find("marks").checked || !span.boxes[at]) return;
    const [x0, y0, x1, y1] = span.boxes[at].map((value) => value * scale);
    pen.strokeStyle = this.find("label").selectedOptions[0] ? this.colour() : INK;
    pen.lineWidth = Math.max(2, canvas.width / 320);
    pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
    pen.fillStyle = "#ffffffd0";
    const size = span.points.length / span.boxes.length, dot = Math.max(1, canvas.width / 640);
    for (let point = at * size; point < (at + 1) * size; point += 2) {
      const x = (span.points[point] / 32767) * canvas.width, y = (span.points[point + 1] / 32767) * canvas.height;
      pen.fillRect(x, y, dot, dot);
    }
  }

  colour() {
    return this.clip.groups.verdict[Number(this.find("label").value)].colour;
  }

  drawFace(span, at) {
    const crop = this.find("crop").getContext("2d"), heat = this.find("heat").getContext("2d");
    for (const pen of [crop, heat]) pen.clearRect(0, 0, 144, 144);
    if (!span || !span.boxes[at]) {
      crop.fillStyle = INK;
      crop.font = "15px sans-serif";
      crop.fillText(span ? "no face here" : "…", 30, 76);
      return;
    }
    const side = span.side, grey = span.crops.subarray(at * side * side, (at + 1) * side * side);
    const face = raster(side, side, (place) => rgba(grey[place], grey[place], grey[place], 255));
    for (const pen of [crop, heat]) pen.drawImage(face, 0, 0, 144, 144);
    const maps = this.heatOf(span);
    this.find("label").disabled = !maps;
    if (!maps) return;
    const [rows, columns] = maps.grid, cells = rows * columns;
    const from = (Number(this.find("label").value) * span.boxes.length + at) * cells;
    heat.drawImage(raster(columns, rows, (place) => glow(maps.values[from + place] / 255)), 0, 0, 144, 144);
  }

  /** Heatmaps of a stretch, which arrive after its pictures. */
  heatOf(span) {
    const found = window.studioHeat?.get(`${this.id} ${span.number}`);
    if (found) span.maps ??= { grid: found.grid, values: bytes(found.heat) };
    return span.maps;
  }

  /** A line is painted once for a width and what is marked; a step only copies it and draws the cursor. */
  paintLines() {
    for (const line of this.lines) {
      const { canvas, back } = line, width = Math.round(canvas.clientWidth * devicePixelRatio);
      if (line.width === width) continue;
      line.width = width; // nothing while its tab is not on show
      fit(canvas, width, Math.round(74 * devicePixelRatio));
      fit(back, canvas.width, canvas.height);
      const pen = back.getContext("2d");
      pen.clearRect(0, 0, back.width, back.height);
      if (!width) continue;
      line.paint(pen, back.width, back.height, this);
      this.drawMarks(pen, back.width, back.height);
    }
  }

  cursor({ canvas, back, width }) {
    if (!width) return;
    const pen = canvas.getContext("2d"), x = this.x(this.times[this.index], canvas.width);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(back, 0, 0);
    pen.fillStyle = getComputedStyle(this.box).color;
    pen.fillRect(Math.min(Math.max(x - devicePixelRatio, 0), canvas.width - 2), 0, 2 * devicePixelRatio, canvas.height);
  }

  /** What a person marked: a dotted line on every timeline, its note at the top of the first one. */
  drawMarks(pen, width, height) {
    pen.strokeStyle = pen.fillStyle = getComputedStyle(this.box).color;
    pen.lineWidth = devicePixelRatio;
    pen.font = `${11 * devicePixelRatio}px sans-serif`;
    pen.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const { time_s: time, note } of this.marks) {
      const x = this.x(time, width);
      pen.beginPath();
      pen.moveTo(x, 0);
      pen.lineTo(x, height);
      pen.stroke();
      if (pen.canvas === this.lines[0].back) pen.fillText(note.slice(0, 24), x + 4, height / 2);
    }
    pen.setLineDash([]);
  }

  x(time, width) {
    const { start_s, end_s } = this.clip;
    return ((time - start_s) / (end_s - start_s)) * width;
  }

  /** Means of a group's columns over the frames that share a pixel: [x, shares], NaN where no frame counts. */
  *columns(group, width) {
    const count = this.clip.groups[group].length, step = Math.max(1, this.times.length / width);
    for (let first = 0; first < this.times.length; first += step) {
      const from = Math.floor(first), to = Math.max(from + 1, Math.floor(first + step));
      const shares = Array.from({ length: count }, (_, column) => {
        let sum = 0, seen = 0;
        for (let index = from; index < Math.min(to, this.times.length); index += 1) {
          const share = this.share(group, index, column);
          if (share !== undefined) [sum, seen] = [sum + share, seen + 1];
        }
        return sum / seen;
      });
      yield [this.x(this.times[from], width), shares];
    }
  }
}

function drawVerdict(pen, width, height, player) {
  const { clip } = player, band = Math.round(height * 0.16), room = height - band - 4;
  for (const part of clip.segments) {
    pen.fillStyle = part.colour;
    pen.fillRect(player.x(part.start_s, width), height - band, player.x(part.end_s, width) - player.x(part.start_s, width), band);
  }
  clip.groups.verdict.forEach(({ colour }, column) => {
    const points = clip.curve.times.map((time, at) => {
      const row = clip.curve.rows[at]; // none where there is no picture
      return [player.x(time, width), row ? room * (1 - row[column]) + 2 : NaN];
    });
    stroke(pen, points, colour, 2);
  });
}

function drawStack(pen, width, height, player) {
  const { emotions } = player.clip.groups, columns = [...player.columns("emotions", width)];
  const most = 2 * Math.ceil(width / columns.length) + 1; // where there is no picture for longer, nothing is drawn
  for (const [place, [start, shares]] of columns.entries()) {
    const x = Math.floor(start);
    const thick = Math.min(Math.ceil(columns[place + 1]?.[0] ?? width) - x + 1, most); // reaches under the next one
    let y = height;
    shares.forEach((share, column) => {
      if (Number.isNaN(share)) return;
      pen.fillStyle = emotions[column].colour;
      pen.fillRect(x, y - share * height, thick, share * height + 0.5);
      y -= share * height;
    });
  }
}

function drawQuality(pen, width, height, player) {
  const columns = [...player.columns("quality", width)];
  player.clip.groups.quality.forEach(({ colour }, column) => {
    const points = columns.map(([x, shares]) => [x, (height - 4) * (1 - shares[column]) + 2]);
    stroke(pen, points, colour, column ? 1 : 3);
  });
}

function stroke(pen, points, colour, thick) {
  pen.strokeStyle = colour;
  pen.lineWidth = thick * devicePixelRatio;
  pen.beginPath();
  let drawing = false;
  for (const [x, y] of points) {
    if (Number.isNaN(y)) drawing = false;
    else if (drawing) pen.lineTo(x, y);
    else {
      pen.moveTo(x, y);
      drawing = true;
    }
  }
  pen.stroke();
}

/** Colour of a share of the evidence: nothing, then yellow, then red. */
function glow(share) {
  return rgba(255, Math.round(225 * (1 - share)), 40, Math.round(165 * Math.min(1, 1.3 * share)));
}

/** A pixel as one number, as canvases keep it. */
function rgba(red, green, blue, alpha) {
  return (alpha << 24) | (blue << 16) | (green << 8) | red;
}

function raster(width, height, colourAt) {
  const canvas = document.createElement("canvas");
  fit(canvas, width, height);
  const pen = canvas.getContext("2d"), image = pen.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let place = 0; place < pixels.length; place += 1) pixels[place] = colourAt(place);
  pen.putImageData(image, 0, 0);
  return canvas;
}

function fit(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function forget(picture) {
  if (picture) URL.revokeObjectURL(picture.src);
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const signs = atob(text), values = new Uint8Array(signs.length); // in browsers from before 2026
  for (let place = 0; place < signs.length; place += 1) values[place] = signs.charCodeAt(place);
  return values;
}
