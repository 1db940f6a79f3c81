"""What templates need of `articles` beyond its models."""

from django import template
from django.utils.safestring import SafeString

from articles.models import Image
from articles.pictures.markup import picture_html

register = template.Library()


@register.simple_tag
def picture(
    image: Image | None,
    *,
    sizes: str,
    crop: str | None = None,
    eager: bool = False,
    css_class: str = "",
    alt: str | None = None,
) -> SafeString:
    """A `<picture>` of the image's renditions; nothing for no image. `alt=""` where the text beside it says it all."""
    if image is None:
        return SafeString("")
    return picture_html(image, sizes=sizes, crop=crop, eager=eager, css_class=css_class, alt=alt)
