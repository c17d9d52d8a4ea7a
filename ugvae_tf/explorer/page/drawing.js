// The images that follow the state.

const PREVIEW = 8; // components
const REST = 300; // milliseconds after the last change
let prior = null, alphabet = null; // of the present beta: components, and their decoded images
let drawnBeta = null, drawnSamples = '', measuredPath = '', busy = false, again = false, announced = 0;

// Draw the state; a change in between draws again, so that only the last one counts.
async function draw() {
  again = true;
  if (busy) return;
  busy = true;
  document.body.dataset.state = 'drawing';
  try {
    while (again) {
      again = false;
      await drawOnce();
    }
    document.body.dataset.state = 'drawn';
  } catch (error) {
    document.body.dataset.state = 'failed';
    element('status').textContent = `The image cannot be drawn: ${error.message}`;
  }
  busy = false;
}

async function drawOnce() {
  const began = performance.now(), beta = betaOf(state), key = beta.join();
  if (key !== drawnBeta) [prior, alphabet, drawnSamples] = [await backEnd.prior(beta), null, ''];
  drawnBeta = key;
  const z = moved(prior.z_mean[state.d], facts.z[state.d], state.z);
  paint(element('picture'), imageOf(await backEnd.decode([z], beta), 0));
  const milliseconds = performance.now() - began;
  if (hasBeta) tabs.map.show(state, beta);
  if (!alphabet && !again) await drawComponents(beta);
  document.body.dataset.milliseconds = [milliseconds, performance.now() - began].map((value) => value.toFixed(1)).join();
  if (!again) drawPreview();
  if (!again) drawLine();
  if (!again && drawnSamples !== `${state.seed}`) await drawSamples(beta);
  describe(milliseconds);
  if (hasBeta && !again) await measurePath();
}

// How much the way from the first group to the second changes: on many models of random groups it is little.
async function measurePath() {
  const ends = [state.from, state.to], images = [];
  if (measuredPath === ends.join()) return;
  for (const group of ends) {
    const beta = Float32Array.from(facts.groups.betas[group]);
    images.push(await backEnd.decode((await backEnd.prior(beta)).z_mean, beta));
    if (again) return;
  }
  measuredPath = ends.join();
  const change = images[0].reduce((sum, value, place) => sum + Math.abs(value - images[1][place]), 0) / images[0].length / 255;
  element('path-note').textContent = aboutPath(change);
}

async function drawComponents(beta) {
  const bytes = await backEnd.decode(prior.z_mean, beta);
  alphabet = prior.z_mean.map((_, d) => imageOf(bytes, d));
  drawTiles();
}

// The tiles, and the share of images that p(d | beta) gives to their components.
function drawTiles() {
  const shares = tabs.tiles.map(({of}) => of.reduce((sum, d) => sum + prior.component_probs[d], 0));
  const largest = Math.max(...shares);
  tabs.tiles.forEach((tile, place) => {
    paint(tile.canvas, alphabet[tile.d]);
    tile.bar.style.width = `${(100 * shares[place]) / largest}%`;
  });
}

// On a narrow screen: components that stay in sight while the sliders move.
function drawPreview() {
  const count = Math.min(PREVIEW, tabs.tiles.length);
  const shown = Array.from({length: count}, (_, place) => alphabet[tabs.tiles[Math.floor((place * tabs.tiles.length) / count)].d]);
  paintGrid(element('preview'), shown, shown.length);
}

function drawLine() {
  if (!facts.names || !alphabet) return;
  const found = letters(state.text), missing = found.filter(({part, d}) => d === null && part.trim()).map(({part}) => part);
  paintLine(element('line'), found.filter(({part, d}) => d !== null || !part.trim()).map(({d}) => (d === null ? null : alphabet[d])));
  element('line').setAttribute('aria-label', `The text ${state.text}, drawn from the present beta`);
  element('words-note').textContent = missing.length ? `No component bears the name ${[...new Set(missing)].join(' ')}: left out.` : '';
}

async function drawSamples(beta) {
  const bytes = await backEnd.decode(sampled(prior, MORE, state.seed), beta);
  paintGrid(element('samples'), Array.from({length: MORE}, (_, place) => imageOf(bytes, place)), 8);
  element('samples').setAttribute('aria-label', `${MORE} new images, draw ${state.seed}`);
  drawnSamples = `${state.seed}`;
}

// One sentence about the state: on the image at once, for screen readers when the slider rests.
function describe(milliseconds) {
  const where = !hasBeta ? '' : ` under the beta ${percent(state.t)} of the way from ${groupName(state.from)} to ${groupName(state.to)}`;
  const moves = state.beta.some(Boolean) ? ', moved along its axes' : '';
  const text = `${hasMixture ? `Component ${nameOf(state.d)}` : 'Image'}${where}${moves}`;
  element('picture').setAttribute('aria-label', `Decoded image. ${text}`);
  clearTimeout(announced);
  announced = setTimeout(() => { element('status').textContent = `${text}. Decoded in ${milliseconds.toFixed(0)} ms.`; }, REST);
}
