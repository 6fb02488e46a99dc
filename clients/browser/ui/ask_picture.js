/** The picture that a question is about: from a file, dropped, pasted, or from the camera.
 *
 * Makes it small enough for the server. Knows no question and no network.
 */

import { el, icon, say } from "./dom.js";

const MOST_BYTES = 512 * 1024;
const TYPES = new Set(["image/jpeg", "image/png", "image/webp"]);
const SIDES_PX = [1280, 800, 480]; // each smaller than the one before did not fit
const MOST_SIDE_PX = 4096;
const QUALITY = 0.85;
const PICTURE = ["M3 4h14v12H3z", "M3 13l4-4 4 4 2-2 4 4", "M13 7.6v.1"];
const CAMERA = ["M2.5 6.5h3l1.5-2h6l1.5 2h3v9h-15z", "M10 8a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6"];
const NO_PICTURE = "This is no picture that the browser can read.";

export class AskedPicture extends EventTarget {
  #url = null;
  blob = null;

  /** `parts`: card, file, input, camera, video, attached, note (elements). Fires "change". */
  constructor(parts) {
    super();
    this.parts = parts;
    const { card, file, input, camera } = parts;
    file.prepend(icon(...PICTURE));
    camera.prepend(icon(...CAMERA));
    file.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      if (input.files[0]) this.take(input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    });
    camera.addEventListener("click", () => this.#fromCamera());
    card.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      card.classList.add("dropping");
    });
    card.addEventListener("dragleave", (event) => card.contains(event.relatedTarget) || card.classList.remove("dropping"));
    card.addEventListener("drop", (event) => this.#dropped(event, event.dataTransfer.files));
    card.addEventListener("paste", (event) => this.#dropped(event, event.clipboardData.files));
  }

  /** Ask about this file or bitmap; says so where it is no picture. */
  async take(source) {
    say(this.parts.note, "");
    try {
      this.#set(await small(source));
    } catch {
      say(this.parts.note, NO_PICTURE);
    }
  }

  /** Ask about no picture again; -> the one before with its address, or null. The address is the
   * caller's. */
  release() {
    const given = this.blob && { blob: this.blob, url: this.#url };
    this.#url = null;
    this.#set(null);
    return given;
  }

  #dropped(event, files) {
    this.parts.card.classList.remove("dropping");
    if (!files.length) return;
    event.preventDefault();
    this.take(files[0]);
  }

  async #fromCamera() {
    const { video, note } = this.parts;
    if (!video.videoWidth) return say(note, "The camera shows nothing yet.");
    return this.take(await createImageBitmap(video));
  }

  #set(blob) {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.blob = blob;
    this.#url = blob && URL.createObjectURL(blob);
    const { attached } = this.parts;
    attached.hidden = !blob;
    attached.replaceChildren(...(blob ? this.#thumbnail() : []));
    this.dispatchEvent(new Event("change"));
  }

  #thumbnail() {
    const remove = () => {
      this.#set(null);
      this.parts.file.focus();
    };
    return [
      el("img", { src: this.#url, alt: "The picture you ask about" }),
      el("button", { type: "button", class: "small ghost", onclick: remove }, "Remove the picture"),
    ];
  }
}

/** A file as it is where the server takes it so, else drawn anew, smaller. */
async function small(source) {
  const bitmap = source instanceof ImageBitmap ? source : await createImageBitmap(source);
  const side = Math.max(bitmap.width, bitmap.height);
  if (source instanceof Blob && TYPES.has(source.type) && source.size <= MOST_BYTES && side <= MOST_SIDE_PX) return source;
  for (const most of SIDES_PX) {
    const drawn = await jpeg(bitmap, Math.min(1, most / side));
    if (drawn.size <= MOST_BYTES) return drawn;
  }
  throw new Error("too large"); // no picture of 480 px is
}

function jpeg(bitmap, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // under what is transparent
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("not drawn"))), "image/jpeg", QUALITY);
  });
}
