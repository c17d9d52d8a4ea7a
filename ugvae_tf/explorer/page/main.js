// The page: a state, and its controls.

let state = read(location.hash);
let addressed = 0;
const tabs = {};

function change(changes) {
  Object.assign(state, changes);
  clearTimeout(addressed);
  addressed = setTimeout(writeAddress, REST); // browsers refuse a new address for every step of a slider
  draw();
}

function writeAddress() {
  history.replaceState(null, '', written(state, state.view));
  for (const link of document.querySelectorAll('a.link')) link.href = written(state, link.dataset.view ?? link.closest('section').id);
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
  if (role === 'from') show('more');
  else element(role).focus();
}

// Scroll to a section, and continue from there with the keyboard.
function show(view) {
  const section = element(view);
  if (!section) return;
  section.tabIndex = -1;
  section.focus({preventScroll: true});
  section.scrollIntoView();
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
  if (alphabet) drawTiles();
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
  element('components-text').textContent = aboutComponents();
  element('more-heading').firstChild.textContent = hasBeta ? 'More of this group' : 'New images';
  element('more-text').textContent = aboutMore();
  element('z-legend').textContent = aboutAxesOfZ();
  fill(element('d'), shownComponents(true).map((tile) => [tile.d, optionOf(tile)]));
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
  element('map-text').textContent = aboutMap();
}

function restore() {
  state = read(location.hash);
  reflect();
  change({});
  show(state.view);
}

prepare();
restore();
window.addEventListener('hashchange', restore);
