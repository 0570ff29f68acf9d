// Shared by everything that opens the camera; Python puts it before the component's own module.

/** Why the camera cannot be used, as a code that Python has words for. */
function problemOf(error) {
  const codes = {
    NotAllowedError: "denied", SecurityError: "denied",
    NotFoundError: "missing", OverconstrainedError: "missing",
    NotReadableError: "busy", AbortError: "busy",
  };
  return error?.code_ ?? codes[error?.name] ?? "failed";
}

function problem(code) {
  return Object.assign(new Error(code), { code_: code });
}

async function openCamera(deviceId) {
  if (!window.isSecureContext) throw problem("insecure");
  if (!navigator.mediaDevices?.getUserMedia) throw problem("unsupported");
  const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, max: 30 } };
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  return navigator.mediaDevices.getUserMedia({ video: { ...wanted, ...which }, audio: false });
}

function closeCamera(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

/** Offer the cameras there are, `current` chosen; with a single one, or before a permission, there is no choice. */
async function listCameras(select, current) {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const cameras = devices.filter((device) => device.kind === "videoinput" && device.deviceId);
  select.replaceChildren(
    ...cameras.map((camera, index) => new Option(camera.label || `Camera ${index + 1}`, camera.deviceId)),
  );
  if (cameras.some((camera) => camera.deviceId === current)) select.value = current;
  select.hidden = cameras.length < 2;
}
