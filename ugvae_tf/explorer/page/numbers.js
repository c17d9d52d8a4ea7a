// Arithmetic of codes, and random numbers that a seed repeats.

function mix(first, second, share) {
  return first.map((value, place) => value + share * (second[place] - value));
}

// The point, moved by offsets in standard deviations along axes.
function moved(point, axes, offsets) {
  const found = Float32Array.from(point);
  axes.directions.forEach((direction, axis) => {
    const step = (offsets[axis] || 0) * axes.stddevs[axis];
    if (step) direction.forEach((value, place) => { found[place] += step * value; });
  });
  return found;
}

// The coordinate of a point along an axis, in standard deviations from the mean.
function coordinate(point, mean, axes, axis) {
  if (axis >= axes.directions.length || !axes.stddevs[axis]) return 0;
  let sum = 0;
  axes.directions[axis].forEach((value, place) => { sum += value * (point[place] - mean[place]); });
  return sum / axes.stddevs[axis];
}

// Uniform numbers in (0, 1): mulberry32.
function uniforms(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (((value ^ (value >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
}

// A standard normal number, by Box and Muller.
function normal(uniform) {
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

// An index, drawn with these probabilities.
function drawn(probabilities, uniform) {
  let left = uniform() * probabilities.reduce((sum, value) => sum + value, 0);
  const found = probabilities.findIndex((value) => (left -= value) <= 0);
  return found < 0 ? probabilities.length - 1 : found;
}

// New images of a beta: d ~ p(d | beta), z ~ p(z | d, beta).
function sampled(prior, count, seed) {
  const uniform = uniforms(seed);
  return Array.from({length: count}, () => {
    const d = drawn(prior.component_probs, uniform);
    return prior.z_mean[d].map((mean, place) => mean + prior.z_stddev[d][place] * normal(uniform));
  });
}

function percent(share) {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)}\u00a0%`;
}
