"""How to read the table and the figures of every task, and its verdict: the sentences of the report."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from ugvae_tf.reporting import verdicts_of_codes, verdicts_of_images
from ugvae_tf.reporting.verdict import Verdict
from ugvae_tf.tasks.results import Result


class Reading(NamedTuple):
    """The sentences about a task; a new task needs one of its own in READINGS."""

    question: str
    table: str
    figures: Mapping[str, str]  # file name without its ending, or a pattern of names -> how to read it
    verdicts: Callable[[Result], list[Verdict]]
    left_out: str = ""  # pattern of figures that show a part of another one, larger; the report names their folder

    def of_figure(self, name: str) -> str:
        """How to read the figure in a file, or its name."""
        stem = Path(name).stem
        return next((text for pattern, text in self.figures.items() if fnmatch(stem, pattern)), stem)


READINGS: dict[str, Reading] = {
    "batch-classification": Reading(
        "Does the code of a group predict the category of the group?",
        "Each row is a feature of the groups; compare the rows of the codes with those of the floors, which are not "
        "learned, and with the interval in brackets.",
        {
            "accuracy": "Longer bars are better; a code is better than a floor only where their intervals are apart.",
            "accuracy-with-random": "The same with random groups as one more category, which is harder.",
            "tsne": "Each point is a group; categories that the code separates form clusters, and the axes have no "
            "unit.",
        },
        verdicts_of_codes.batch_classification,
    ),
    "composition": Reading(
        "Does the code of a group predict which share of its images has each label?",
        "R2 is 1 for a perfect prediction and 0 for the mean shares; compare the rows of the codes with those of the "
        "floors.",
        {
            "*-labels": "Each row is a label: the code is better where its dot is to the right of that of the floor.",
            "*": "Longer bars are better, and bars to the left are worse than the mean shares.",
        },
        verdicts_of_codes.composition,
    ),
    "traversal": Reading(
        "What do beta and z change in the images of each component?",
        "The change is the mean absolute difference of a pixel between the two ends of an axis, in shares of the range "
        "of grey.",
        {
            "all": "One row for each component: what changes in the left half is the effect of beta, what changes in "
            "the right half that of z.",
        },
        verdicts_of_images.traversal,
        left_out="component-*",
    ),
    "interpolation": Reading(
        "Does an image change from one category to the other when beta or z moves from one group to another?",
        "A path flips if a classifier is sure of the first category at its start and of the second at its end; compare "
        "each path with the floor and with the ceiling. Without labels the rows are distances.",
        {
            "between": "From top to bottom beta moves from one group to the other, from left to right z from one image "
            "to another; the two real images are at the sides.",
            "carried": "Each column is one image whose beta moves from one group to the other, between real images.",
            "within": "The same as the first figure for two groups of one category: the change to compare with.",
            "path": "Points are groups, lines the paths from a white to a black end; the axes have no unit.",
        },
        verdicts_of_images.interpolation,
    ),
    "embedding": Reading(
        "Which groups, and which images, have similar codes?",
        "The share of points whose nearest neighbour has the same label; 1 means that the code separates the labels.",
        {
            "groups": "Near points, or pictures, are groups with similar codes; the axes have no unit, and distances "
            "between clusters have no meaning.",
            "images": "Near points, or pictures, are images with similar codes; the axes have no unit.",
            "thumbnails": "The same as the map of images, with the images in place of points.",
        },
        verdicts_of_images.embedding,
    ),
    "reconstruction": Reading(
        "How much of an image is lost between encoding and decoding?",
        "The mean squared error of a pixel in [0, 1], for all images and for each label; smaller is better.",
        {"reconstruction": "Each row of held-out images stands above their reconstructions, with their error."},
        verdicts_of_images.reconstruction,
    ),
    "likelihood": Reading(
        "How probable are held-out images under the model?",
        "The bound (elbo) is log_px minus the three KL terms; iw_n is a tighter bound from n samples. Higher bounds "
        "are better, and only bounds on the same images compare.",
        {"bounds": "From top to bottom the bounds become tighter; equal ones mean that more samples change little."},
        verdicts_of_images.likelihood,
    ),
    "anatomy": Reading(
        "Is the KL term of beta and of z information about the images, or a prior that does not fit?",
        "The KL term is information plus the divergence of all codes together from the prior; the information is "
        "between its two bounds.",
        {"*": "The information is what the code says about the images; the hatched part is between its bounds."},
        verdicts_of_codes.anatomy,
    ),
    "clustering": Reading(
        "Do the components agree with labels that training did not use?",
        "Shares of images whose cluster is that of their label; compare q(d) with k-means and with the floor of "
        "shuffled clusters. Many to one grows with the number of clusters. Without labels the table has the shares of "
        "the components.",
        {
            "components": "Each column is a component; a column with one bright cell has images of one label.",
            "agreement": "Longer bars are better; compare the components with the floors.",
            "gallery": "Each row has the most typical images of a component: they should resemble each other.",
        },
        verdicts_of_codes.clustering,
    ),
    "generate": Reading(
        "Do images that are generated from the beta of a group resemble the group?",
        "Compare the generated images with the real ones in the first row: their recognised share is the ceiling, "
        "their Frechet distance the smallest that can be expected.",
        {
            "recognised": "Real images are the ceiling; generated ones should come near to reconstructions.",
            "groups": "Each row of real images stands above images that are generated from the beta of their group.",
            "prior": "Each row is a new group from p(beta); its images should belong together.",
            "histograms-*": "For each group the label shares of its images and of generated ones: equal pairs of bars "
            "mean that the composition is kept.",
        },
        verdicts_of_images.generate,
    ),
    "completion": Reading(
        "Can the model draw the images of a group that it was not given?",
        "Squared error per pixel of the images that are not given; smaller is better, and the reconstruction is the "
        "ceiling.",
        {
            "completion": "Each row of true images, with the given ones framed, stands above the drawn ones.",
            "error": "Lower curves are better; compare the model with the floors for each number of given images.",
        },
        verdicts_of_images.completion,
    ),
    "swap": Reading(
        "Does an image under the beta of another group keep its content and take on the group?",
        "The first column is the share whose content is recognised, the second the share whose group is found; compare "
        "the swapped images with chance and with real images.",
        {
            "swap": "Below images of one group: the same contents under the beta of others, above their true images.",
            "content": "Longer bars are better: the content is kept; compare with real images and with chance.",
            "found": "Longer bars are better: the images look like the group whose beta they have.",
        },
        verdicts_of_images.swap,
    ),
    "prediction": Reading(
        "Does the beta of some images of a group help to predict its other images?",
        "Over mean and gain are in nats per image and 0 where beta is uninformative; gain also rewards a beta that is "
        "too sure, so read over mean first.",
        {
            "own": "Curves that rise with the number of images show that beta collects evidence about the group.",
            "over_mean": "Above 0 beta of the group is better than the average beta.",
            "gain": "Above 0 beta of the group is better than that of another group.",
        },
        verdicts_of_images.prediction,
    ),
    "retrieval": Reading(
        "Is a group found by the code of a few of its images?",
        "Recall at 1 is the share of queries whose own group comes first; compare the codes with the floors by the "
        "same metric, and with chance.",
        {
            "recall-*": "Higher curves are better; compare the codes with the floors for each number of images.",
            "nearest": "Each query stands above the two nearest groups; a frame marks the group of the query.",
        },
        verdicts_of_codes.retrieval,
    ),
}
