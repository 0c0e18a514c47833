"""Lists the optional packages that some features need, and the commands that install them."""

# Feature → requirement; the same as the extras in pyproject.toml.
REQUIREMENTS = {
    "local": "xllamacpp>=2026.10.11549",
    "keyring": "keyring>=25",
    "zstd": "backports.zstd>=1",
    "parquet": "pyarrow>=21",
    "plot": "plotille>=6",
    "ray": "ray[data]>=2.60,<2.64",
}
DISTRIBUTION = "nebius-cli"  # the name of nbx in pipx and uv


def install_hint(feature: str) -> str:
    """Return the commands that add the package of a feature to the environment that nbx runs in.

    They name the package itself, not an extra of nbx, because nbx is not in any package index.
    """
    package = f"'{REQUIREMENTS[feature]}'"
    uv = f'uv pip install --python "$(uv tool dir)/{DISTRIBUTION}" {package}'
    return f"pip install {package}; with pipx: pipx inject {DISTRIBUTION} {package}; with uv: {uv}"
