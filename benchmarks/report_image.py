"""What does a report look like? Keeps the top of a page as an image for the docs.

    python benchmarks/report_image.py report.html --out docs/images/report.png

needs Chromium.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import click

BINARIES = ("chromium", "chromium-browser", "google-chrome")


@click.command()
@click.argument("page", type=click.Path(path_type=Path), metavar="FILE.html")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.png")
@click.option("--width", type=click.IntRange(min=320), default=1200, show_default=True)
@click.option("--height", type=click.IntRange(min=320), default=1400, show_default=True)
def main(page: Path, out: Path, width: int, height: int) -> None:
    """Keep the top of a page as png."""
    if not page.is_file():
        raise click.ClickException(f"{page}: expected a page that 'xcgraph-bench report' wrote, got none")
    binary = next(filter(None, map(shutil.which, BINARIES)), None)
    if binary is None:
        raise click.ClickException("expected Chromium on the PATH (Debian: apt-get install chromium), got none")
    with tempfile.TemporaryDirectory(prefix="xcgraph-") as profile:
        # Its sandbox does not work as root, as which containers run this; it sees nothing but our own page.
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        flags += [f"--user-data-dir={profile}", f"--window-size={width},{height}", "--virtual-time-budget=3000"]
        command = [binary, *flags, f"--screenshot={out.resolve()}", page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode or not out.is_file():
        raise click.ClickException(f"Chromium made no image (exit code {done.returncode}): {done.stderr[-200:]}")
    click.echo(out)


if __name__ == "__main__":
    main()
