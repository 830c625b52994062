"""From a page's content into an item's fields."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from itemadapter import ItemAdapter
from scrapy import Item
from scrapy.utils.misc import load_object
from scrapy.utils.python import global_object_name

from scrapy_riptide.content import ExtractedContent
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.settings import CONTENT_FIELDS, RiptideSettings

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from scrapy_riptide.crawl import RiptideCrawl

logger = logging.getLogger(__name__)


class ItemFiller:
    """Fills items of any kind that ``itemadapter`` knows.

    A field that has a value already keeps it. What is empty (missing, None, an empty text or list,
    zero) is filled.
    """

    def __init__(self, settings: RiptideSettings) -> None:
        self._fields = settings.item_fields
        self._classes = settings.item_classes
        self._mappings: dict[type, Mapping[str, str]] = {}

    def check_known_classes(self, crawler: Crawler) -> None:
        """Checks the fields of every item class that can be known before the first item.

        These are the classes of ``RIPTIDE_ITEM_CLASSES``, or without that setting
        ``DEFAULT_ITEM_CLASS`` and those that the spider's methods are annotated to return.

        :raises ConfigError: one of them lacks a field of ``RIPTIDE_ITEM_FIELDS``
        """
        for item_class in self._classes if self._classes is not None else _declared_classes(crawler):
            self._mapping(item_class)

    def fill(self, item: Any, content: ExtractedContent, crawl: RiptideCrawl) -> None:
        """Fills the item. A class that lacks a field ends the crawl; a refused value is counted."""
        if not ItemAdapter.is_item(item) or (
            self._classes is not None and not isinstance(item, self._classes)
        ):
            return
        try:
            mapping = self._mapping(type(item))
        except ConfigError as error:
            crawl.stats.item_failed("fields")
            crawl.stop("riptide_item_fields", str(error))
            return
        if not mapping:
            return
        try:
            # A dict has no need of an adapter, which raises for each field that is missing.
            _fill(item if isinstance(item, dict) else ItemAdapter(item), content, mapping)
        except (AttributeError, TypeError, ValueError, KeyError) as error:
            # A frozen class, or a model that validates what is assigned to it.
            crawl.stats.item_failed("refused")
            logger.warning(
                "An item of %s refused its content: %r",
                global_object_name(type(item)),
                error,
                extra={"spider": crawl.spider},
            )
        else:
            crawl.stats.item_filled()

    def _mapping(self, item_class: type) -> Mapping[str, str]:
        """Which content fields go into which fields of this class."""
        if item_class not in self._mappings:
            names = ItemAdapter.get_field_names_from_class(item_class)
            if self._fields is None:
                mapping = {name: name for name in CONTENT_FIELDS if names is None or name in names}
            else:
                mapping = self._fields
                _check(item_class, names, mapping)
            self._mappings[item_class] = mapping
        return self._mappings[item_class]


def _fill(fields: MutableMapping[str, Any], content: ExtractedContent, mapping: Mapping[str, str]) -> None:
    for content_field, item_field in mapping.items():
        value = getattr(content, content_field)
        if value is not None and not fields.get(item_field):
            # The item may change its list; the content stays what it was.
            fields[item_field] = value.copy() if isinstance(value, list) else value


def _check(item_class: type, names: list[str] | None, mapping: Mapping[str, str]) -> None:
    missing = [name for name in mapping.values() if names is not None and name not in names]
    if missing:
        raise ConfigError(
            f"RIPTIDE_ITEM_FIELDS = {dict(mapping)!r} is not allowed: {global_object_name(item_class)} has no"
            f" {' and no '.join(map(repr, missing))}, it has {', '.join(map(repr, names or []))}."
            " Add the field, correct the setting, or name the classes to fill in RIPTIDE_ITEM_CLASSES."
        )


def _declared_classes(crawler: Crawler) -> Iterator[type]:
    default: type = load_object(crawler.settings["DEFAULT_ITEM_CLASS"])
    if default is not Item:
        yield default
    for _, method in inspect.getmembers(crawler.spidercls, inspect.isfunction):
        # Names that only a type checker imports can't be looked up.
        with suppress(NameError, TypeError, AttributeError):
            hints = get_type_hints(method)
            yield from _item_classes(hints.get("return"))


def _item_classes(annotation: Any) -> Iterator[type]:
    # On Python 3.10 list[int] passes for a type.
    if (
        get_origin(annotation) is None
        and isinstance(annotation, type)
        and ItemAdapter.is_item_class(annotation)
    ):
        yield annotation
    for argument in get_args(annotation):
        yield from _item_classes(argument)
