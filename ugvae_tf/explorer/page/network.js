// The prior and the decoder in JavaScript, with the interface of the local server.

const ROUND = 30; // milliseconds of work between two turns of the browser

class Network {
  constructor({prior, joint, layers, concatenates, pixels, tensors: text}, images) {
    const all = tensors(text);
    const found = (part) => part && 'kernel' in part && {kernel: all[part.kernel], bias: all[part.bias]};
    this.description = prior;
    this.hidden = found(prior.hidden);
    this.parameters = found(prior.parameters);
    this.proportions = found(prior.proportions);
    this.joint = joint && {z: found(joint.z), beta: found(joint.beta), factor: found(joint.factor)};
    this.layers = layers.map((layer) => ({...layer, ...found(layer), value: found(layer.value), gate: found(layer.gate)}));
    this.concatenates = concatenates;
    [this.size, this.strips] = [pixels, images];
  }

  images(group) {
    return this.strips[group];
  }

  async prior(beta) {
    const {constant, components, units} = this.description;
    if (constant) return constant;
    const hidden = relu(dense(beta, this.hidden)), sizes = this.parameters.bias.length / components;
    const rows = Array.from({length: components}, (_, d) => {
      const kernel = this.parameters.kernel.subarray(d * units * sizes, (d + 1) * units * sizes);
      const bias = this.parameters.bias.subarray(d * sizes, (d + 1) * sizes);
      return Array.from(dense(hidden.subarray(d * units, (d + 1) * units), {kernel, bias}));
    });
    const weights = this.proportions ? Array.from(dense(beta, this.proportions), (v) => softplus(v) + 1e-5) : rows.map(() => 1);
    const sum = weights.reduce((total, value) => total + value, 0);
    return {
      z_mean: rows.map((row) => row.slice(0, sizes / 2)),
      z_stddev: rows.map((row) => row.slice(sizes / 2).map((raw) => Math.exp(0.5 * Math.tanh(raw)))),
      component_probs: weights.map((value) => value / sum),
    };
  }

  async decode(zs, beta) {
    const bytes = new Uint8Array(zs.length * this.size), of = this.joint || {};
    const shift = of.beta && dense(beta, of.beta), factor = of.factor && dense(beta, of.factor);
    let began = performance.now();
    for (const [place, z] of zs.entries()) {
      bytes.set(this.logits(z, beta, shift, factor).map((value) => Math.round(255 / (1 + Math.exp(-value)))), place * this.size);
      if (performance.now() - began > ROUND) {
        await new Promise((resolve) => { setTimeout(resolve); });
        began = performance.now();
      }
    }
    return bytes;
  }

  // The logits of the pixels of one image.
  logits(z, beta, shift, factor) {
    const kinds = {dense, gated, doubling};
    const first = this.joint ? this.joined(z, shift, factor) : Float32Array.from([...z, ...(this.concatenates ? beta : [])]);
    return this.layers.reduce((values, layer) => kinds[layer.kind](layer.relu ? relu(values) : values, layer), first);
  }

  // The first layer: of z, moved and scaled by beta.
  joined(z, shift, factor) {
    const joint = dense(z, this.joint.z);
    for (let unit = 0; unit < joint.length; unit += 1) {
      if (factor) joint[unit] *= 1 + factor[unit];
      if (shift) joint[unit] += shift[unit];
    }
    return joint;
  }
}

function gated(input, {value, gate}) {
  const gates = dense(input, gate);
  return dense(input, value).map((each, unit) => each / (1 + Math.exp(-gates[unit])));
}

function dense(input, {kernel, bias, out}) {
  const size = out || (bias ? bias.length : kernel.length / input.length);
  const found = bias ? Float32Array.from(bias) : new Float32Array(size);
  for (let row = 0; row < input.length; row += 1) {
    const value = input[row], first = row * size;
    if (value) for (let column = 0; column < size; column += 1) found[column] += value * kernel[first + column];
  }
  return found;
}

// A transposed convolution with kernels of 4x4 that doubles the sides: its edges are cut by one pixel.
function doubling(input, {kernel, bias, height, width, maps, out}) {
  const found = new Float32Array(4 * height * width * out);
  for (let place = 0; place < found.length; place += 1) found[place] = bias[place % out];
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) for (let tap = 0; tap < 16; tap += 1) {
    const [row, column] = [2 * y + (tap >> 2) - 1, 2 * x + (tap & 3) - 1];
    if (row < 0 || column < 0 || row >= 2 * height || column >= 2 * width) continue;
    const target = (row * 2 * width + column) * out;
    for (let map = 0; map < maps; map += 1) {
      const value = input[(y * width + x) * maps + map], first = (tap * maps + map) * out;
      if (value) for (let channel = 0; channel < out; channel += 1) found[target + channel] += value * kernel[first + channel];
    }
  }
  return found;
}

function relu(values) {
  return values.map((value) => Math.max(0, value));
}

function softplus(value) {
  return Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
}
