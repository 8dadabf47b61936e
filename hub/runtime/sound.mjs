// A series of numbers as sound: pitch follows the value, time follows the row. Only ever on a person's command.

let context = null;

/** The main series of a table: its first numeric column after the first, or the one named. */
export function mainSeries(table) {
  if (!table?.rows?.length) return null;
  const column = table.main !== undefined ? table.columns.indexOf(table.main) : table.columns.findIndex((_, j) => j > 0 && table.rows.some((r) => typeof r[j] === 'number'));
  const j = column >= 0 ? column : 0;
  const values = table.rows.map((row) => row[j]).filter((v) => typeof v === 'number' && Number.isFinite(v));
  return values.length ? { name: table.columns[j], values } : null;
}

/** Frequencies, 220 … 880 Hz (two octaves), evenly in the value; at most 200 notes. */
export function pitches(values) {
  const every = Math.ceil(values.length / 200);
  const some = values.filter((_, i) => i % every === 0);
  const lo = Math.min(...some);
  const span = Math.max(...some) - lo || 1;
  return some.map((v) => 220 * 2 ** ((2 * (v - lo)) / span));
}

/** Plays for at most 4 s; returns a function that stops it. */
export function play(values, done = () => {}) {
  context ??= new AudioContext();
  context.resume();
  const notes = pitches(values);
  const length = Math.min(4, Math.max(0.4, notes.length * 0.12));
  const tone = context.createOscillator();
  const volume = context.createGain();
  const start = context.currentTime + 0.05;
  tone.type = 'triangle';
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.15, start + 0.03);
  notes.forEach((hz, i) => tone.frequency.setTargetAtTime(hz, start + (i * length) / notes.length, 0.015));
  volume.gain.setValueAtTime(0.15, start + length);
  volume.gain.linearRampToValueAtTime(0, start + length + 0.08);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + length + 0.1);
  tone.onended = done;
  return () => tone.stop();
}
