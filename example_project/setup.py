"""What ``scrapyd-deploy`` makes an egg of: the package with everything in it."""

from setuptools import find_packages, setup

setup(
    name="example",
    version="1.0",
    packages=find_packages(),
    # The bundled site's pages, and a component of one's own: RIPTIDE_COMPONENT = "example:guest.wasm".
    package_data={"example": ["*.wasm", "pages/*", "pages/*/*"]},
    entry_points={"scrapy": ["settings = example.settings"]},
)
