// Pixels on canvases.

const [HEIGHT, WIDTH, CHANNELS] = facts.shape;
const SIZE = HEIGHT * WIDTH * CHANNELS;

// The image of that number in bytes [B, H, W, C].
function imageOf(bytes, number) {
  const image = new ImageData(WIDTH, HEIGHT), first = number * SIZE;
  for (let pixel = 0; pixel < HEIGHT * WIDTH; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      image.data[4 * pixel + channel] = bytes[first + pixel * CHANNELS + (CHANNELS === 3 ? channel : 0)];
    }
    image.data[4 * pixel + 3] = 255;
  }
  return image;
}

function resized(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return canvas.getContext('2d');
}

function paint(canvas, image) {
  resized(canvas, WIDTH, HEIGHT).putImageData(image, 0, 0);
}

// Images in rows.
function paintGrid(canvas, images, columns) {
  const rows = Math.ceil(images.length / columns);
  const context = resized(canvas, columns * (WIDTH + 1) - 1, rows * (HEIGHT + 1) - 1);
  context.clearRect(0, 0, canvas.width, canvas.height);
  images.forEach((image, place) => {
    context.putImageData(image, (place % columns) * (WIDTH + 1), Math.floor(place / columns) * (HEIGHT + 1));
  });
}

// The columns of an image that have ink: a letter is as wide as its ink.
function inked(image) {
  const least = 60, columns = [];
  for (let x = 0; x < WIDTH; x += 1) {
    for (let y = 0; y < HEIGHT; y += 1) {
      if (image.data[4 * (y * WIDTH + x)] > least) { columns.push(x); break; }
    }
  }
  return columns.length ? [Math.max(0, columns[0] - 1), Math.min(WIDTH, columns[columns.length - 1] + 2)] : [0, WIDTH];
}

// Letters side by side; null is a space. Grey letters are cut to their ink.
function paintLine(canvas, images) {
  const spans = images.map((image) => (image === null ? [0, Math.ceil(WIDTH / 3)] : CHANNELS === 1 ? inked(image) : [0, WIDTH]));
  const width = spans.reduce((sum, [left, right]) => sum + right - left, 0);
  const context = resized(canvas, Math.max(1, width), HEIGHT);
  context.fillStyle = CHANNELS === 1 ? '#000' : 'transparent';
  context.clearRect(0, 0, canvas.width, HEIGHT);
  context.fillRect(0, 0, canvas.width, HEIGHT);
  let x = 0;
  images.forEach((image, place) => {
    const [left, right] = spans[place];
    if (image) context.putImageData(image, x - left, 0, left, 0, right - left, HEIGHT);
    x += right - left;
  });
}
