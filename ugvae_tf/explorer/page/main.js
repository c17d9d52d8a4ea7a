// The page: a state, its controls, and the images that follow it.

let state = read(location.hash);
let prior = null, alphabet = null; // of the present beta: components, and their decoded images
let drawnBeta = '', drawnSamples = '', busy = false, again = false, announced = 0;
const tabs = {};
const PREVIEW = 8;

function change(changes) {
  Object.assign(state, changes);
  history.replaceState(null, '', written(state, state.view));
  for (const link of document.querySelectorAll('a.link')) link.href = written(state, link.closest('section').id);
  draw();
}

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
}

async function drawComponents(beta) {
  const bytes = await backEnd.decode(prior.z_mean, beta);
  alphabet = prior.z_mean.map((_, d) => imageOf(bytes, d));
  for (const tile of tabs.tiles) paint(tile.canvas, alphabet[tile.d]);
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
  element('samples').setAttribute('aria-label', `${MORE} new images of the present beta, draw ${state.seed}`);
  drawnSamples = `${state.seed}`;
}

// One sentence about the state: on the image at once, for screen readers when the slider rests.
function describe(milliseconds) {
  const where = !hasBeta ? '' : ` under the beta ${percent(state.t)} of the way from ${groupName(state.from)} to ${groupName(state.to)}`;
  const moves = state.beta.some(Boolean) ? ', moved along its axes' : '';
  const text = `${hasMixture ? `Component ${nameOf(state.d)}` : 'Image'}${where}${moves}`;
  element('picture').setAttribute('aria-label', `Decoded image. ${text}`);
  clearTimeout(announced);
  announced = setTimeout(() => { element('status').textContent = `${text}. Decoded in ${milliseconds.toFixed(0)} ms.`; }, 400);
}

function axes(name, list) {
  return axisSliders(element(`${name}-axes`), name, list, (axis, value) => {
    const offsets = list.shares.map((_, place) => state[name][place] || 0);
    offsets[axis] = value;
    change({[name]: offsets});
  });
}

function use(role, group) {
  if (role === 'from') change({from: group, t: 0, beta: []});
  else change({[role]: group});
  reflect();
  if (role === 'from') element('more').scrollIntoView();
}

// Put the state into the controls.
function reflect() {
  if (hasBeta) {
    for (const name of ['from', 'to', 'group']) element(name).value = state[name];
    tabs.path.set(state.t);
    tabs.beta.forEach((row, axis) => row.set(state.beta[axis] || 0));
    showGroup(element('from-images'), element('from-caption'), state.from, 'First group: ');
    showGroup(element('to-images'), element('to-caption'), state.to, 'Second group: ');
    showNeighbours(element('neighbours'), state.group, use);
  }
  element('d').value = state.d;
  tabs.z = axes('z', facts.z[state.d]);
  tabs.z.forEach((row, axis) => row.set(state.z[axis] || 0));
  element('all').checked = state.all;
  element('words').value = state.text;
  tabs.tiles = componentTiles(element('tiles'), shownComponents(state.all), state.d, chooseComponent);
  if (alphabet) for (const tile of tabs.tiles) paint(tile.canvas, alphabet[tile.d]);
}

function chooseComponent(d) {
  change({d, z: []});
  element('d').value = d;
  tabs.z = axes('z', facts.z[d]);
  tabs.z.forEach((row) => row.set(0));
  mark(tabs.tiles, d);
}

function prepare() {
  element('title').textContent = `Explorer of ${facts.model}`;
  document.title = element('title').textContent;
  element('facts').textContent = `${facts.kind}; ${facts.data}.`;
  const shown = {beta: hasBeta, map: hasBeta, components: hasMixture, 'd-field': hasMixture, text: facts.names, 'all-field': facts.names};
  for (const [id, is] of Object.entries(shown)) element(id).hidden = !is;
  const named = facts.names ? `names are values of ${facts.names.label}, that of most training images of the component` : 'in the order of their shares of the images';
  element('components-text').textContent = `Each component's mean image under the present beta; ${named}. Choose one to see it large.`;
  element('more-text').textContent = `New images of the present beta: d and z are drawn from the prior given beta.`;
  fill(element('d'), shownComponents(true).map((d) => [d, `${facts.names ? `${nameOf(d)}, component ${d}` : `component ${d}`} (${percent(facts.shares[d])})`]));
  element('d').addEventListener('change', () => chooseComponent(Number(element('d').value)));
  element('all').addEventListener('change', () => { change({all: element('all').checked}); reflect(); });
  element('words').addEventListener('input', () => change({text: element('words').value}));
  element('again').addEventListener('click', () => change({seed: state.seed + 1}));
  element('z-reset').addEventListener('click', () => { change({z: []}); reflect(); });
  if (hasBeta) prepareGroups();
}

function prepareGroups() {
  const options = facts.groups.names.map((name, group) => [group, name]);
  for (const name of ['from', 'to', 'group']) {
    fill(element(name), options);
    element(name).addEventListener('change', () => { change({[name]: Number(element(name).value)}); reflect(); });
  }
  tabs.path = slider('t', 'From the first group to the second', [0, 1, 0.01], percent, (t) => change({t}));
  element('path').replaceChildren(tabs.path);
  tabs.beta = axes('beta', facts.beta);
  element('beta-reset').addEventListener('click', () => { change({beta: []}); reflect(); });
  tabs.map = drawnMap(element('points'), (group) => { change({group}); reflect(); });
  element('map-text').textContent = `Each point is a group of held-out images, at the first two principal axes of beta (${percent(facts.beta.shares[0])} and ${percent(facts.beta.shares[1] || 0)} of the variance). The cross is the present beta. Choose a point to see its images and its nearest groups.`;
}

function restore() {
  state = read(location.hash);
  reflect();
  change({});
  const section = element(state.view);
  if (section) section.scrollIntoView();
}

prepare();
restore();
window.addEventListener('hashchange', restore);
