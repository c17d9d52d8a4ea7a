// What the page shows, and its address: every state has a link that restores it.

const MORE = 24; // new images
const hasBeta = facts.beta !== null;
const hasMixture = facts.shares.length > 1;

function start() {
  const [from, to] = hasBeta ? ends() : [0, 0];
  return {
    from, to, t: 0, beta: [], d: shownComponents(false)[0].d, z: [], all: false, text: startText(), seed: 1, group: from,
    view: '',
  };
}

// Two groups that are far apart on the first axis, but no outliers.
function ends() {
  const places = facts.groups.betas.map((beta) => coordinate(beta, facts.beta.mean, facts.beta, 0));
  const order = places.map((_, group) => group).sort((a, b) => places[a] - places[b]);
  return [0.1, 0.9].map((share) => order[Math.round(share * (order.length - 1))]);
}

function startText() {
  const known = facts.names ? Object.keys(facts.names.components) : [];
  return ['Hello', '2718', known.slice(0, 8).join(' ')].find((text) => letters(text).every((one) => one.d !== null)) || '';
}

// The tiles: a component each, its name, and all components that have the name. With names there is a tile for each
// name or, with `all`, for each component. Without names there are those that have images, or all, by their shares.
function shownComponents(all) {
  if (facts.names && !all) return Object.entries(facts.names.components).map(([name, d]) => ({d, name, of: named(name)}));
  const order = all ? [...facts.order] : facts.order.filter((d) => facts.shares[d] > 0);
  if (facts.names) {
    const collator = new Intl.Collator('en', {numeric: true}), name = (d) => facts.names.of[d] ?? '\uffff';
    order.sort((a, b) => collator.compare(name(a), name(b)));
  }
  return order.map((d) => ({d, name: nameOf(d), of: [d]}));
}

function named(name) {
  return facts.order.filter((d) => facts.names.of[d] === name);
}

function nameOf(d) {
  return (facts.names && facts.names.of[d]) ?? `d ${d}`;
}

// The name with its share of the component's training images, and the share of the held-out images.
function meaningOf(d) {
  const name = facts.names && facts.names.of[d];
  const named = name === null || name === undefined ? '' : `${percent(facts.names.shares[d])} of its training images are ${name}, `;
  return `${named}${percent(facts.shares[d])} of the held-out images`;
}

// The letters, or words, of a text with the component of each; null for a space, or one that no component bears.
function letters(text) {
  if (!facts.names) return [];
  const known = facts.names.components;
  const single = Object.keys(known).every((name) => [...name].length === 1);
  const parts = single ? [...text] : text.split(/[\s,]+/).filter(Boolean);
  return parts.map((part) => ({part, d: Object.hasOwn(known, part) ? known[part] : null}));
}

function betaOf(state) {
  if (!hasBeta) return new Float32Array(0);
  const [from, to] = [state.from, state.to].map((group) => facts.groups.betas[group]);
  return moved(mix(from, to, state.t), facts.beta, state.beta);
}

function groupName(group) {
  return facts.groups.names[group];
}

// The part of the address after #.
function written(state, view) {
  const parts = new URLSearchParams();
  if (hasBeta) {
    parts.set('from', groupName(state.from));
    parts.set('to', groupName(state.to));
    parts.set('t', state.t);
    parts.set('group', groupName(state.group));
  }
  for (const name of ['beta', 'z']) if (state[name].some(Boolean)) parts.set(name, state[name].map((v) => v || 0).join(' '));
  for (const name of ['d', 'seed', 'text']) parts.set(name, state[name]);
  if (state.all) parts.set('all', 1);
  if (view) parts.set('view', view);
  return `#${parts}`;
}

// The state of an address; what it lacks, or has with an impossible value, is as at the start.
function read(address) {
  const parts = new URLSearchParams(address.replace(/^#/, '')), state = start();
  const number = (name, low, high) => {
    const value = parts.has(name) ? Number(parts.get(name)) : NaN;
    if (value >= low && value <= high) state[name] = value;
  };
  if (hasBeta) {
    for (const name of ['from', 'to', 'group']) {
      const place = facts.groups.names.indexOf(parts.get(name));
      if (place >= 0) state[name] = place;
    }
  }
  number('t', 0, 1);
  number('seed', 1, 1e9);
  const d = Number(parts.get('d') ?? -1);
  if (Number.isInteger(d) && d >= 0 && d < facts.shares.length) state.d = d;
  for (const name of ['beta', 'z']) {
    state[name] = (parts.get(name) ?? '').split(' ').filter(Boolean).map((v) => Math.max(-REACH, Math.min(REACH, Number(v) || 0)));
  }
  if (parts.has('text')) state.text = parts.get('text').slice(0, 60);
  state.all = parts.has('all');
  state.view = parts.get('view') ?? '';
  return state;
}
