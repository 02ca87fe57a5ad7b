"""Markdown that people write, as HTML that is safe to show."""

from functools import lru_cache
from html import unescape

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {"p", "em", "strong", "code", "pre", "ul", "ol", "li", "a", "blockquote", "h3", "h4", "br", "hr", "table"}
TAGS |= {"thead", "tbody", "tr", "th", "td"}
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=500)
def to_html(markdown: str) -> SafeString:
    """Plain formatting and links; no pictures, styles, scripts or raw HTML."""
    html = nh3.clean(
        MARKDOWN.render(markdown), tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}
    )
    # A table may be wider than the page: it scrolls in a box of its own, with the keys too.
    html = html.replace("<table>", '<div class="tablebox" tabindex="0"><table>').replace("</table>", "</table></div>")
    return mark_safe(html)


@lru_cache(maxsize=500)
def to_text(markdown: str) -> str:
    """The words alone, for a card or a description."""
    return " ".join(unescape(nh3.clean(MARKDOWN.render(markdown), tags=set())).split())
