const TONE_HZ = 880;
const TONE_S = 0.6;

/** Shake and sound as far as the device lets a page: a browser that has not been touched yet stays silent. */
export function alarm(): void {
  navigator.vibrate?.([200, 100, 200]);
  try {
    sound();
  } catch {
    // Without sound the page still shows it.
  }
}

function sound(): void {
  if (typeof AudioContext === "undefined") return;
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  tone.frequency.value = TONE_HZ;
  tone.connect(audio.destination);
  tone.onended = () => void audio.close();
  tone.start();
  tone.stop(audio.currentTime + TONE_S);
}
