// Records the reader's voice, and shows how loud it is.

const LONGEST = 30; // seconds

export class Recorder {
  #media;
  #stream;
  #audio;
  #timer;

  // `onLevel` gets the loudness, 0 to 1; `onEnd` gets the recording.
  constructor(onLevel, onEnd) {
    this.onLevel = onLevel;
    this.onEnd = onEnd;
  }

  get isRecording() {
    return this.#media?.state === "recording";
  }

  async start() {
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const pieces = [];
    this.#media = new MediaRecorder(this.#stream);
    this.#media.addEventListener("dataavailable", (event) => pieces.push(event.data));
    this.#media.addEventListener("stop", () => this.#finish(pieces));
    this.#media.start();
    this.#timer = setTimeout(() => this.stop(), LONGEST * 1000);
    this.#listen();
  }

  stop() {
    if (this.isRecording) this.#media.stop();
  }

  #listen() {
    this.#audio = new AudioContext();
    const analyser = this.#audio.createAnalyser();
    const samples = new Float32Array(analyser.fftSize);
    this.#audio.createMediaStreamSource(this.#stream).connect(analyser);
    const look = () => {
      if (!this.isRecording) return;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      this.onLevel(Math.min(1, Math.sqrt(power) * 5));
      requestAnimationFrame(look);
    };
    look();
  }

  #finish(pieces) {
    clearTimeout(this.#timer);
    for (const track of this.#stream.getTracks()) track.stop();
    this.#audio.close();
    this.onLevel(0);
    const type = this.#media.mimeType;
    const name = type.includes("mp4") ? "voice.mp4" : type.includes("ogg") ? "voice.ogg" : "voice.webm";
    this.onEnd(new File(pieces, name, { type }));
  }
}
