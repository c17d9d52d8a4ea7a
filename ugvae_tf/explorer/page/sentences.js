// Sentences of the page that depend on the model.

const underBeta = hasBeta ? ' under the present beta' : '';

function aboutComponents() {
  const order = 'Those with the most images are first.';
  const name = facts.names && `Its name is the ${facts.names.label} that most of its training images bear.`;
  const bar = facts.proportions ? 'The bar is its share of the images, p(d given beta).' : '';
  return `Each component's mean image${underBeta}. ${name || order} ${bar} Choose one to see it large.`;
}

function aboutMore() {
  return `New images${underBeta}: ${hasMixture ? 'd and z are' : 'z is'} drawn from the prior.`;
}

function aboutAxesOfZ() {
  return `Principal axes of z, in standard deviations over images${hasMixture ? ' of the component' : ''}`;
}

function aboutMap() {
  const [first, second = 0] = facts.beta.shares;
  const axes = `the first two principal axes of beta (${percent(first)} and ${percent(second)} of the variance)`;
  const use = 'Choose a point to see its images and its nearest groups.';
  return `Each point is a group of held-out images, at ${axes}. The cross is the present beta. ${use}`;
}

// The mean absolute difference of a pixel between the images of the two groups' betas.
function aboutPath(change) {
  const what = hasMixture ? "the components' images change" : 'the mean image changes';
  return `From the first group to the second ${what} by ${change.toFixed(3)} a pixel, of [0, 1].`;
}

// The entry of a component in the list.
function optionOf({d, name}) {
  return `${facts.names ? `${name}, ` : ''}component ${d} (${percent(facts.shares[d])})`;
}
