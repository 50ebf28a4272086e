// The live camera: a picture now and then goes the way that one from a file goes, until a QR code is found in it.
const EVERY = 700; // milliseconds; the box reads one picture at a time
const WIDEST = 1280;

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function picture(video) {
  const canvas = document.createElement("canvas");
  const scale = Math.min(1, WIDEST / video.videoWidth);
  canvas.width = video.videoWidth * scale;
  canvas.height = video.videoHeight * scale;
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
}

/** Whether this was the last one. */
async function look(form, input, video) {
  const file = new File([await picture(video)], "camera.jpg", { type: "image/jpeg" });
  const body = new FormData();
  body.append("file", file);
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
  if (answer.headers.has("gatehouse-unread") || answer.status === 429 || answer.status === 503) return false;
  if (answer.type === "opaqueredirect") location.assign("/activate");
  else {
    // what the box says of it is a page: the browser sends the picture as a person would, and shows it
    const files = new DataTransfer();
    files.items.add(file);
    input.files = files.files;
    form.submit();
  }
  return true;
}

for (const form of document.querySelectorAll("form[data-camera]")) {
  const [start, video, said] = ["[data-start]", "video", "[data-said]"].map((one) => form.querySelector(one));
  if (!navigator.mediaDevices || !window.DataTransfer) continue;
  start.hidden = false;
  start.addEventListener("click", async () => {
    start.disabled = true;
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.hidden = false;
      await video.play();
      said.textContent = said.dataset.on;
    } catch (cause) {
      said.textContent = said.dataset.denied;
      start.disabled = false;
      return;
    }
    // a box that is away for a moment is asked again
    while (!(await look(form, form.querySelector("input[type=file]"), video).catch(() => false))) await wait(EVERY);
    for (const track of video.srcObject.getTracks()) track.stop();
  });
}
