// The numbers of a network from the text in this file.

function bytesOf(text) {
  const characters = atob(text), bytes = new Uint8Array(characters.length);
  for (let place = 0; place < bytes.length; place += 1) bytes[place] = characters.charCodeAt(place);
  return bytes;
}

// The value of each of the 65,536 numbers of 16 bits.
function halves() {
  return Float32Array.from({length: 65536}, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1, exponent = (half >> 10) & 31, fraction = half & 1023;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  });
}

// Arrays of numbers in the order of their description.
function tensors({described, bytes: text}) {
  const bytes = bytesOf(text), half = halves(), found = [];
  for (const {count, at, scales} of described) {
    const values = new Float32Array(count);
    if (scales === undefined) {
      for (let place = 0; place < count; place += 1) values[place] = half[bytes[at + 2 * place] | (bytes[at + 2 * place + 1] << 8)];
    } else {
      const signed = new Int8Array(bytes.buffer, at, count), of = found[scales], columns = of.length;
      for (let place = 0; place < count; place += 1) values[place] = signed[place] * of[place % columns];
    }
    found.push(values);
  }
  return found;
}
