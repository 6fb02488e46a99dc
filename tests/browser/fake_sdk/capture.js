/** Stands in for capture: a drawn picture as the camera's stream. */

export class Capture {
  static problem() {
    return globalThis.fake?.captureProblem ?? null;
  }

  static async devices() {
    return { video: [], audio: [] };
  }

  static async start() {
    const error = globalThis.fake?.startError;
    if (error) throw Object.assign(new Error(error), { code: error });
    const canvas = document.createElement("canvas");
    canvas.width = 640;
    canvas.height = 400;
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#7a9aa8";
    pen.fillRect(0, 0, 640, 400);
    pen.fillStyle = "#d9cdb4";
    pen.fillRect(0, 280, 640, 120);
    pen.fillStyle = "#b4552d";
    pen.fillRect(260, 170, 120, 130);
    const capture = new Capture();
    capture.stream = canvas.captureStream(1);
    return capture;
  }

  pause() {}
  resume() {}
  stop() {}
}
