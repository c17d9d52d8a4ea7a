// The map: groups on the first two principal axes of beta, in standard deviations.

const SVG = 'http://www.w3.org/2000/svg';
const SPAN = 47; // half the side of the map

function drawnMap(place, choose) {
  const spots = facts.groups.betas.map((beta) => [0, 1].map((axis) => coordinate(beta, facts.beta.mean, facts.beta, axis)));
  const widest = Math.max(...spots.flat().map(Math.abs), 1);
  const at = ([x, y]) => [(SPAN * x) / widest, (-SPAN * y) / widest];
  const shape = (name, attributes) => {
    const found = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    return found;
  };
  const dots = spots.map((spot, group) => {
    const [cx, cy] = at(spot), dot = shape('circle', {cx, cy, r: 1});
    const title = document.createElementNS(SVG, 'title');
    title.textContent = groupName(group);
    dot.append(title);
    dot.addEventListener('click', () => choose(group));
    return dot;
  });
  const cross = shape('path', {class: 'cross'});
  place.replaceChildren(
    shape('line', {x1: -SPAN, x2: SPAN, y1: 0, y2: 0}), shape('line', {x1: 0, x2: 0, y1: -SPAN, y2: SPAN}), ...dots, cross,
  );
  place.addEventListener('keydown', (event) => {
    const [x, y] = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key] || [0, 0];
    if (!x && !y) return;
    event.preventDefault();
    choose(towards(spots, Number(place.dataset.group), x, y));
  });
  return {
    show(state, beta) {
      place.dataset.group = state.group;
      const near = facts.groups.nearest[state.group];
      dots.forEach((dot, group) => {
        const kind = group === state.group ? 'chosen' : near.includes(group) ? 'near' : '';
        dot.setAttribute('class', kind);
        dot.setAttribute('r', kind ? 1.8 : 1);
      });
      const [x, y] = at([0, 1].map((axis) => coordinate(beta, facts.beta.mean, facts.beta, axis)));
      cross.setAttribute('d', `M${x - 2.5} ${y}H${x + 2.5}M${x} ${y - 2.5}V${y + 2.5}`);
      place.setAttribute('aria-label', `Map of ${dots.length} groups; arrow keys choose the next one. Chosen: ${groupName(state.group)}`);
    },
  };
}

// The nearest group in a direction, or the same one at the edge.
function towards(spots, group, x, y) {
  let best = group, least = Infinity;
  spots.forEach((spot, other) => {
    const [right, up] = [spot[0] - spots[group][0], spot[1] - spots[group][1]];
    const along = right * x + up * y, aside = Math.abs(right * y) + Math.abs(up * x);
    if (other !== group && along > 0 && along >= aside && along + aside < least) [best, least] = [other, along + aside];
  });
  return best;
}
