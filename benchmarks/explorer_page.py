"""The explorer in headless Chromium: size and accuracy of the page of `--html`, and its speed beside the local server.

`python benchmarks/explorer_page.py --models mnist glyphs` needs Chromium. A step of a slider is timed by the page: from
its event to the image on the screen, and to the images of all components.
"""

import argparse
import json
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import Browser

from ugvae_tf.explorer import run, server
from ugvae_tf.explorer.network import network_of
from ugvae_tf.explorer.request import ExploreRequest
from ugvae_tf.serving.served_model import ServedModel

STEPS, BETAS, IMAGES = 40, 4, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["mnist", "glyphs", "faces3d"])
    for name in parser.parse_args().models:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.html"
            request = ExploreRequest(saved_model=name).checked()
            run.write(replace(request, html=str(page)))
            with Browser(Path(folder) / "profile") as browser:
                browser.open(page.as_uri())
                mean, largest = differences(browser, Path(request.evaluation.address))
                size = page.stat().st_size / 1e6
                print(f"{name}: {size:.1f} MB; difference of a pixel {mean:.4f}, at most {largest:.3f}")
                print(f"  in the file: {timed(browser)}", flush=True)
                listening = server.bound(0)
                thread = threading.Thread(target=run.serve, args=[request, listening])
                thread.start()
                browser.open(listening.address)
                print(f"  from the server: {timed(browser)}", flush=True)
                listening.shutdown()
                listening.server_close()
                thread.join()


def differences(browser: Browser, folder: Path) -> tuple[float, float]:
    """Mean and largest difference of pixels in [0, 1], on components and random images of several betas."""
    model, random, found = ServedModel(folder), np.random.default_rng(0), []
    network = json.dumps(network_of(model, folder))
    browser.run(f"window.measured = new Network({network}); 0")
    for beta in random.normal(size=[BETAS, 1, model.settings.model.global_size]).astype(np.float32):
        means = model.prior(beta)["z_mean"]
        z = np.concatenate([means, random.normal(size=[1, IMAGES, means.shape[2]])], axis=1).astype(np.float32)
        script = f"measured.decode({json.dumps(z[0].tolist())}, {json.dumps(beta[0].tolist())})"
        shown = browser.run(f"{script}.then(bytes => Array.from(bytes))")
        images = model.decode(z, beta)["image_mean"]
        found.append(np.abs(np.reshape(shown, images.shape) / 255 - images).ravel())
    every = np.concatenate(found)
    return float(every.mean()), float(every.max())


def timed(browser: Browser) -> str:
    """Milliseconds of steps of a slider of z, of beta, and of beta with all components: median (95th percentile)."""
    z, beta = (steps(browser, slider) for slider in ("z-0", "beta-0"))
    columns = {"z": z[:, 0], "beta": beta[:, 0], "all components": beta[:, 1]}
    return ", ".join(f"{name} {np.median(ms):.0f} ms ({np.percentile(ms, 95):.0f})" for name, ms in columns.items())


def steps(browser: Browser, slider: str) -> np.ndarray:
    """Milliseconds of each step of a slider, for the image and for all components [STEPS, 2]."""
    found = []
    for step in range(STEPS):
        browser.run(
            f"(() => {{ const slider = document.getElementById('{slider}'); slider.value = {0.05 * (step - STEPS / 2)};"
            " slider.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )
        browser.wait("document.body.dataset.state === 'drawn'")
        found.append([float(ms) for ms in browser.run("document.body.dataset.milliseconds").split(",")])
    return np.array(found)


if __name__ == "__main__":
    main()
