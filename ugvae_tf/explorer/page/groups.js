// Real images of groups, and the nearest groups of the chosen one.

function showGroup(image, caption, group, lead, side = 48) {
  const count = Math.min(facts.groups.shown, facts.groups.images[group]);
  image.src = backEnd.images(group);
  image.width = side * Math.ceil(count / Math.ceil(count / facts.groups.columns));
  image.alt = `${count} of the ${facts.groups.images[group]} held-out images of ${groupName(group)}`;
  if (caption) caption.textContent = `${lead}${groupName(group)} (${facts.groups.images[group]} images)`;
}

function strip(group, side) {
  const image = made('img');
  showGroup(image, null, group, '', side);
  return image;
}

// The images of the chosen group and of its nearest groups, with buttons that use them.
function showNeighbours(place, group, use) {
  const rows = facts.groups.nearest[group].map((near, rank) => {
    const distance = facts.groups.distances[group][rank];
    const button = made('button', {type: 'button'}, groupName(near));
    button.addEventListener('click', () => use('group', near));
    return made('li', {}, button, ` ${distance.toPrecision(3)} nats`, strip(near, 32));
  });
  const first = made('button', {type: 'button'}, 'More of this group');
  const second = made('button', {type: 'button'}, 'Use as second group');
  first.addEventListener('click', () => use('from', group));
  second.addEventListener('click', () => use('to', group));
  const nearest = facts.groups.nearest[group].map(groupName).join(', ');
  element('map-status').textContent = `${groupName(group)}, ${facts.groups.images[group]} images. Nearest groups: ${nearest}.`;
  place.replaceChildren(
    made('h3', {}, groupName(group)), strip(group), made('div', {className: 'fields'}, first, second),
    made('h3', {}, `Nearest groups, by ${facts.groups.metric}`), made('ol', {}, ...rows),
  );
}
