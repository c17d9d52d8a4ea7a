// Sliders, lists and buttons.

const REACH = 3; // of a slider, in standard deviations
const element = (id) => document.getElementById(id);

function made(name, attributes = {}, ...children) {
  const found = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in found && key !== 'list' && key !== 'style') found[key] = value;
    else found.setAttribute(key, value);
  }
  found.append(...children);
  return found;
}

// A labelled slider; `shown` is the text of a value.
function slider(id, label, [low, high, step], shown, change) {
  const input = made('input', {type: 'range', id, min: low, max: high, step});
  const value = made('output');
  value.htmlFor = id;
  const row = made('div', {className: 'slider'}, made('label', {htmlFor: id}, label), input, value);
  row.set = (number) => {
    input.value = number;
    value.textContent = shown(number);
    input.setAttribute('aria-valuetext', shown(number));
  };
  input.addEventListener('input', () => { row.set(Number(input.value)); change(Number(input.value)); });
  return row;
}

// The sliders of the axes of a latent variable.
function axisSliders(place, name, axes, change) {
  const signed = (value) => `${value > 0 ? '+' : ''}${Number(value).toFixed(1)} sd`;
  const rows = axes.shares.map((share, axis) => {
    const label = `Axis ${axis + 1} of ${name} (${percent(share)} of the variance)`;
    return slider(`${name}-${axis}`, label, [-REACH, REACH, 0.1], signed, (value) => change(axis, value));
  });
  place.replaceChildren(...rows);
  return rows;
}

function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => made('option', {value}, text)));
}

// The buttons of the components: one tab stop, arrow keys move.
function componentTiles(place, components, chosen, choose) {
  const tiles = components.map(({d, name, of}) => {
    const canvas = made('canvas', {'aria-hidden': 'true'}), bar = made('i', {hidden: !facts.proportions});
    const label = `${name}, component ${d}: ${meaningOf(d)}`;
    const tile = made('button', {type: 'button', className: 'tile', role: 'radio', title: label, 'aria-label': label});
    tile.append(canvas, bar, made('span', {'aria-hidden': 'true'}, name));
    tile.addEventListener('click', () => choose(d));
    return Object.assign(tile, {canvas, bar, d, of});
  });
  place.onkeydown = (event) => {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    const now = tiles.indexOf(document.activeElement);
    if (!step || now < 0) return;
    event.preventDefault();
    const next = tiles[(now + step + tiles.length) % tiles.length];
    next.focus();
    choose(next.d);
  };
  place.replaceChildren(...tiles);
  mark(tiles, chosen);
  return tiles;
}

function mark(tiles, chosen) {
  const stop = tiles.find((tile) => tile.d === chosen) || tiles[0];
  for (const tile of tiles) {
    tile.setAttribute('aria-checked', tile === stop && tile.d === chosen);
    tile.tabIndex = tile === stop ? 0 : -1;
  }
}
