// Opens the camera once to see whether it works, asks the browser for its addresses, and says what it found.

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const find = (name) => root.querySelector(`[data-part=${name}]`);
  const state = (root.gate ??= { stream: null, gone: false, another: false });
  find("start").onclick = async () => {
    find("start").disabled = true;
    find("message").textContent = data.checking;
    const found = await check(state, data, find("camera"));
    if (state.gone) return;
    find("start").disabled = false;
    find("message").textContent = data.off;
    setTriggerValue("checked", { ...found, another: state.another });
  };
  find("camera").onchange = () => {
    Remembered.set(find("camera").value);
    state.another = true;
  };
  const current = find("camera").value || data.device || Remembered.get();
  if (!find("start").disabled) listCameras(find("camera"), current).catch(() => {});
  return () => {
    state.gone = true;
    closeCamera(state.stream);
    delete root.gate;
  };
}

/** The camera that the connection used last: it keeps to it, whatever it is asked for, so its memory is the choice. */
const Remembered = {
  name: "streamlit-webrtc:device-ids",
  get() {
    try {
      return JSON.parse(localStorage.getItem(this.name))?.video ?? "";
    } catch {
      return "";
    }
  },
  set(device) {
    try {
      Object.keys(localStorage).filter((key) => key.startsWith(this.name)).forEach((key) => localStorage.removeItem(key));
      if (device) localStorage.setItem(this.name, JSON.stringify({ video: device }));
    } catch {} // a browser that keeps nothing has nothing to forget
  },
};

async function check(state, data, select) {
  try {
    state.stream = await openCamera(select.value || Remembered.get()).catch((error) => {
      if (error.name !== "OverconstrainedError") throw error;
      Remembered.set(""); // that camera is gone
      return openCamera("");
    });
    if (!window.RTCPeerConnection) throw problem("unsupported");
    const { deviceId } = state.stream.getVideoTracks()[0].getSettings();
    Remembered.set(deviceId); // a connection that was ending may have put its own camera there
    return { camera: "ok", device: deviceId ?? "", addresses: await addresses(data.rtc) };
  } catch (error) {
    return { camera: problemOf(error), device: "", addresses: {} };
  } finally {
    closeCamera(state.stream);
    state.stream = null;
  }
}

/** How many addresses of each kind (host, srflx, relay) the browser has for video over UDP. */
async function addresses(configuration) {
  const counts = {};
  const peer = new RTCPeerConnection(configuration);
  try {
    peer.createDataChannel("check");
    const gathered = new Promise((resolve) => {
      peer.onicecandidate = ({ candidate }) => {
        if (!candidate?.candidate) return resolve();
        if (candidate.protocol === "udp") counts[candidate.type] = (counts[candidate.type] ?? 0) + 1;
      };
      setTimeout(resolve, 3000);
    });
    await peer.setLocalDescription(await peer.createOffer());
    await gathered;
  } finally {
    peer.close();
  }
  return counts;
}
