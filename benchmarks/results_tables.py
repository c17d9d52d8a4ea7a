"""The tables of benchmarks/results.py: which measures of which items stand in their rows and columns."""

from results_markdown import Fields, Table

from ugvae_tf.evaluation.floors import FLOORS


def floors(model: str) -> dict[str, Fields]:
    return {f"floor: {meaning}": {"model": model, "code": floor} for floor, meaning in FLOORS.items()}


def codes(model: str, untrained: str | None = None) -> dict[str, Fields]:
    """Rows of the codes of a model, of the same with initial weights, and of the floors."""
    own = {"mean of q(beta)": {"model": model, "code": "beta_mean"}, "mean of z": {"model": model, "code": "z_mean"}}
    if untrained:
        own["floor: mean of q(beta), initial weights"] = {"model": untrained, "code": "beta_mean"}
    return own | floors(model)


ACCURACIES = {
    f"{meaning}{' + random' if suffix else ''}, {kernel}": {
        "item": "{model}-" + name,
        "metric": "{code}_" + kernel + "_test_accuracy" + suffix,
        "suffix": suffix,
    }
    for name, meaning in (("series", "series"), ("digit-sets", "digit sets"))
    for suffix in ("", "_with_random")
    for kernel in ("linear", "rbf")
}
R2 = {
    f"R2, {draw} groups": {"item": "{model}-composition", "metric": f"{draw}_" + "{code}_r2_mean"}
    for draw in ("random", "skewed")
}
LIMITS = {
    "ceiling: true labels": {"model": "mnist", "code": "label_histogram"},
    "chance": {"model": "mnist", "metric": "majority_baseline{suffix}"},
}
CARRIED = {
    "permutation p of the mean of q(beta), linear": {"model": "mnist", "metric": "beta_mean_permutation_p"},
    "area under the ROC curve of single images, experts": {"model": "mnist", "metric": "image_auc_experts"},
    "disjoint groups of the rarest category": {"model": "mnist", "metric": "disjoint_groups"},
}
RECALLS = {
    f"{meaning}, {name}": {"protocol": protocol, "metric": "{protocol}_{n}_{code}_" + metric + "_recall_at_1"}
    for protocol, meaning in (("own", "other contents"), ("same", "the same contents"), ("any", "any images"))
    for metric, name in (("cosine", "cosine"), ("plda", "PLDA"))
}
COUNTS = ("1", "3", "10", "half")
METHODS = ("model", "average_beta", "mean_image", "nearest", "ten_nearest", "reconstruction")
ANATOMY = [
    f"{variable}_{each}"
    for variable in ("beta", "z")
    for each in ("kl", "information_lower_bound", "information_upper_bound", "aggregate_kl_upper_bound", "active_units")
]
PATHS = ("beta", "beta_and_component", "z", "beta_within", "reconstructions")
ALIGNED = [f"{model}-interpolation" for model in ("mnist-1", "mnist", "faces3d+avatars")]
ALIGNED += ["faces3d+avatars-aligned-interpolation", "faces3d+avatars-aligned-back", "chairs3d+cars3d-interpolation"]
GENERATED = [f"recognised_{each}" for each in ("real", "reconstruction", "posterior", "prior")]
GENERATED += [f"frechet_{each}" for each in ("real", "posterior", "prior")]
GENERATED += [f"histogram_r2_{c}{of}" for c in ("dirichlet_0.3", "dirichlet_1", "by_label") for of in ("", "_real")]
GENERATED += ["kl_aggregate", "kl_aggregate_floor"]


def retrieval(model: str, untrained: str | None = None) -> Table:
    of_codes = codes(model, untrained) | {"chance": {"model": model, "metric": "{protocol}_{n}_chance"}}
    rows = {f"n = {n}, {name}": fields | {"n": n} for n in COUNTS for name, fields in of_codes.items()}
    return Table(f"Recall at 1: {model}", {"item": "{model}-retrieval"}, rows, RECALLS)


def of_models(title: str, task: str, models: tuple[str, ...], metrics: list[str], form: str = "{:.2f}") -> Table:
    """A row for each metric, a column for each model."""
    fields = {"item": "{model}-" + task, "form": form}
    return Table(title, fields, {each: {"metric": each} for each in metrics}, {m: {"model": m} for m in models})


MODELS = ("mnist", "mnist-albums", "glyphs")
ALL = ("mnist-1", *MODELS)
BOUNDS = ["elbo", "iw_25", "iw_100", "bits_per_dimension"]
CHANGES = ["change_along_beta", "change_along_z"]
PREDICTED = [
    f"{draw}_{n}_{measure}"
    for draw in ("random", "dirichlet_0.3", "by_label")
    for n in (5, 20, 50)
    for measure in ("own", "over_mean", "gain")
]
FACES = {
    f"{what}, {name}": {"what": what, "suffix": suffix, "metric": "{code}_rbf_test_accuracy" + suffix}
    for what in ("hair", "male", "smiling")
    for suffix, name in (("", "RBF"), ("_with_random", "RBF + random"))
}
CLUSTER_ROWS = {
    "component": "q(d)",
    "kmeans_z": "k-means on z",
    "kmeans_pixels": "floor: k-means on pixels",
    "shuffled": "floor: q(d), shuffled",
}
CLUSTERS = {
    f"{model}, {name}": {"model": model, "metric": "{row}_" + measure}
    for model in MODELS
    for measure, name in (("matched_accuracy", "one to one"), ("many_to_one_accuracy", "many to one"))
}
DOMAINS = {
    f"{model}, {name}": {"model": model, "metric": "{code}_rbf_test_accuracy" + suffix}
    for model in ("faces3d+avatars", "faces3d+avatars-aligned", "chairs3d+cars3d")
    for suffix, name in (("", "RBF"), ("_with_random", "RBF + random"))
}
OF_DOMAINS = {"mean of q(beta)": {"code": "beta_mean"}} | {f"floor: {FLOORS[each]}": {"code": each} for each in FLOORS}
TABLES = (
    Table("Digits of a group: accuracy of SVMs", {}, codes("mnist", "mnist-untrained") | LIMITS | CARRIED, ACCURACIES),
    Table("The same, mnist version 1", {}, codes("mnist-1", "mnist-untrained") | LIMITS, ACCURACIES),
    Table("Composition: mnist", {}, codes("mnist", "mnist-untrained"), R2),
    Table("Composition: mnist version 1", {}, codes("mnist-1", "mnist-untrained"), R2),
    Table("Composition: mnist-albums", {}, codes("mnist-albums"), R2),
    retrieval("glyphs", "glyphs-untrained"),
    retrieval("chairs3d"),
    Table("Attributes of faces3d", {"item": "faces3d-{what}"}, codes("faces3d") | LIMITS | CARRIED, FACES),
    Table(
        "Completion of glyphs: squared error",
        {"item": "glyphs-completion", "form": "{:.4f}"},
        {method: {"method": method} for method in METHODS},
        {f"{n} given": {"metric": f"squared_error_{n}_" + "{method}"} for n in (*COUNTS[:2], "5", *COUNTS[2:])},
    ),
    Table(
        "Swap of glyphs",
        {"item": "glyphs-swap"},
        {each: {"metric": "{kind}_" + each} for each in ("real", "reconstruction", "swapped", "z_kept")}
        | {"chance": {"metric": "chance_{kind}"}},
        {"content": {"kind": "content"}, "font found": {"kind": "found"}},
    ),
    of_models("Generated images", "generate", ALL[:3], GENERATED, "{:.3f}"),
    of_models("Prediction: nats per image", "prediction", (*ALL, "chairs3d"), PREDICTED),
    of_models("Bound: nats per image", "likelihood", ALL, BOUNDS),
    of_models("Anatomy of the bound: nats", "anatomy", ALL, ANATOMY),
    Table(
        "Clustering",
        {"item": "{model}-clustering"},
        {meaning: {"row": row} for row, meaning in CLUSTER_ROWS.items()},
        CLUSTERS,
    ),
    of_models("Traversal: change of a pixel", "traversal", ALL[:2], CHANGES, "{:.3f}"),
    Table("Groups of two domains: accuracy of SVMs", {"item": "{model}-domains"}, OF_DOMAINS, DOMAINS),
    Table(
        "Domain alignment",
        {},
        {f"{item}, {path}": {"item": item, "path": path} for item in ALIGNED for path in PATHS},
        {each: {"metric": each + "_along_{path}"} for each in ("flips", "change", "largest_step")},
    ),
)
