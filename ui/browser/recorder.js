const MIME_TYPES = ["video/webm;codecs=vp8", "video/webm;codecs=vp9", "video/webm", "video/mp4"];
const PANELS = ["off", "ready", "count", "record", "review", "sent"];

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const recorder = (root.recorder ??= new Recorder(root));
  recorder.data = data;
  recorder.send = (clip) => setTriggerValue("clip", clip);
  return () => {
    recorder.dispose();
    delete root.recorder;
  };
}

class Recorder {
  constructor(root) {
    this.find = (name) => root.querySelector(`[data-part=${name}]`);
    this.root = root;
    this.disposed = false;
    this.step = 0; // counts what was begun: whatever is still on its way when the next begins, ends
    const on = (name, action) => (this.find(name).onclick = () => this.attempt(action));
    on("enable", () => this.open());
    on("start", () => this.record());
    on("cancel", () => this.cancel());
    on("stop", () => this.stop());
    on("retake", () => this.open());
    on("another", () => this.open());
    on("use", () => this.submit());
    this.find("camera").onchange = () => this.attempt(() => this.open(this.find("camera").value));
    this.show("off");
  }

  /** Run an action; whatever goes wrong becomes one sentence with a remedy, and the way back to the start. */
  async attempt(action) {
    this.find("message").textContent = "";
    try {
      await action();
    } catch (error) {
      this.release();
      if (this.disposed) return;
      const words = this.data.problems;
      this.find("message").textContent = words[problemOf(error)] ?? words.failed;
      this.show("off");
    }
  }

  show(panel) {
    this.find("box").dataset.panel = panel;
    for (const name of PANELS) this.find(`panel-${name}`).hidden = name !== panel;
  }

  async open(deviceId) {
    if (!window.isSecureContext) throw problem("insecure");
    this.mime = MIME_TYPES.find((type) => window.MediaRecorder?.isTypeSupported(type));
    if (!this.mime) throw problem("unsupported");
    this.release();
    const step = this.step;
    try {
      await this.preview(step, deviceId ?? this.deviceId);
    } catch (error) {
      if (step === this.step) throw error;
    }
  }

  async preview(step, deviceId) {
    const stream = await openCamera(deviceId);
    if (step !== this.step) return closeCamera(stream);
    this.stream = stream;
    const track = stream.getVideoTracks()[0];
    this.deviceId = track.getSettings().deviceId;
    track.onended = () => this.attempt(() => Promise.reject(problem("lost")));
    const video = this.find("preview");
    video.srcObject = stream;
    await video.play();
    await listCameras(this.find("camera"), this.deviceId);
    if (step === this.step) this.show("ready");
  }

  /** Back from the countdown; the camera stays on. */
  cancel() {
    this.step++;
    this.find("number").textContent = "";
    this.show("ready");
  }

  async record() {
    const seconds = Number(this.find("seconds").value);
    const step = this.step;
    this.show("count");
    for (let left = this.data.countdown; left > 0; left--) {
      this.find("number").textContent = left;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (step !== this.step) return;
    }
    this.find("number").textContent = "";
    const clip = await this.capture(seconds);
    if (step === this.step) this.review(clip);
  }

  /** Record until the time is up, the size is reached or somebody stops it. */
  async capture(seconds) {
    const chunks = [];
    let size = 0, full = false;
    const media = new MediaRecorder(this.stream, { mimeType: this.mime, videoBitsPerSecond: this.data.bits_per_s });
    this.stop = () => media.state === "recording" && media.stop();
    const ended = new Promise((resolve, reject) => {
      media.onstop = resolve;
      media.onerror = (event) => reject(event.error ?? problem("failed"));
    });
    let begun = performance.now();
    const look = () => {
      const passed = (performance.now() - begun) / 1000;
      this.find("bar").style.width = `${Math.min(100, (100 * passed) / seconds)}%`;
      this.find("clock").textContent = `${passed.toFixed(0)} of ${seconds} s`;
      this.find("stop").disabled = passed < this.data.min_seconds;
      if (passed >= seconds) this.stop();
    };
    media.ondataavailable = (event) => {
      look(); // the clock of a tab in the background goes slowly, the recorder does not
      full ||= size + event.data.size > this.data.max_bytes;
      if (full) return this.stop(); // and nothing after it: a file with a hole cannot be played
      size += event.data.size;
      chunks.push(event.data);
    };
    this.find("bar").style.width = 0;
    this.show("record");
    media.onstart = () => (begun = performance.now());
    media.start(250);
    const tick = setInterval(look, 50);
    try {
      await ended;
    } finally {
      clearInterval(tick);
    }
    return { blob: new Blob(chunks, { type: this.mime }), ms: performance.now() - begun };
  }

  /** Show what was recorded; the camera goes off meanwhile. */
  review(clip) {
    this.release();
    if (!clip.blob.size) throw problem("failed");
    this.clip = clip;
    this.url = URL.createObjectURL(clip.blob);
    this.find("replay").src = this.url;
    this.find("replay").play().catch(() => {});
    this.show("review");
  }

  async submit() {
    this.find("use").disabled = true;
    const { blob, ms } = this.clip;
    const url = await new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(problem("failed"));
      reader.readAsDataURL(blob);
    });
    this.release();
    this.show("sent");
    this.send({ b64: url.slice(url.indexOf(",") + 1), mime: this.mime, ms });
  }

  /** Camera off, nothing of the last recording kept, and an end to whatever is on its way. */
  release() {
    this.step++;
    this.find("number").textContent = "";
    const track = this.stream?.getVideoTracks()[0];
    if (track) track.onended = null;
    closeCamera(this.stream);
    this.stream = null;
    this.find("preview").srcObject = null;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = this.clip = null;
    this.find("replay").removeAttribute("src");
    this.find("replay").load(); // stops it: decoding a loop nobody sees would slow down what follows
    this.find("use").disabled = false;
  }

  stop() {}

  dispose() {
    this.disposed = true;
    this.stop();
    this.release();
  }
}
