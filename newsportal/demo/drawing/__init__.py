"""Pictures for the demo newspaper, drawn by program: printed illustrations in a few inks, the same for the same name."""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image

from newsportal.demo.drawing import scenes, things
from newsportal.demo.drawing.sheet import Sheet

Recipe = Callable[[Sheet], None]

RECIPES: dict[str, Recipe] = {**scenes.RECIPES, **things.RECIPES}


def draw(spec: str, size: tuple[int, int] = (1600, 1067)) -> Image.Image:
    """The picture of `recipe/seed`, in RGB. Raises ValueError for a recipe that there is not."""
    recipe = spec.partition("/")[0]
    if recipe not in RECIPES:
        raise ValueError(f"{recipe!r} is no recipe; there are {', '.join(sorted(RECIPES))}.")
    sheet = Sheet(size, random.Random(spec))
    RECIPES[recipe](sheet)
    return sheet.printed()
